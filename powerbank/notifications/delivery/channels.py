"""The one way in which an SMS, an e-mail or a push leaves: for notices and for codes."""

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
from powerbank.notifications.models import Channel

PUSH_TTL = 3600
# Of the 4,096 bytes that a push may have in all; the rest is read in the app.
LARGEST_TITLE, LARGEST_BODY, LARGEST_DATA = 500, 2000, 1500
_PARTS = re.compile(r"\n\s*\n")
RESERVED = ("from", "message_type", "google", "gcm")


@dataclass(frozen=True)
class Message:
    channel: Channel
    to: str  # a number, an address, a token
    title: str
    body: str
    reference: str  # ours
    language: str = "en"
    urgent: bool = True
    lasts: int = PUSH_TTL
    collapse_key: str | None = None
    data: Mapping[str, str] = field(default_factory=dict)
    link: str = ""  # of a mail: where it leads to


def configured(channel: Channel) -> bool:
    settings = _settings()
    return {
        Channel.SMS: settings.sms_url,
        Channel.EMAIL: settings.smtp_url,
        Channel.PUSH: settings.fcm_credentials,
    }[channel] is not None


def send(message: Message) -> dict[str, Any]:
    """The vendor's reference for it, where it gives one. No transaction is open meanwhile."""
    if not configured(message.channel):
        raise PermanentError(f"{message.channel.value} is not configured")
    match message.channel:
        case Channel.SMS:
            return _sms(message)
        case Channel.EMAIL:
            return _email(message)
        case Channel.PUSH:
            return _push(message)


def _sms(message: Message) -> dict[str, Any]:
    settings = _settings()
    sparrow.send(
        url=str(settings.sms_url),
        token=settings.sms_token.get_secret_value(),
        sender=settings.sms_sender,
        to=message.to,
        text=message.body,
    )
    return {}


def _email(message: Message) -> dict[str, Any]:
    settings = _settings()
    address = f"{settings.public_url}{message.link}"
    reference = smtp.send(
        url=str(settings.smtp_url),
        sender=settings.mail_from,
        to=message.to,
        subject=message.title,
        text=f"{message.body}\n\n{address}\n",
        html=_page(message, address),
        reference=message.reference,
    )
    return {"reference": reference}


def _push(message: Message) -> dict[str, Any]:
    push = Push(
        token=message.to,
        title=_cut(message.title, LARGEST_TITLE),
        body=_cut(message.body, LARGEST_BODY),
        data=_fitting(message.data),
        urgent=message.urgent,
        ttl=message.lasts,
        collapse_key=message.collapse_key,
    )
    return {"reference": _fcm().send(push)}


def _fcm() -> FcmClient:
    """One for each process and its settings: access token and connections are kept."""
    held: dict[str, FcmClient] = current_app.extensions
    if "fcm" not in held:
        settings = _settings()
        assert settings.fcm_credentials is not None  # noqa: S101 (asked before)
        held["fcm"] = FcmClient(credentials=settings.fcm_credentials.get_secret_value(), url=settings.fcm_url)
    return held["fcm"]


def _fitting(data: Mapping[str, str]) -> dict[str, str]:
    """FCM keeps some names for itself, and refuses what is too long: then the app fetches the notice by its id."""
    fit = {name: value for name, value in data.items() if not name.lower().startswith(RESERVED)}
    return fit if _size(fit) <= LARGEST_DATA else {name: fit[name] for name in ("notice_id", "type") if name in fit}


def _cut(text: str, most: int) -> str:
    """Letters of Nepali take three bytes each, and some of what is written as JSON takes more than it is."""
    if _size(text) <= most:
        return text
    while _size(text) > most - len("…".encode()):
        text = text[: len(text) * most // (_size(text) + 8)]
    return text.rstrip() + "…"


def _size(sent: object) -> int:
    return len(json.dumps(sent, ensure_ascii=False).encode())


def _page(message: Message, home: str) -> str:
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
