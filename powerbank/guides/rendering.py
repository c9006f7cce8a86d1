"""Render the guides: Markdown becomes pages, links to examples become the examples, and routes lead to the reference.

Only `flask docs write` does this, with packages that a server does without.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from urllib.parse import quote

from flask import render_template
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup
from pygments import highlight  # type: ignore[import-untyped]
from pygments.formatters import HtmlFormatter  # type: ignore[import-untyped]
from pygments.lexers import get_lexer_by_name  # type: ignore[import-untyped]

from powerbank.guides.examples import LANGUAGES, read_example
from powerbank.guides.library import RENDERED, Guide, list_guides

ROUTE = re.compile(r"(GET|POST|PUT|PATCH|DELETE) (/[^\s?]+)(\?\S*)?")
_PLAIN = HtmlFormatter(nowrap=True)
_UNCOLOURED = re.compile(r'<span class="(?:w|p|n|o|nn|nl|bp|fm|vm)">([^<]*)</span>')  # space, marks, names


def write_guides(*, check: bool) -> list[str]:
    """Render each guide into its file, and name those that were out of date. With `check` nothing is written."""
    wanted = {guide.rendered: render_guide(guide) for guide in list_guides()}
    stale = [path for path, html in wanted.items() if not path.exists() or path.read_text() != html]
    left_over = [path for path in RENDERED.glob("*.html") if path not in wanted]
    if not check:
        RENDERED.mkdir(exist_ok=True)
        for path in stale:
            path.write_text(wanted[path])
        for path in left_over:
            path.unlink()
    return [f"the page of {path.stem}" for path in [*stale, *left_over]]


def render_guide(guide: Guide) -> str:
    parser = MarkdownIt("commonmark", {"highlight": _color_fence}).enable("table")
    tokens = [*_with_examples(parser.parse(guide.source.read_text()))]
    _mark_headings(tokens)
    for token in tokens:
        if token.children:
            token.children = [each for inner in token.children for each in _with_link_to_route(_with_address(inner))]
    html = str(parser.renderer.render(tokens, parser.options, {}))
    html = html.replace("<table>", '<div class="wide" tabindex="0"><table>').replace("</table>", "</table></div>")
    return html.replace("<pre>", '<pre tabindex="0">')


def color_code(code: str, lexer: str) -> Markup:
    """Mark up code with classes that a style sheet colours."""
    html = highlight(code, get_lexer_by_name(lexer, stripnl=False), _PLAIN)
    return Markup(_UNCOLOURED.sub(r"\1", html))  # noqa: S704  # nosec B704


def _color_fence(code: str, lexer: str, _attributes: str) -> str:
    return str(color_code(code, lexer or "text"))


def _with_examples(tokens: Sequence[Token]) -> Iterator[Token]:
    """Put in the place of a paragraph that only links to examples the examples themselves."""
    at = 0
    while at < len(tokens):
        paths = _example_paths(tokens[at + 1]) if tokens[at].type == "paragraph_open" else []
        if not paths:
            yield tokens[at]
            at += 1
            continue
        examples = [read_example(path) for path in paths]
        missing = [language for language in LANGUAGES if language not in {each.language for each in examples}]
        shown = render_template("docs/examples.html", examples=examples, missing=missing, color=color_code)
        yield Token("html_block", "", 0, content=shown + "\n")
        at += 3  # the paragraph's beginning, its text, and its end


def _example_paths(inline: Token) -> list[str]:
    paths = [str(inner.attrs["href"]) for inner in inline.children or () if inner.type == "link_open"]
    return paths if paths and all(path.startswith("examples/") for path in paths) else []


def _mark_headings(tokens: Sequence[Token]) -> None:
    """Give each heading of the second level an id, under which it is linked to."""
    for token, inline in pairwise(tokens):
        if token.type == "heading_open" and token.tag == "h2":
            text = "".join(inner.content for inner in inline.children or ())
            token.attrs["id"] = re.sub(r"\W+", "-", text.lower()).strip("-")


def _with_address(inner: Token) -> Token:
    """Let a link lead to the page of a guide, or to where a file is served. On a git host it leads to the file."""
    if (href := inner.attrs.get("href")) is not None:
        address = re.sub(r"^([a-z-]+)\.md", r"/docs/guides/\1", str(href))
        inner.attrs["href"] = re.sub(r"^(?:\.\./)+powerbank/static/", "/static/", address)
    return inner


def _with_link_to_route(inner: Token) -> list[Token]:
    """Let `POST /api/…` lead to its place in the reference."""
    route = ROUTE.fullmatch(inner.content) if inner.type == "code_inline" else None
    if route is None:
        return [inner]
    link = Token("link_open", "a", 1, attrs={"href": f"/docs/reference?route={quote(f'{route[1]} {route[2]}')}"})
    return [link, inner, Token("link_close", "a", -1)]
