"""The channels: the one place from which an SMS, an e-mail or a push is sent, for notices and for codes."""

import html
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import current_app

from config import Settings
from powerbank.base.errors import PermanentError
from powerbank.integrations.fcm.client import FcmClient, Push
from powerbank.integrations.smtp import client as smtp
from powerbank.integrations.sparrow import client as sparrow
from powerbank.integrations.webpush.client import BrowserPush
from powerbank.notifications.delivery import browsers
from powerbank.notifications.models import Channel

PUSH_TTL = 3600
# A push may have 4,096 bytes in all. A longer text is read in the app.
LARGEST_TITLE, LARGEST_BODY, LARGEST_DATA = 500, 2000, 1500
# A browser gets title, text and data in one message of some 4,000 bytes.
LARGEST_WEB_BODY = 1500
_PARTS = re.compile(r"\n\s*\n")
RESERVED_NAMES = ("from", "message_type", "google", "gcm")


@dataclass(frozen=True)
class Attachment:
    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True)
class Message:
    """A message that is ready to be sent on its channel."""

    channel: Channel
    to: str  # a number, an address, a token
    title: str
    body: str
    reference: str  # our id of the delivery
    language: str = "en"
    urgent: bool = True
    lasts: int = PUSH_TTL
    collapse_key: str | None = None
    web_push_keys: Mapping[str, str] | None = None  # of a browser; `to` is its address at a push service
    data: Mapping[str, str] = field(default_factory=dict)
    link: str = ""  # the path to which the link of an e-mail leads
    attachment: Attachment | None = None  # of an e-mail


def is_configured(channel: Channel) -> bool:
    """Tell whether this network has the settings of a channel."""
    settings = _settings()
    return {
        Channel.SMS: settings.sms_url is not None,
        Channel.EMAIL: settings.smtp_url is not None,
        Channel.PUSH: settings.fcm_credentials is not None or browsers.is_configured(),
    }[channel]


def send_message(message: Message) -> dict[str, Any]:
    """Send a message and return the vendor's reference for it, if the vendor gives one. No transaction is open."""
    if not is_configured(message.channel):
        raise PermanentError(f"{message.channel.value} is not configured")
    match message.channel:
        case Channel.SMS:
            return _send_sms(message)
        case Channel.EMAIL:
            return _send_email(message)
        case Channel.PUSH:
            return _send_push(message)


def _send_sms(message: Message) -> dict[str, Any]:
    settings = _settings()
    sparrow.send(
        url=str(settings.sms_url),
        token=settings.sms_token.get_secret_value(),
        sender=settings.sms_sender,
        to=message.to,
        text=message.body,
    )
    return {}


def _send_email(message: Message) -> dict[str, Any]:
    settings = _settings()
    address = f"{settings.public_url}{message.link}"
    reference = smtp.send(
        url=str(settings.smtp_url),
        sender=settings.mail_from,
        to=message.to,
        subject=message.title,
        text=f"{message.body}\n\n{address}\n",
        html=_html_page(message, address),
        reference=message.reference,
        files=[(file.name, file.content_type, file.content)] if (file := message.attachment) is not None else (),
    )
    return {"reference": reference}


def _send_push(message: Message) -> dict[str, Any]:
    if message.web_push_keys is not None:
        return {"reference": browsers.send_push(_browser_push(message, message.web_push_keys))}
    if _settings().fcm_credentials is None:
        raise PermanentError("FCM is not configured")
    push = Push(
        token=message.to,
        title=_cut_text(message.title, LARGEST_TITLE),
        body=_cut_text(message.body, LARGEST_BODY),
        data=_fit_data(message.data),
        urgent=message.urgent,
        ttl=message.lasts,
        collapse_key=message.collapse_key,
    )
    return {"reference": _fcm_client().send(push)}


def _browser_push(message: Message, keys: Mapping[str, str]) -> BrowserPush:
    return BrowserPush(
        endpoint=message.to,
        keys=keys,
        content={
            "title": _cut_text(message.title, LARGEST_TITLE),
            "body": _cut_text(message.body, LARGEST_WEB_BODY),
            "lang": message.language,
            "data": _fit_data(message.data),
        },
        urgent=message.urgent,
        ttl=message.lasts,
        topic=message.collapse_key,
    )


def _fcm_client() -> FcmClient:
    """Return the client of this process, which keeps its access token and connections."""
    extensions: dict[str, FcmClient] = current_app.extensions
    if "fcm" not in extensions:
        settings = _settings()
        assert settings.fcm_credentials is not None  # noqa: S101 (asked before)
        extensions["fcm"] = FcmClient(credentials=settings.fcm_credentials.get_secret_value(), url=settings.fcm_url)
    return extensions["fcm"]


def _fit_data(data: Mapping[str, str]) -> dict[str, str]:
    """Leave out names that FCM reserves. If the data is too long, keep only what the app needs to fetch the notice."""
    fit = {name: value for name, value in data.items() if not name.lower().startswith(RESERVED_NAMES)}
    return fit if _size(fit) <= LARGEST_DATA else {name: fit[name] for name in ("notice_id", "type") if name in fit}


def _cut_text(text: str, most: int) -> str:
    """Cut a text to so many bytes of JSON. A letter of Nepali takes three bytes, and some letters are escaped."""
    if _size(text) <= most:
        return text
    while _size(text) > most - len("…".encode()):
        text = text[: len(text) * most // (_size(text) + 8)]
    return text.rstrip() + "…"


def _size(sent: object) -> int:
    return len(json.dumps(sent, ensure_ascii=False).encode())


def _html_page(message: Message, home: str) -> str:
    """Return the HTML part of an e-mail."""
    title, address = html.escape(message.title), html.escape(home, quote=True)
    lines = (html.escape(part).replace("\n", "<br>") for part in _PARTS.split(message.body.strip()))
    body = "".join(f'<p style="line-height:1.5">{part}</p>' for part in lines)
    return (
        f'<!doctype html><html lang="{message.language}"><head><meta charset="utf-8"><title>{title}</title></head>'
        '<body style="font-family:sans-serif;max-width:36em;margin:2em auto;padding:0 1em;color:#222">'
        f'<h1 style="font-size:1.3em">{title}</h1>{body}'
        f'<p style="color:#666;font-size:.9em"><a href="{address}">Powerbank</a></p></body></html>'
    )


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings
