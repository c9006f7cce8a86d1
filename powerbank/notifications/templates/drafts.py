"""The drafts of templates: a small part of Jinja, checked and rendered.

A template may name values, ask whether one is there, and choose between texts. It has no loops, no calls, no
attributes and no arithmetic, so that its time is bounded by its length. The check reads the parsed source before Jinja
compiles it, since compiling already evaluates constants. It runs at saving and again at each use, so that a row that
came into the table another way does no harm.
"""

import contextlib
import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import InvalidOperation

from jinja2 import StrictUndefined, Template, TemplateError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from powerbank.notifications.people.notice_types import NoticeType
from powerbank.notifications.texts import built_in, values
from powerbank.notifications.texts.built_in import AnyNoticeType, Text
from powerbank.notifications.texts.values import Format
from powerbank.outbox.enqueue import Scalar

LONGEST_TITLE, LONGEST_BODY = 200, 4000  # of the source, and of the text that comes out

_ALLOWED = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Const,
    nodes.If,
    nodes.CondExpr,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Filter,
)
_FILTERS = {"upper": str.upper, "lower": str.lower}
_DEEPEST = 20
# Without these values a message is of no use.
_REQUIRED_VALUES: dict[AnyNoticeType, frozenset[str]] = {NoticeType.OTP: frozenset({"code"})}

_environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
_environment.filters = dict(_FILTERS)
_environment.globals = {}
_environment.tests = {}


class BrokenTemplateError(Exception):
    """The template does not work. The text of the error says why and names no value."""


@dataclass(frozen=True)
class Draft:
    """A template before it is saved, or as it is rendered."""

    notice_type: AnyNoticeType
    title: str
    body: str


def check_draft(draft: Draft) -> dict[str, list[str]]:
    """Return the problems of a draft by field. A draft without problems can be used."""
    problems: dict[str, list[str]] = {}
    named: set[str] = set()
    for name, source, longest in (("title", draft.title, LONGEST_TITLE), ("body", draft.body, LONGEST_BODY)):
        try:
            found = _parse_source(source, longest)
        except BrokenTemplateError as broken:
            problems[name] = [str(broken)]
            continue
        if unknown := found - built_in.needed_values(draft.notice_type).keys():
            problems[name] = [f"this message knows nothing of {', '.join(sorted(unknown))}"]
        if name == "body":
            named = found
    missing = _required_values(draft.notice_type) - named
    if missing and not problems:
        problems["body"] = [f"must say {', '.join(sorted(missing))}"]
    if not problems:
        try:
            render_draft(draft, built_in.sample_values(draft.notice_type), "en")
        except BrokenTemplateError as broken:
            problems["body"] = [str(broken)]
    return problems


def render_draft(draft: Draft, context: Mapping[str, Scalar], language: str) -> Text:
    """Render a draft with the values of a context, or raise BrokenTemplateError."""
    written = dict(_format_values(draft.notice_type, context, language))
    text = Text(
        " ".join(_render_source(draft.title, written, LONGEST_TITLE).split()),
        _render_source(draft.body, written, LONGEST_BODY).strip(),
    )
    if not text.title or not text.body:
        raise BrokenTemplateError("nothing comes out")
    if any(written.get(name, "\0") not in text.body for name in _required_values(draft.notice_type)):
        raise BrokenTemplateError("it does not say what it must")
    return text


def _format_values(
    notice_type: AnyNoticeType, context: Mapping[str, Scalar], language: str
) -> Iterator[tuple[str, str]]:
    """Yield the values as their reader writes them. A template that names a missing one fails."""
    for name, format_ in built_in.needed_values(notice_type).items():
        if context.get(name) is not None:
            with contextlib.suppress(ValueError, InvalidOperation):
                yield (
                    name,
                    values.format_value(context[name], None if format_ is Format.TEXT else format_.value, language),
                )


def _render_source(source: str, written: Mapping[str, str], longest: int) -> str:
    template = _compile_source(source, longest)
    text = ""
    try:
        for part in template.generate(written):
            text += part
            if len(text) > longest:
                raise BrokenTemplateError("what comes out is too long")
    except TemplateError as error:
        raise BrokenTemplateError(str(error)) from None
    return text


@functools.lru_cache(maxsize=512)
def _compile_source(source: str, longest: int) -> Template:
    _parse_source(source, longest)
    return _environment.from_string(source)


def _parse_source(source: str, longest: int) -> set[str]:
    """Parse a source, refuse what is not allowed, and return the names of values that it uses."""
    if len(source) > longest:
        raise BrokenTemplateError(f"at most {longest} characters")
    try:
        tree = _environment.parse(source)
    except (TemplateError, RecursionError, ValueError, OverflowError) as error:
        reason = error.message if isinstance(error, TemplateError) else "too deep or too large"
        raise BrokenTemplateError(f"this cannot be read: {reason}") from None
    names: set[str] = set()
    level: list[nodes.Node] = [tree]
    for _ in range(_DEEPEST):
        for node in level:
            if not isinstance(node, _ALLOWED):
                raise BrokenTemplateError(f"{type(node).__name__.lower()} is not for messages")
            if isinstance(node, nodes.Filter) and (node.name not in _FILTERS or node.args or node.kwargs):
                raise BrokenTemplateError(f"there is no filter {node.name}")
            if isinstance(node, nodes.Name):
                names.add(node.name)
        level = [child for node in level for child in node.iter_child_nodes()]
        if not level:
            return names
    raise BrokenTemplateError("too deep")


def _required_values(notice_type: AnyNoticeType) -> frozenset[str]:
    return _REQUIRED_VALUES.get(notice_type, frozenset())
