"""Count what a live process does, for Prometheus."""

from prometheus_client import Counter, Gauge, Histogram

STREAMS = Gauge("powerbank_live_streams", "Open streams.")
EVENTS = Counter("powerbank_live_events_total", "Events sent to streams.", ["event"])
CLOSED = Counter("powerbank_live_closed_total", "Streams that the server closed.", ["reason"])
REFUSED = Counter("powerbank_live_refused_total", "Requests that got no stream.", ["status"])
LAG = Histogram(
    "powerbank_live_lag_seconds",
    "From the announcement of a change until it was sent to its last stream.",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
