"""One trace tells of a rental from the tap to the ejection, over the request, its jobs, the command and the answer."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from powerbank.api.requests.traces import trace_requests
from powerbank.base import tracing
from powerbank.integrations.otlp.client import OtlpTracer
from tests.people import rows
from tests.receiver import Receiver, receiving
from tests.rentals.cabinets import Cabinets
from tests.rentals.conftest import Packages, Renters
from tests.stations.conftest import Make

HOOKS = ("before_request_funcs", "after_request_funcs", "teardown_request_funcs")


@dataclass
class Collector:
    """What speaks OTLP and keeps what it is told."""

    tracer: OtlpTracer
    receiver: Receiver

    def spans(self) -> list[Span]:
        """Give all spans that have ended so far, as they came over the wire."""
        self.tracer.provider.force_flush()
        told = [ExportTraceServiceRequest.FromString(each.body) for each in self.receiver.got]
        return [span for each in told for kept in each.resource_spans for of in kept.scope_spans for span in of.spans]


@pytest.fixture
def collector(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    """Trace the application of the tests, which has answered requests already, for the time of one test."""
    for name in HOOKS:
        monkeypatch.setattr(app, name, {key: [*found] for key, found in getattr(app, name).items()})
        getattr(app, name).setdefault(None, [])
    monkeypatch.setattr(app, "_got_first_request", False)
    trace_requests(app)
    with receiving() as receiver:
        receiver.headers, receiver.body = {"Content-Type": "application/x-protobuf"}, b""
        tracer = OtlpTracer(receiver.url, ratio=1.0, environment="test")
        tracing.use(tracer)
        try:
            yield Collector(tracer, receiver)
        finally:
            tracing.use(None)
            tracer.provider.shutdown()


def facts(span: Span) -> dict[str, object]:
    return {each.key: each.value.string_value or each.value.int_value for each in span.attributes}


def line_above(spans: list[Span], span: Span) -> list[str]:
    """Name the spans from the first one down to this one."""
    by_id = {each.span_id: each for each in spans}
    found = [span]
    while found[-1].parent_span_id:
        found.append(by_id[found[-1].parent_span_id])
    return [each.name for each in reversed(found)]


def test_one_trace_leads_from_the_tap_to_the_ejection(
    app: Flask, renter: Renters, package: Packages, cabinets: Cabinets, make_station: Make, collector: Collector
) -> None:
    make_station("A", charges={1: 90})
    sita = renter()
    rental_id = sita.initiate(package()).get_json()["rental_id"]
    cabinets.work()
    cabinets.ejects()
    assert sita.rental(rental_id)["status"] == "active"
    spans = collector.spans()
    [tap] = [each for each in spans if each.name == "POST /api/rentals/initiate"]
    assert (tap.kind, tap.parent_span_id) == (Span.SPAN_KIND_SERVER, b"")
    of_tap = [each for each in spans if each.trace_id == tap.trace_id]
    [settled] = [each for each in of_tap if each.name == "job settle_ejection"]
    assert line_above(of_tap, settled) == [
        "POST /api/rentals/initiate",
        "job process_rental_initiation",
        "command eject_powerbank",
        "answer eject_powerbank",
        "job settle_ejection",
    ]
    [answer] = [each for each in of_tap if each.name == "answer eject_powerbank"]
    assert facts(answer) == {"outcome": "succeeded"}
    assert facts(tap)["http.response.status_code"] == 202
    for span in of_tap:
        assert tap.start_time_unix_nano <= span.start_time_unix_nano <= span.end_time_unix_nano
    # What follows from the rental is told to people in the same trace, and another tap is another one.
    assert any(each.name.startswith("job notify") for each in of_tap)
    [asked] = [each for each in spans if each.name == "GET /api/rentals/<uuid:rental_id>"]
    assert asked.trace_id != tap.trace_id


def test_nothing_of_people_is_told(
    app: Flask, renter: Renters, package: Packages, cabinets: Cabinets, make_station: Make, collector: Collector
) -> None:
    make_station("A", charges={1: 90})
    sita = renter()
    rental_id = sita.initiate(package()).get_json()["rental_id"]
    cabinets.work()
    cabinets.ejects()
    sita.get("/api/stations?q=9841234567")
    assert collector.spans()
    told = b"".join(each.body for each in collector.receiver.got)
    assert len(told) > 1000
    [(user_id,)] = rows(app, "SELECT id::text FROM users")
    for hidden in (user_id, rental_id, "sita", "9841234567", "A-1"):
        assert hidden.encode() not in told, hidden


def test_a_failure_is_told_by_its_kind_alone(collector: Collector) -> None:
    with pytest.raises(ValueError, match="9841234567"), tracing.span("a step", tracing.Kind.CLIENT):
        raise ValueError("no account for 9841234567")
    [span] = collector.spans()
    assert span.status.code == span.status.STATUS_CODE_ERROR
    assert facts(span) == {"error.type": "ValueError"}
    assert b"9841234567" not in collector.receiver.got[0].body


def test_a_request_begins_its_own_trace(client: FlaskClient, collector: Collector) -> None:
    """Whoever could name a trace could have us keep any number of them."""
    named = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    client.get("/api/stations", headers={"traceparent": named})
    client.get("/health/live")
    [span] = collector.spans()
    assert (span.name, span.parent_span_id) == ("GET /api/stations", b"")
    assert span.trace_id.hex() not in named


def test_rows_carry_nothing_where_nothing_is_traced(
    app: Flask, renter: Renters, package: Packages, cabinets: Cabinets, make_station: Make
) -> None:
    make_station("A", charges={1: 90})
    renter().initiate(package())
    cabinets.work()
    cabinets.ejects()
    kept = "SELECT count(*), count(traceparent) FROM "
    assert [rows(app, kept + table)[0][1] for table in ("outbox_jobs", "station_commands")] == [0, 0]
    assert tracing.carried() == {}
