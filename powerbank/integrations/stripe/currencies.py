"""Smallest units. Stripe takes them as they are, but for two currencies; those of three decimals go by tens."""

from powerbank.integrations.errors import VendorRefusedError

ZERO_DECIMAL = frozenset(
    ["BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"]
)
THREE_DECIMAL = frozenset(["BHD", "JOD", "KWD", "OMR", "TND"])
# They have no smaller unit any more, yet Stripe wants the two zeros that they once had.
TWO_ZEROS = frozenset(["ISK", "UGX"])


def decimals(currency: str) -> int:
    if currency in ZERO_DECIMAL or currency in TWO_ZEROS:
        return 0
    return 3 if currency in THREE_DECIMAL else 2


def to_stripe(amount: int, currency: str) -> int:
    if currency in THREE_DECIMAL and amount % 10:
        raise VendorRefusedError(f"Stripe takes {currency} in steps of ten")
    return amount * 100 if currency in TWO_ZEROS else amount


def from_stripe(amount: int, currency: str) -> int:
    return amount // 100 if currency in TWO_ZEROS else amount
