"""The addresses that a client may have us call: names of the public internet, and where they really lead."""

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from powerbank.integrations.callbacks.errors import CallbackRefusedError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

MAX_LENGTH = 2_000
# The last label has a letter first, so no way of writing an address passes: neither 2130706433 nor 0x7f.1 nor 127.1.
HOST = re.compile(r"(?=.{4,253}\Z)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])")
HEXADECIMAL = re.compile(r"0x[0-9a-f]*")
VISIBLE = re.compile(r"[!-~]+")

PRIVATE_V4 = [
    ipaddress.ip_network(block)
    for block in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",
    )
]
# All addresses that are handed out lie in here. What maps, translates or tunnels IPv4 does not, or is taken out below.
GLOBAL_V6 = ipaddress.ip_network("2000::/3")
SPECIAL_V6 = [
    ipaddress.ip_network(block)
    for block in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
]


@dataclass(frozen=True)
class Target:
    host: str
    path: str


def parse_target(url: str, hosts: Iterable[str]) -> Target:
    """Read an address, and refuse it unless it leads to one of `hosts`.

    Among them `*.example.com` stands for all hosts below that name, and `*` for any public one.
    """
    if len(url) > MAX_LENGTH or not VISIBLE.fullmatch(url) or "\\" in url:
        raise CallbackRefusedError("is not an address")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise CallbackRefusedError("is not an address") from None
    if parts.scheme != "https" or port not in (None, 443):
        raise CallbackRefusedError("must be https on port 443")
    if "@" in parts.netloc:
        raise CallbackRefusedError("must not hold a name or password")
    if parts.fragment:
        raise CallbackRefusedError("must not hold a fragment")
    host = parts.hostname or ""
    if not HOST.fullmatch(host) or HEXADECIMAL.fullmatch(host.rpartition(".")[2]):
        raise CallbackRefusedError("must name a host of the public internet")
    allowed = {one.strip().lower() for one in hosts}
    if host not in allowed and not any(host.endswith(one[1:]) for one in allowed if one.startswith("*")):
        raise CallbackRefusedError("leads to a host that is not registered")
    return Target(host, (parts.path or "/") + (f"?{parts.query}" if parts.query else ""))


def is_public(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in block for block in PRIVATE_V4)
    return address in GLOBAL_V6 and not any(address in block for block in SPECIAL_V6)


def parse_addresses(texts: Iterable[str]) -> list[Address]:
    try:
        return [ipaddress.ip_address(one) for one in dict.fromkeys(texts)]
    except ValueError:
        raise CallbackRefusedError("leads nowhere") from None
