"""The built-in texts of all types, in every language, with missing and odd values."""

import pytest

from powerbank.notifications.models import Channel
from powerbank.notifications.people.notice_types import RULES, NoticeType
from powerbank.notifications.staff.notice_types import StaffNoticeType
from powerbank.notifications.texts import built_in, values
from powerbank.notifications.texts.english import ENGLISH
from powerbank.notifications.texts.nepali import NEPALI
from powerbank.outbox.enqueue import Scalar

VALUES: dict[str, Scalar] = {name: value.sample for name, value in values.VALUES.items()}


def places(kind: NoticeType, texts: dict[NoticeType, tuple[str, str]]) -> set[tuple[str, str]]:
    return {(place[0], place[1]) for text in texts[kind] for place in built_in.PLACE.findall(text)}


@pytest.mark.parametrize("kind", [*NoticeType])
def test_both_languages_name_the_same_values(kind: NoticeType) -> None:
    assert places(kind, dict(ENGLISH)) == places(kind, dict(NEPALI))
    assert kind in RULES


@pytest.mark.parametrize("kind", [*NoticeType, *StaffNoticeType])
def test_value_has_one_format_everywhere(kind: NoticeType | StaffNoticeType) -> None:
    assert built_in.needed_values(kind) == {name: values.VALUES[name].format for name in built_in.needed_values(kind)}


@pytest.mark.parametrize("kind", [*NoticeType])
@pytest.mark.parametrize("language", ["en", "ne"])
def test_text_is_complete(kind: NoticeType, language: str) -> None:
    """With the example of its own kind, which staff see in previews."""
    words = built_in.built_in_text(kind, built_in.sample_values(kind), language)
    for text in (words.title, words.body):
        assert text
        assert built_in.MISSING not in text
        assert "{" not in text
    if language == "ne" and kind is not NoticeType.BROADCAST:
        assert kind is NoticeType.DIGEST or any("\u0900" <= sign <= "\u097f" for sign in words.title)
        assert any("\u0900" <= sign <= "\u097f" for sign in words.body)


@pytest.mark.parametrize(
    ("kind", "language", "part"),
    [
        (NoticeType.TOPUP_SUCCESS, "en", "NPR 1,250.00"),
        (NoticeType.TOPUP_SUCCESS, "ne", "रु १,२५०.००"),
        (NoticeType.RENTAL_ENDING_SOON, "en", "18:05, 21 Nov"),
        (NoticeType.RENTAL_ENDING_SOON, "ne", "१८:०५, २१ नोभेम्बर"),
        (NoticeType.POINTS_EXPIRING, "en", "1,500 points expire on 1 Dec 2026"),
        (NoticeType.POINTS_EXPIRING, "ne", "१,५०० अंकको म्याद १ डिसेम्बर २०२६"),
        (NoticeType.ACCOUNT_STATUS, "ne", "निलम्बित"),
        (NoticeType.OTP, "ne", "042117"),
    ],
)
def test_numbers_and_times_are_formatted_for_the_reader(kind: NoticeType, language: str, part: str) -> None:
    assert part in built_in.built_in_text(kind, VALUES, language).body


def test_large_amounts_are_grouped_in_lakhs() -> None:
    assert "NPR 12,34,567.00" in built_in.built_in_text(NoticeType.DUE_PAID, {"amount": "1234567"}, "en").body
    assert "NPR 12,34,567.00" in built_in.built_in_text(NoticeType.DUE_PAID, {"amount": 123_456_700}, "en").body
    assert "NPR -1,250.50" in built_in.built_in_text(NoticeType.DUE_PAID, {"amount": "-1250.5"}, "en").body


@pytest.mark.parametrize("amount", [None, "lots", "", "2026-11-21"])
def test_missing_or_odd_value_leaves_a_dash(amount: Scalar) -> None:
    assert built_in.built_in_text(NoticeType.DUE_PAID, {"amount": amount}, "en").body.startswith("– of what was open")


def test_value_is_never_read_as_a_text() -> None:
    context = {"title": "{message}", "message": "{title.__class__} {0} %s {amount:money}"}
    words = built_in.built_in_text(NoticeType.BROADCAST, context, "en")
    assert (words.title, words.body) == (context["title"], context["message"])


def test_only_codes_are_kept_out_of_the_app() -> None:
    assert RULES[NoticeType.OTP].channels == {Channel.SMS, Channel.EMAIL}
    assert all(
        RULES[kind].always
        for kind in (NoticeType.OTP, NoticeType.ACCOUNT_SECURITY, NoticeType.TOPUP_SUCCESS, NoticeType.DUE_REMINDER)
    )
