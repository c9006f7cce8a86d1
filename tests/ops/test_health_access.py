"""How the machinery is, is for monitors: with a token, or on this machine."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from pydantic import SecretStr

from config import load
from powerbank import create_app
from powerbank.ops import health_routes, metrics, queries
from scripts import check_stack

TOKEN = "a token for monitors, long enough"
SHOWN = {"Authorization": f"Bearer {TOKEN}"}
FAR = {"REMOTE_ADDR": "192.0.2.7"}
MONITORED = ["/health/queues", "/metrics"]


def made_with(**changes: Any) -> FlaskClient:
    return create_app(load().model_copy(update=changes)).test_client()


@pytest.fixture(scope="module")
def open_one() -> FlaskClient:
    """Make a client of an application that stands in the world by itself, without a monitor token."""
    return made_with()


@pytest.fixture(scope="module")
def behind_a_proxy() -> FlaskClient:
    return made_with(trusted_proxies=1, monitor_token=SecretStr(TOKEN))


@pytest.mark.parametrize("path", MONITORED)
def test_this_machine_may_read_health(
    open_one: FlaskClient, behind_a_proxy: FlaskClient, clean: None, path: str
) -> None:
    for address in ("127.0.0.1", "127.0.0.9", "::1", "::ffff:127.0.0.1"):
        for client in (open_one, behind_a_proxy):
            assert client.get(path, environ_base={"REMOTE_ADDR": address}).status_code in (200, 503), address


@pytest.mark.parametrize("path", MONITORED)
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer "}, {"Authorization": "Bearer x"}, SHOWN])
def test_other_machines_may_not_where_no_token_is_set(
    open_one: FlaskClient, clean: None, path: str, headers: dict[str, str]
) -> None:
    answer = open_one.get(path, environ_base=FAR, headers=headers)
    assert (answer.status_code, answer.get_json()["code"]) == (401, "unauthenticated")


@pytest.mark.parametrize("path", MONITORED)
def test_other_machines_may_with_the_token(behind_a_proxy: FlaskClient, clean: None, path: str) -> None:
    assert behind_a_proxy.get(path, environ_base=FAR).status_code == 401
    assert behind_a_proxy.get(path, environ_base=FAR, headers={"Authorization": f"Bearer {TOKEN}x"}).status_code == 401
    assert behind_a_proxy.get(path, environ_base=FAR, headers=SHOWN).status_code in (200, 503)


@pytest.mark.parametrize("path", MONITORED)
@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "192.0.2.7"},
        {"X-Forwarded-For": "127.0.0.1"},
        {"X-Forwarded-For": "192.0.2.7, 127.0.0.1"},
        {"X-Real-IP": "127.0.0.1"},
        {"Forwarded": "for=127.0.0.1"},
        {"Via": "1.1 proxy"},
    ],
    ids=str,
)
def test_a_proxy_on_this_machine_is_not_this_machine(
    open_one: FlaskClient, behind_a_proxy: FlaskClient, clean: None, path: str, headers: dict[str, str]
) -> None:
    for client in (open_one, behind_a_proxy):
        assert client.get(path, headers=headers).status_code == 401


def test_whether_it_lives_anybody_may_ask(open_one: FlaskClient, clean: None) -> None:
    for path in ("/health/live", "/health/ready"):
        assert open_one.get(path, environ_base=FAR).status_code == 200


@pytest.mark.parametrize(
    ("path", "module", "name"),
    [("/health/queues", queries, "read_queue_health"), ("/metrics", metrics, "render_metrics")],
)
def test_however_many_ask_it_is_worked_out_once(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, path: str, module: Any, name: str
) -> None:
    really, made = getattr(module, name), []

    def counted() -> Any:
        made.append(name)
        return really()

    monkeypatch.setattr(module, name, counted)
    monkeypatch.setattr(health_routes, "ANSWERS_CACHED_SECONDS", 60.0)
    client.application.extensions.pop("monitors", None)
    answers = {client.get(path).data for _ in range(5)}
    client.application.extensions.pop("monitors", None)
    assert (len(made), len(answers)) == (1, 1)


def test_only_the_probes_themselves_have_no_limit() -> None:
    client = made_with(rate_limit_per_minute=3)
    for path in ("/health/queues", "/metrics", "/health/live"):
        assert all(client.get(path).status_code != 429 for _ in range(6))
    statuses = [
        client.get(f"/{name}").status_code for name in ("metricsx", "healthy", "health/", "metrics/a", "health")
    ]
    assert statuses == [404, 404, 404, 429, 429]


@pytest.mark.parametrize(
    ("url", "answers", "wrong"),
    [
        ("https://network.example", {None: 401, TOKEN: 200}, None),
        ("https://network.example", {None: 200, TOKEN: 200}, "answers strangers"),
        ("https://network.example", {None: 503, TOKEN: 503}, "answers strangers"),
        ("https://network.example", {None: 401, TOKEN: 401}, "refuses MONITOR_TOKEN"),
        ("http://127.0.0.1:8000", {None: 200, TOKEN: 503}, None),
    ],
)
def test_the_check_of_a_stack_asks_as_a_stranger_and_as_a_monitor(
    monkeypatch: pytest.MonkeyPatch, url: str, answers: dict[str | None, int], wrong: str | None
) -> None:
    monkeypatch.setattr(check_stack, "_status", lambda _address, token=None: answers[token])
    settings = load().model_copy(update={"public_url": url, "monitor_token": SecretStr(TOKEN)})
    if wrong is None:
        assert check_stack.monitors(settings)
    else:
        with pytest.raises(check_stack.BadPartError, match=wrong):
            check_stack.monitors(settings)
