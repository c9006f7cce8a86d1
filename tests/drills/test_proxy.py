"""The proxy that loses answers."""

from contextlib import closing

import pytest
import requests

from scripts.drills.proxy import Proxy, to_port
from tests.receiver import receiving


def test_so_many_answers_are_lost_and_no_more() -> None:
    with receiving() as server, closing(Proxy(to_port(server.port))) as proxy:
        url = f"http://127.0.0.1:{proxy.port}/"
        proxy.swallow(b"GET /", times=2)
        for _ in range(2):
            with pytest.raises(requests.ConnectionError):
                requests.get(url, timeout=60)
        assert requests.get(url, timeout=60).ok
    assert len(server.got) == 3, "the server had all of them"
    assert proxy.swallowed == 2


def test_connections_that_have_ended_are_forgotten() -> None:
    with receiving() as server, closing(Proxy(to_port(server.port))) as proxy:
        for _ in range(10):
            requests.get(f"http://127.0.0.1:{proxy.port}/", headers={"Connection": "close"}, timeout=60)
        assert len(proxy._pairs) < 10
