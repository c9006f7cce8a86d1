"""The page where a payer's browser ends when there is no app to go back to."""

from types import MappingProxyType

from flask import Blueprint, render_template, request

pages = Blueprint("payment_pages", __name__)

TEXTS = MappingProxyType(
    {
        "success": ("Thank you", "The money is in your wallet."),
        "processing": ("Nearly there", "Your payment is being confirmed. The app shows it as soon as it is."),
        "ready": ("Not paid yet", "Nothing was taken. You can pay again from the app."),
        "cancelled": ("Cancelled", "Nothing was taken."),
        "failed": ("Not paid", "The payment did not go through. Nothing was taken."),
        "expired": ("Too late", "The time to pay is over. Begin again in the app."),
        "review": ("We are looking into it", "Your payment came, but not as we expected it. We will tell you."),
    }
)
UNKNOWN = ("We do not know this payment", "Look into the app: it shows every payment of yours.")


@pages.get("/payment/result")
def result() -> str:
    title, text = TEXTS.get(request.args.get("status", ""), UNKNOWN)
    return render_template("payment.html", title=title, text=text)
