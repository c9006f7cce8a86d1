"""Traces over OTLP, to any collector of OpenTelemetry, where TRACES_URL is set. Its packages are no requirement of
ours: `pip install --require-hashes -r deploy/requirements-tracing.txt`.

Nothing is patched by instrumentation of others: the spans are those that `powerbank.base.tracing` is told of. An error
is told by its kind alone, since its text may be personal.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from types import MappingProxyType

import structlog
from flask import Flask
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from config import VERSION
from powerbank.base import tracing
from powerbank.base.tracing import Attributes, Kind

_KINDS = MappingProxyType({each: trace.SpanKind[each.name] for each in Kind})
_WRITER = TraceContextTextMapPropagator()


class OtlpTracer:
    """Makes spans and sends them in batches, in a thread of its own. What cannot be sent is lost, and nobody waits."""

    def __init__(self, url: str, *, ratio: float, environment: str) -> None:
        resource = Resource.create(
            {"service.name": "powerbank", "service.version": VERSION, "deployment.environment.name": environment}
        )
        self.provider = TracerProvider(resource=resource, sampler=ParentBased(TraceIdRatioBased(ratio)))
        self.provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{url.rstrip('/')}/v1/traces")))
        self._tracer = self.provider.get_tracer("powerbank", VERSION)

    @contextmanager
    def span(
        self, name: str, kind: Kind, attributes: Attributes, *, parent: str | None, began: datetime | None
    ) -> Iterator[None]:
        context = None  # what is under way in this thread
        if parent is not None:
            context = _WRITER.extract({"traceparent": parent}, Context())
        elif kind in (Kind.SERVER, Kind.CONSUMER):
            context = Context()
        with (
            self._tracer.start_as_current_span(
                name,
                context,
                _KINDS[kind],
                attributes,
                start_time=int(began.timestamp() * 1e9) if began else None,
                record_exception=False,
                set_status_on_exception=False,
            ) as span,
            structlog.contextvars.bound_contextvars(trace_id=f"{span.get_span_context().trace_id:032x}"),
        ):
            try:
                yield
            except Exception as error:
                span.set_attribute("error.type", type(error).__name__)
                span.set_status(trace.StatusCode.ERROR)
                raise

    def traceparent(self) -> str | None:
        carrier: dict[str, str] = {}
        _WRITER.inject(carrier)
        return carrier.get("traceparent")

    def note(self, name: str, value: str | int) -> None:
        trace.get_current_span().set_attribute(name, value)


def init_app(app: Flask) -> None:
    settings = app.config["SETTINGS"]
    tracing.use(OtlpTracer(settings.traces_url, ratio=settings.traces_ratio, environment=settings.powerbank_env))
