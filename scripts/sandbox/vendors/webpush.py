"""A push service for browsers: it gives out subscriptions, and reads the messages as their browsers would."""

import json
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import jwt
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from flask import Blueprint, Response, jsonify, request

from powerbank.integrations.webpush import vapid
from powerbank.integrations.webpush.encryption import decrypt_message, public_point, read_point
from scripts.sandbox.messages import Channel
from scripts.sandbox.vendor import Vendor, World

# Fault: HTTP status and what the service says.
REFUSALS = {
    "gone": (410, "push subscription has unsubscribed or expired"),
    "not_found": (404, "no such subscription"),
    "wrong_key": (403, "the VAPID credentials do not correspond to the credentials used to create the subscription"),
    "too_large": (413, "the payload is too large"),
    "quota": (429, "too many messages"),
    "overloaded": (503, "the service is overloaded"),
}
RETRY_AFTER_SECONDS = 2


@dataclass(frozen=True)
class Browser:
    """What a browser keeps of its subscription."""

    key: ec.EllipticCurvePrivateKey
    auth: bytes
    application_key: str | None


def blueprint(world: World) -> Blueprint:
    routes = Blueprint("webpush", __name__, url_prefix="/webpush")
    browsers: dict[str, Browser] = {}
    world.on_reset.append(browsers.clear)

    @routes.post("/subscriptions")
    def subscribe() -> tuple[Response, int]:
        """The sandbox's own: what `pushManager.subscribe` gives to a page."""
        asked: Any = request.get_json(silent=True) or {}
        browser = Browser(
            ec.generate_private_key(ec.SECP256R1()), secrets.token_bytes(16), asked.get("applicationServerKey")
        )
        name = secrets.token_urlsafe(24)
        browsers[name] = browser
        keys = {"p256dh": vapid.encode(public_point(browser.key)), "auth": vapid.encode(browser.auth)}
        given = {"endpoint": f"{world.url}/webpush/send/{name}", "expirationTime": None, "keys": keys}
        return jsonify(given), 201

    @routes.post("/send/<name>")
    def send(name: str) -> Response:
        fault = world.faults.take(VENDOR.name, REFUSALS, [request.path])
        if fault:
            status, said = REFUSALS[fault.fault]
            response = Response(said, status)
            if status in (429, 503):
                response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
            return response
        browser = browsers.get(name)
        if browser is None:
            return Response("no such subscription", 410)
        problem = find_problem(browser)
        if problem:
            return Response(problem[1], problem[0])
        try:
            content = json.loads(decrypt_message(request.get_data(), private_key=browser.key, auth=browser.auth))
        except (InvalidTag, ValueError, IndexError):
            return Response("the message cannot be read by its browser", 400)
        headers = {each: request.headers[each] for each in ("TTL", "Urgency", "Topic") if each in request.headers}
        kept = world.messages.add(
            Channel.PUSH,
            request.base_url,
            str(content.get("body", "")),
            title=content.get("title"),
            details={"content": content, "headers": headers},
        )
        response = Response("", 201)
        response.headers["Location"] = f"{world.url}/webpush/messages/{kept.id}"
        return response

    return routes


def find_problem(browser: Browser) -> tuple[int, str] | None:
    """Find what a push service refuses in a request: its encoding, its time to live, or its signature."""
    if request.headers.get("Content-Encoding") != "aes128gcm":
        return 400, "only aes128gcm is taken"
    if not request.headers.get("TTL", "").isdecimal():
        return 400, "a TTL is needed"
    scheme, _, rest = request.headers.get("Authorization", "").partition(" ")
    parts = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    if scheme != "vapid" or not {"t", "k"} <= parts.keys():
        return 401, "a signature is needed"
    if browser.application_key not in (None, parts["k"]):
        return REFUSALS["wrong_key"]
    return find_problem_of_signature(parts["t"], parts["k"])


def find_problem_of_signature(token: str, key: str) -> tuple[int, str] | None:
    """Find what is wrong with the signature of a request: it must be for this service, last, and name a contact."""
    origin = urlsplit(request.base_url)
    try:
        claims = jwt.decode(
            token,
            read_point(vapid.decode(key, length=65)),
            algorithms=["ES256"],
            audience=f"{origin.scheme}://{origin.netloc}",
            options={"require": ["exp", "aud", "sub"]},
        )
    except (jwt.InvalidTokenError, ValueError) as wrong:
        return 403, f"the signature is wrong: {type(wrong).__name__}"
    if not str(claims["sub"]).startswith(("mailto:", "https:")):
        return 403, "a contact is needed"
    return None


VENDOR = Vendor(
    name="webpush",
    title="Web Push",
    faults={name: f"{status}: {said}" for name, (status, said) in REFUSALS.items()},
    how_to_reach=lambda world: {
        "Push service (WEB_PUSH_SANDBOX)": f"{world.url}/webpush",
        "A browser's subscription": f"POST {world.url}/webpush/subscriptions",
    },
    blueprint=blueprint,
    whom=lambda: [request.path],
    spared=frozenset({"webpush.subscribe"}),
)
