from powerbank.base.errors import AppError, ConflictError

REFUSALS = {
    "coupon_inactive": "This coupon is not on offer.",
    "coupon_not_begun": "This coupon is not valid yet.",
    "coupon_over": "This coupon is not valid any more.",
    "coupon_used_up": "This coupon has been used as often as it can be.",
    "coupon_used_before": "You have used this coupon.",
    "coupon_first_rental_only": "This coupon is for the first rental.",
    "coupon_price_too_low": "This coupon is for higher prices.",
    "coupon_not_stackable": "This coupon does not go together with another one.",
    "coupon_gives_points": "This coupon gives points; it takes nothing off a price.",
}


class CouponRefusedError(ConflictError):
    def __init__(self, code: str) -> None:
        super().__init__(code, REFUSALS[code])


class NoSuchCouponError(AppError):
    def __init__(self) -> None:
        super().__init__("coupon_unknown", 404, "There is no such coupon.")
