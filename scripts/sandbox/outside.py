"""The only way out of the sandbox: to this machine, and to where its settings say."""

import ipaddress
from typing import Any
from urllib.parse import urlsplit

import requests

from scripts.sandbox.payments import Call
from scripts.sandbox.vendor import World

TIMEOUT = (3, 15)
RETRY_AFTER = (1.0, 3.0, 10.0, 30.0)


def may_reach(world: World, url: str) -> bool:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        return False
    if parts.scheme not in ("http", "https"):
        return False
    if host == "localhost" or host in world.accounts.reachable_hosts:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def make(world: World, call: Call) -> dict[str, Any]:
    if not may_reach(world, call.url):
        return {"url": call.url, "error": "the sandbox calls only this machine and SANDBOX_REACHABLE_HOSTS"}
    try:
        with requests.Session() as session:
            session.trust_env = False
            answer = session.request(
                call.method,
                call.url,
                headers=dict(call.headers),
                data=call.body,
                timeout=TIMEOUT,
                allow_redirects=False,
            )
    except requests.RequestException as error:
        return {"url": call.url, "error": type(error).__name__}
    return {"url": call.url, "status": answer.status_code, "location": answer.headers.get("Location")}


def make_until_taken(world: World, calls: list[Call]) -> None:
    """As a vendor repeats a webhook that was not taken, for hours; here for less than a minute."""
    for pause in (*RETRY_AFTER, None):
        calls = [call for call in calls if not 200 <= make(world, call).get("status", 0) < 300]
        if not calls or pause is None or world.stopping.is_set():
            return
        world.wait(pause)
