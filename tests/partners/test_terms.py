"""What terms give: shares of a rental whatever it earns and gives back, tiers by the month, taxes."""

from hypothesis import given
from hypothesis import strategies as st

from powerbank.partners.agreements import terms as rules
from powerbank.partners.agreements.terms import Earned, Terms, TermsKind, Tier

AMOUNTS = st.lists(st.integers(-200_000, 200_000).filter(bool), min_size=1, max_size=8)
PERCENTS = st.integers(0, 5_000)


def share(percent: int, **more: int) -> Terms:
    return Terms(TermsKind.SHARE, (Tier(0, percent),), **more)


def test_share_follows_the_gross_and_tax_is_withheld_from_it() -> None:
    terms = rules.read_terms({"kind": "share", "percent": "80.00"}, withheld_percent=1500)
    assert rules.add_movement(terms, Earned(), 10_000) == Earned(10_000, 0, 8_000, 1_200, 0, 0)


def test_vat_is_taken_out_of_the_gross_first() -> None:
    terms = rules.read_terms({"kind": "share", "percent": "50.00"}, vat_percent=1300)
    earned = rules.add_movement(terms, Earned(), 11_300)
    assert (earned.vat, earned.net, earned.venue) == (1_300, 10_000, 5_000)


def test_tiers_give_each_part_of_the_month_its_percent() -> None:
    terms = rules.read_terms(
        {"kind": "tiers", "tiers": [{"from": "0.00", "percent": "50.00"}, {"from": "100.00", "percent": "80.00"}]}
    )
    assert rules.share_of_month(terms, 15_000) == 5_000 + 4_000
    assert rules.share_of_month(terms, 10_000) == 5_000
    assert rules.share_of_month(terms, -1_000) == -500
    assert rules.add_movement(terms, Earned(), 4_000, month_before=8_000).venue == 1_000 + 1_600


def test_rent_shares_nothing_but_counts_the_gross() -> None:
    terms = rules.read_terms({"kind": "rent", "amount_per_month": "5000.00"})
    assert rules.add_movement(terms, Earned(), 10_000) == Earned(gross=10_000)
    assert rules.monthly_part(terms.rent, days=15, days_of_month=30) == 250_000


@given(AMOUNTS, PERCENTS, PERCENTS, st.integers(0, 2_000), st.integers(0, 2_500))
def test_a_rental_that_gives_everything_back_leaves_nothing(
    amounts: list[int], venue: int, franchise: int, vat: int, withheld: int
) -> None:
    terms = share(venue, franchise_percent=franchise, vat_percent=vat, withheld_percent=withheld)
    earned = Earned()
    for amount in amounts:
        earned = rules.add_movement(terms, earned, amount)
        assert abs(earned.venue + earned.franchise) <= abs(earned.net)
    assert earned == rules.add_movement(terms, Earned(), sum(amounts)), "only the sum counts, not the order"
    if sum(amounts):
        assert rules.add_movement(terms, earned, -sum(amounts)) == Earned()


@given(st.integers(1, 100_000), st.integers(0, 300_000), st.integers(0, 99))
def test_tiers_take_back_what_the_rental_itself_got(amount: int, month_before: int, part: int) -> None:
    terms = Terms(TermsKind.TIERS, (Tier(0, 3_000), Tier(100_000, 7_000), Tier(200_000, 9_000)))
    earned = rules.add_movement(terms, Earned(), amount, month_before=month_before)
    some = amount * part // 100
    left = rules.add_movement(terms, earned, -some, month_before=month_before + 500_000)
    assert 0 <= left.venue <= earned.venue
    assert rules.add_movement(terms, left, some - amount) == Earned()
