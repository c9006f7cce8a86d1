"""Addresses of clients lead to the public internet or are refused."""

import contextlib
import ipaddress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from powerbank.integrations.callbacks.addresses import is_public, parse_target
from powerbank.integrations.callbacks.errors import CallbackRefusedError
from tests.integrations.callbacks.conftest import HOST, PUBLIC, Network, alone

# The first text that hypothesis makes takes seconds on a busy machine.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


NOT_PUBLIC = [
    "0.0.0.0",  # noqa: S104 (an address that is asked about, not bound)
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "100.127.255.255",
    "127.0.0.1",
    "127.8.8.8",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.0.170",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::808:808",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:0:1::1",
    "2001:20::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:808:808::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fe80::1%1",
    "fec0::1",
    "ff02::1",
    "4000::1",
]


IS_PUBLIC = [
    PUBLIC,
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.1",
    "100.63.255.255",
    "100.128.0.1",
    "126.0.0.1",
    "128.0.0.1",
    "172.15.0.1",
    "172.32.0.1",
    "192.0.1.1",
    "192.167.0.1",
    "192.169.0.1",
    "198.17.0.1",
    "198.20.0.1",
    "223.255.255.255",
    "2606:2800:220:1::1",
    "2400:cb00::1",
    "2001:4860:4860::8888",
    "2a00::1",
    "2003::1",
]


@pytest.mark.parametrize("address", IS_PUBLIC)
def test_public_addresses_are_recognised(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@unhurried
@given(st.text() | st.text().map(lambda rest: f"https://{rest}") | st.text().map(lambda rest: f"https://{HOST}{rest}"))
def test_any_text_is_refused_or_of_a_registered_host(url: str) -> None:
    with contextlib.suppress(CallbackRefusedError):
        found = parse_target(url, [HOST])
        assert found.host == HOST
        assert found.path.isascii()
        assert not set(found.path) & set(" \r\n\t\x00")


@unhurried
@given(st.ip_addresses())
def test_no_reserved_address_counts_as_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    if is_public(address):
        assert address.is_global
        assert not address.is_multicast


HOSTILE = [
    "",
    "hooks.client.example",
    "//hooks.client.example/",
    "/etc/passwd",
    "javascript:alert(1)",
    f"http://{HOST}/",
    f"ftp://{HOST}/",
    f"file://{HOST}/etc/passwd",
    f"gopher://{HOST}/",
    f"HTTPS+x://{HOST}/",
    f"https://{HOST}:8443/",
    f"https://{HOST}:80/",
    f"https://{HOST}:0/",
    f"https://{HOST}:99999/",
    f"https://{HOST}:x/",
    f"https://user@{HOST}/",
    f"https://user:password@{HOST}/",
    f"https://{HOST}@127.0.0.1/",
    f"https://@{HOST}/",
    f"https://{HOST}\\@127.0.0.1/",
    f"https://127.0.0.1\\.{HOST}/",
    f"https://{HOST}/#part",
    f"https://{HOST} /",
    f"https://{HOST}/a b",
    f"https://{HOST}/\r\nX: y",
    f"https://{HOST}/\tx",
    f"https://{HOST}\x00/",
    f"https://{HOST}/ü",
    "https://127.0.0.1/",
    "https://127.1/",
    "https://127.0.1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0x7f.0.0.1/",
    "https://0x7f.1/",
    "https://0177.0.0.1/",
    "https://017700000001/",
    "https://0/",
    "https://0.0.0.0/",
    "https://127.0.0.1.:443/",
    "https://1.2.3.0x7f/",
    "https://8.8.8.8/",
    "https://[::1]/",
    "https://[::]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[2002:7f00:1::]/",
    "https://[fe80::1%25eth0]/",
    "https://[2606:2800:220:1::1]/",
    "https://[::1/",
    "https://localhost/",
    "https://LOCALHOST/",
    "https://localhost./",
    "https://metadata/",
    "https://redis:6379/",
    "https://hooks.client.example./",
    "https://.client.example/",
    "https://hooks..example/",
    "https://-hooks.example/",
    "https://hooks_.example/",
    "https://hооks.client.example/",
    "https://①②⑦.⓪.⓪.①/",
    "https://127。0。0。1/",
    "https://hooks.client.example%00.evil.example/",
    "https:///path",
    "https://?x",
    "https://",
    "https:hooks.client.example",
    f"https://{'a.' * 130}example/",
    f"https://{HOST}/{'a' * 2000}",
]


@pytest.mark.parametrize("hosts", [[HOST], ["*"]])
@pytest.mark.parametrize("url", HOSTILE)
def test_hostile_addresses_are_refused_before_anybody_is_asked(hosts: list[str], url: str) -> None:
    network = Network()
    callbacks = alone(network, hosts)
    with pytest.raises(CallbackRefusedError):
        callbacks.check(url)
    with pytest.raises(CallbackRefusedError):
        callbacks.send(url, b"{}")
    assert (network.asked, network.reached) == ([], [])


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_names_that_lead_inside_are_refused(address: str) -> None:
    network = Network()
    callbacks = alone(network, [HOST])
    for network.found in ([address], [PUBLIC, address], [address, PUBLIC]):
        with pytest.raises(CallbackRefusedError):
            callbacks.send(f"https://{HOST}/", b"{}")
    assert network.reached == []
