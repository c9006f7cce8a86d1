"""Why starts are refused: what staff read for the code of a refusal."""

from types import MappingProxyType

from powerbank.pages.language import translate

REASONS = MappingProxyType(
    {
        "account_blocked": "account blocked",
        "coupon_first_rental_only": "coupon for the first rental only",
        "coupon_gives_points": "coupon gives points",
        "coupon_inactive": "coupon not offered",
        "coupon_not_begun": "coupon not valid yet",
        "coupon_not_stackable": "coupon does not go with another",
        "coupon_over": "coupon not valid any more",
        "coupon_price_too_low": "coupon for higher prices",
        "coupon_unknown": "no such coupon",
        "coupon_used_before": "coupon used before",
        "coupon_used_up": "coupon used up",
        "insufficient_funds": "too little money",
        "insufficient_points": "too few points",
        "kyc_required": "identity not checked",
        "no_powerbank_available": "no power bank there",
        "not_found": "no such station",
        "open_rental_exists": "has a rental already",
        "outstanding_due": "owes something",
        "package_inactive": "package not offered",
        "profile_incomplete": "profile incomplete",
        "starts_refused": "system too slow",
        "station_closed": "station closed",
        "station_maintenance": "station in maintenance",
        "station_offline": "station offline",
    }
)


def write_reason(code: str) -> str:
    return translate(REASONS.get(code, code))
