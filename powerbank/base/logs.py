"""Logs: one JSON object a line in production, readable lines elsewhere, and no secret or personal data in either."""

import logging
import re
import sys
import time
import uuid
from collections.abc import MutableMapping
from typing import Any

import structlog
from flask import Flask, Response, g, request

_SECRET_FIELDS = re.compile(
    r"passw|secret|token|authorization|cookie|otp|^code$|api_?key|recovery|citizenship|document_number|^(to|phone|email|identifier)$",
    re.IGNORECASE,
)
# Free text may hold e-mail addresses, phone numbers, bearer tokens and passwords in URLs. A stranger writes some of it,
# so each pattern is linear: it can begin only where a word begins, or reaches no further than a few letters.
_SECRET_TEXT = (
    (re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+\.[\w.-]+"), "[email]"),
    (re.compile(r"(?<![\w-])\+?\d[\d \-]{8,14}\d(?![\w-])"), "[number]"),
    (re.compile(r"(?i)(bearer|key) [\w.~+/=-]{8,}"), r"\1 [token]"),
    (re.compile(r"(?<!\w)(\w+://[^:/\s]*):[^@/\s]+@"), r"\1:[secret]@"),
)
_WORD = re.compile(r"[\w.-]+")  # a JWT is one
_LONGEST = 16_384  # letters of a text that are written: a stranger may send any number of them
_LONGEST_PATH = 200
# Orchestrators and monitors ask these so often that nobody wants a line of each.
PROBES = frozenset({"/health/live", "/health/ready", "/health/queues", "/metrics"})
_KEPT = {"timestamp", "level", "logger", "request_id", "trace_id", "outbox_id", "message", "name"}
_REQUEST_ID = re.compile(r"[\w.:-]{1,128}")


def redact(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in event.items():
        if key in _KEPT:
            continue
        event[key] = _scrub(key, value)
    return event


def _scrub(key: str, value: Any) -> Any:
    if _SECRET_FIELDS.search(key):
        return "[redacted]"
    if isinstance(value, str):
        return redact_text(value)
    if isinstance(value, dict):
        return {name: _scrub(str(name), inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_scrub("", inner) for inner in value]
    return value


def redact_text(text: str) -> str:
    """Take out of free text what may be personal or secret, and cut it where it is too long."""
    if len(text) > _LONGEST:
        text = f"{_whole_words(text[: _LONGEST // 2])} […] {_whole_words(text[-_LONGEST // 2 :][::-1])[::-1]}"
    for pattern, replacement in _SECRET_TEXT:
        text = pattern.sub(replacement, text)
    return _WORD.sub(_without_token, text) if "eyJ" in text else text


def _whole_words(text: str) -> str:
    """Leave out the last word, which is cut and may be half of a secret."""
    return text[: max(text.rfind(" "), text.rfind("\n")) + 1]


def _without_token(word: re.Match[str]) -> str:
    begin = word[0].find("eyJ")
    is_token = begin >= 0 and word[0].count(".", begin) >= 2
    return f"{word[0][:begin]}[token]" if is_token else word[0]


def configure(style: str, level: str) -> None:
    """Send the records of structlog and of all other loggers the same way."""
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        redact,
    ]
    render: structlog.types.Processor = (
        structlog.processors.JSONRenderer()
        if style == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        # A record that nobody will read is not made either.
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render],
        )
    )
    logging.basicConfig(handlers=[handler], level=level, force=True)
    for noisy in ("rq.worker", "rq.job", "werkzeug", "urllib3", "alembic.runtime.plugins"):
        logging.getLogger(noisy).setLevel("WARNING")


def init_app(app: Flask) -> None:
    log, written = structlog.get_logger("powerbank.request"), logging.getLogger("powerbank.request")

    @app.before_request
    def begin() -> None:
        given = request.headers.get("X-Request-ID", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        g.began = time.perf_counter()
        g.request_id = request_id
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)

    @app.after_request
    def end(response: Response) -> Response:
        if "request_id" in g:
            response.headers["X-Request-ID"] = g.request_id
        if written.isEnabledFor(logging.INFO) and request.path not in PROBES:
            took = (time.perf_counter() - g.get("began", time.perf_counter())) * 1000
            log.info(
                "request",
                method=request.method,
                # The rule says what was asked for. A caller may write anything into the path, at any length.
                path=request.url_rule.rule if request.url_rule else request.path[:_LONGEST_PATH],
                status=response.status_code,
                ms=round(took, 1),
            )
        return response
