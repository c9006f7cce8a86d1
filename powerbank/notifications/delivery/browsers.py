"""Pushes to browsers: the client of this process, and the key with which a page subscribes."""

from collections.abc import Mapping
from email.utils import parseaddr

from flask import current_app

from config import Settings
from powerbank.base.errors import InvalidFieldsError, NotFoundError, PermanentError
from powerbank.integrations.webpush.client import BrowserPush, WebPushClient
from powerbank.integrations.webpush.errors import BadSubscriptionError
from powerbank.integrations.webpush.vapid import make_signer


def is_configured() -> bool:
    """Tell whether this network has a key for pushes to browsers."""
    return bool(_settings().web_push_key.get_secret_value())


def public_key() -> str:
    """Return the key with which a page subscribes, or refuse with 404 where this network sends no such pushes."""
    if not is_configured():
        raise NotFoundError("key")
    return _client().signer.public_key


def check_subscription(endpoint: str, keys: Mapping[str, str]) -> None:
    """Refuse a subscription that can never get a push."""
    if not is_configured():
        raise InvalidFieldsError({"subscription": ["This network sends no pushes to browsers."]})
    try:
        _client().check(endpoint, keys)
    except BadSubscriptionError:
        raise InvalidFieldsError(
            {"subscription": ["This is no subscription of a push service that is known."]}
        ) from None


def send_push(push: BrowserPush) -> str | None:
    """Send a push. No transaction is open."""
    if not is_configured():
        raise PermanentError("Web Push is not configured")
    return _client().send(push)


def _client() -> WebPushClient:
    """Return the client of this process, which keeps the key."""
    extensions: dict[str, WebPushClient] = current_app.extensions
    if "web_push" not in extensions:
        settings = _settings()
        contact = parseaddr(settings.mail_from)[1]
        extensions["web_push"] = WebPushClient(
            signer=make_signer(settings.web_push_key.get_secret_value(), contact=contact),
            hosts=[host for host in settings.web_push_hosts.split(",") if host.strip()],
            sandbox_url=settings.web_push_sandbox,
        )
    return extensions["web_push"]


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings
