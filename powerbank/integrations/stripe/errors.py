"""Stripe's errors as ours. None of their texts is passed on, since they may quote what was sent."""

import contextlib
from collections.abc import Iterator

import stripe

from powerbank.integrations.errors import VendorError, VendorRefusedError
from powerbank.integrations.gateway import UnknownPaymentError


class KeptFailureError(VendorError):
    """Stripe answers this idempotency key with the failure of its first use, for a day."""


@contextlib.contextmanager
def translate_errors() -> Iterator[None]:
    try:
        yield
    except stripe.StripeError as error:
        raise _as_ours(error) from None
    except (AttributeError, IndexError, KeyError, TypeError, ValueError, RecursionError) as error:
        # Stripe's package stumbles like this over an answer that is not what it should be.
        raise VendorError(f"Stripe: an answer of another kind ({type(error).__name__})") from None


def _as_ours(error: stripe.StripeError) -> Exception:
    status = error.http_status
    if isinstance(error, stripe.APIConnectionError):
        return VendorError("Stripe cannot be reached")
    if isinstance(error, stripe.RateLimitError) or status in (408, 409, 429):
        return VendorError(f"Stripe: {status}")
    if error.code == "resource_missing" and status == 404:
        return UnknownPaymentError("Stripe knows no such payment")
    refused = (stripe.InvalidRequestError, stripe.CardError, stripe.AuthenticationError, stripe.PermissionError)
    if isinstance(error, (*refused, stripe.IdempotencyError)):
        return VendorRefusedError(f"Stripe refused with {status}: {error.code or type(error).__name__}")
    if status is not None and status >= 500 and _replayed(error):
        return KeptFailureError(f"Stripe: {status}, and always under this key")
    return VendorError(f"Stripe: {status or type(error).__name__}")


def _replayed(error: stripe.StripeError) -> bool:
    headers = {str(name).lower(): value for name, value in dict(error.headers or {}).items()}
    return headers.get("idempotent-replayed") == "true"
