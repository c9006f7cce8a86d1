"""Staff have all webhooks that match looked into once more, from the list in which they see them."""

import re
from collections.abc import Callable

import pytest
from flask import Flask

from tests.admin.console.conftest import Member, hidden_fields
from tests.admin.console.money import gateway_event
from tests.people import change, rows

Console = Callable[..., Member]
LIST, PAGE = "/console/money/gateway-events", "/console/money/gateway-replays"
BODY = b'{"pidx": "P1"}'


@pytest.fixture
def events(app: Flask) -> list[str]:
    return [str(gateway_event(app, BODY)), str(gateway_event(app, BODY, state="forged"))]


def test_who_looks_at_a_list_has_all_that_match_looked_into(
    app: Flask, console: Console, events: list[str], work: Callable[..., None]
) -> None:
    finance = console("finance")
    assert f'href="{PAGE}?gateway=khalti"' in finance.read(f"{LIST}?gateway=khalti")
    preview = f"{PAGE}?gateway=khalti&since=2020-01-01"
    shown = finance.read(preview)
    assert "Webhooks: 1" in shown, "what is forged is not meant"
    assert re.search('"gateway": ?"khalti"', shown.split("Show as API")[1])
    done = finance.send(preview, PAGE, reason="Khalti was away.")
    assert done.request.path.startswith("/console/operations/")
    work("default")
    ended = finance.read(done.request.path)
    assert "Look into webhooks once more" in ended
    assert f"{LIST}/{events[0]}" in ended
    assert "Khalti was away." in ended
    assert rows(app, "SELECT object_id FROM audit_log WHERE action = 'webhook.replay'") == [(events[0],)]


def test_what_came_meanwhile_is_not_meant(app: Flask, console: Console, events: list[str]) -> None:
    finance = console("finance")
    shown = finance.client.get(PAGE).text
    form = next(each for each in re.findall(r"<form.*?</form>", shown, re.DOTALL) if f'action="{PAGE}"' in each)
    came = gateway_event(app, BODY)  # within milliseconds, by which a process may be ahead of the database
    change(app, "UPDATE gateway_events SET received_at = now() + interval '1 second' WHERE id = :id", id=came)
    assert finance.client.post(PAGE, data=hidden_fields(form) | {"reason": "They were away."}).status_code == 302
    assert rows(app, "SELECT progress ->> 'total' FROM operations") == [("1",)]


def test_a_refusal_is_told_on_the_page(console: Console, events: list[str]) -> None:
    answer = console("finance").send(f"{PAGE}?state=waiting", PAGE, reason="x")
    assert "reason:" in answer.text
    assert "Webhooks: 1" in answer.text


@pytest.mark.parametrize(
    ("query", "said"), [("?state=forged", "No webhook matches."), ("?until=2020-01-01", "No webhook")]
)
def test_nothing_is_offered_where_nothing_matches(console: Console, events: list[str], query: str, said: str) -> None:
    shown = console("finance").read(f"{PAGE}{query}")
    assert said in shown
    assert 'name="count"' not in shown


def test_who_may_not_is_shown_no_button(console: Console, events: list[str]) -> None:
    support = console("support")
    assert PAGE not in support.read(LIST)
    assert support.open(PAGE).status_code == 403
