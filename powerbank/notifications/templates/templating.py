"""Texts by staff: Jinja, with little of it left.

A template may name values, ask whether one is there, and choose between texts. It has no loops, no calls, no
attributes and no arithmetic, so that the time it takes is bounded by its length. The check is made on the parsed text,
before Jinja makes code of it (which would already reckon constants), at saving and again at each use: a row that came
into the table some other way gets no further.
"""

import contextlib
import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import InvalidOperation

from jinja2 import StrictUndefined, Template, TemplateError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from powerbank.notifications.people.kinds import Type
from powerbank.notifications.texts import values, wording
from powerbank.notifications.texts.values import Manner
from powerbank.notifications.texts.wording import Kind, Words
from powerbank.outbox.enqueue import Scalar

LONGEST_TITLE, LONGEST_BODY = 200, 4000  # of the template, and of what comes out

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
# Without these a message has no use.
_MUST_SAY: dict[Kind, frozenset[str]] = {Type.OTP: frozenset({"code"})}

_environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
_environment.filters = dict(_FILTERS)
_environment.globals = {}
_environment.tests = {}


class BrokenTemplateError(Exception):
    """What is wrong with it, in words that name no value."""


@dataclass(frozen=True)
class Draft:
    kind: Kind
    title: str
    body: str


def check(draft: Draft) -> dict[str, list[str]]:
    """What keeps it from being used, by field."""
    problems: dict[str, list[str]] = {}
    named: set[str] = set()
    for name, source, longest in (("title", draft.title, LONGEST_TITLE), ("body", draft.body, LONGEST_BODY)):
        try:
            found = _parsed(source, longest)
        except BrokenTemplateError as broken:
            problems[name] = [str(broken)]
            continue
        if unknown := found - values.needed(draft.kind).keys():
            problems[name] = [f"this message knows nothing of {', '.join(sorted(unknown))}"]
        if name == "body":
            named = found
    missing = _must_say(draft.kind) - named
    if missing and not problems:
        problems["body"] = [f"must say {', '.join(sorted(missing))}"]
    if not problems:
        try:
            render(draft, values.sample(draft.kind), "en")
        except BrokenTemplateError as broken:
            problems["body"] = [str(broken)]
    return problems


def render(draft: Draft, context: Mapping[str, Scalar], language: str) -> Words:
    written = dict(_written(draft.kind, context, language))
    words = Words(
        " ".join(_rendered(draft.title, written, LONGEST_TITLE).split()),
        _rendered(draft.body, written, LONGEST_BODY).strip(),
    )
    if not words.title or not words.body:
        raise BrokenTemplateError("nothing comes out")
    if any(written.get(name, "\0") not in words.body for name in _must_say(draft.kind)):
        raise BrokenTemplateError("it does not say what it must")
    return words


def _written(kind: Kind, context: Mapping[str, Scalar], language: str) -> Iterator[tuple[str, str]]:
    """What is missing or odd is not there; a template that asks for it fails."""
    for name, manner in values.needed(kind).items():
        if context.get(name) is not None:
            with contextlib.suppress(ValueError, InvalidOperation):
                yield name, wording.write(context[name], None if manner is Manner.TEXT else manner.value, language)


def _rendered(source: str, written: Mapping[str, str], longest: int) -> str:
    template = _compiled(source, longest)
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
def _compiled(source: str, longest: int) -> Template:
    _parsed(source, longest)
    return _environment.from_string(source)


def _parsed(source: str, longest: int) -> set[str]:
    """The names that it speaks of."""
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


def _must_say(kind: Kind) -> frozenset[str]:
    return _MUST_SAY.get(kind, frozenset())
