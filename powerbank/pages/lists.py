"""Lists as data: what a page shows of each row, by what it filters, and what it says while it is empty.

    TOPUPS = ListPage(
        "Top-ups",
        MONEY,
        columns=(moment("When", "created_at"), badge("State", "status", TONES), words("Reference", "reference")),
        filters=(Choice("State", "status", [*IntentStatus]), Words("Reference", "reference")),
        empty=("No top-ups.", "A top-up stands here from the moment in which a person asks for it."),
        api="/api/admin/payments/intents",
    )

The view hands it to `show_list`, with the arguments and the query that the API has for the same list. So an address
filters the page as it filters the API, and what the page shows can be taken away as CSV.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any
from urllib.parse import urlencode

from flask import Response, current_app, render_template, request
from markupsafe import Markup
from marshmallow import EXCLUDE, Schema, ValidationError

from powerbank.api.exports import export_pages
from powerbank.api.paging import find_page
from powerbank.base import money
from powerbank.base.clock import HOME, format_time
from powerbank.pages.language import translate, write_age, write_number, write_time

SHOWN = 50  # rows of a page

Path = str | Callable[[Any], Any]
ReadPage = Callable[..., dict[str, Any]]


@dataclass(frozen=True)
class Tab:
    """A list of a section, for those who may read it."""

    label: str
    permission: str
    address: str
    has_pages_below: bool = True  # the tab is open on every page whose address begins with its own

    def is_open(self, path: str) -> bool:
        return path == self.address or (self.has_pages_below and path.startswith(f"{self.address}/"))


@dataclass(frozen=True)
class Section:
    """Lists that belong together, each with a tab."""

    title: str
    tabs: tuple[Tab, ...]


@dataclass(frozen=True)
class Column:
    """What is shown of a row. `write` makes the cell from a value, `export` what stands in the CSV."""

    label: str
    value: Path
    write: Callable[[Any, Any], str | Markup]
    css: str = ""
    export: Callable[[Any, Any], object] = lambda value, _row: value

    def cell(self, row: Any) -> str | Markup:
        value = read_value(row, self.value)
        return "" if value is None else self.write(value, row)

    def plain(self, row: Any) -> object:
        value = read_value(row, self.value)
        if isinstance(value, datetime):
            return format_time(value)
        return "" if value is None else self.export(value, row)

    @property
    def head(self) -> dict[str, str]:
        return {"label": translate(self.label) if self.label else "", "class": self.css}


@dataclass(frozen=True)
class Filter:
    """A field above the list. `kind` is `choice`, `words` or `day`."""

    label: str
    name: str
    kind: str
    options: tuple[tuple[str, str], ...] = ()
    hint: str = ""


@dataclass(frozen=True)
class ListPage:
    title: str
    section: Section
    columns: tuple[Column, ...]
    empty: tuple[str, str]  # what is not there, and what would fill it
    api: str
    filters: tuple[Filter, ...] = ()
    opens: Callable[[Any], str | None] | None = None  # the page of a row; the first column links to it
    template: str = "console/list.html"
    file: str = field(default="list")  # the name of the CSV, and of its row in the audit log


def read_value(row: Any, path: Path) -> Any:
    """Read what a path names: `due.left` of objects, a key of a mapping, or whatever a function finds."""
    if callable(path):
        return path(row)
    found = row
    for part in path.split("."):
        found = found[part] if isinstance(found, Mapping) else getattr(found, part)
    return found


def words(label: str, value: Path, css: str = "") -> Column:
    return Column(label, value, lambda given, _row: str(given), css)


def name(label: str, value: Path) -> Column:
    """Show a name of our own, such as a kind or a cause, in the reader's language."""
    return Column(label, value, lambda given, _row: translate_name(given))


def code(label: str, value: Path) -> Column:
    """Show what only machines read."""
    return Column(label, value, lambda given, _row: Markup("<code>{}</code>").format(given))


def number(label: str, value: Path) -> Column:
    return Column(label, value, lambda given, _row: write_number(given), "n")


def moment(label: str, value: Path) -> Column:
    return Column(label, value, lambda given, _row: write_time(given), "when")


def age(label: str, value: Path) -> Column:
    return Column(label, value, lambda given, _row: write_age(given), "n when")


def badge(label: str, value: Path, tones: Mapping[str, str]) -> Column:
    """Show a state by its tone: good, busy, warn, bad or quiet."""
    return Column(label, value, lambda given, _row: write_badge(tones.get(str(given), "quiet"), translate_name(given)))


def amount(label: str, value: Path, currency: Path | None = None) -> Column:
    """Show an amount in the smallest unit of its currency; rupees unless the row says another."""

    def currency_of(row: Any) -> str:
        return money.NPR if currency is None else str(read_value(row, currency))

    return Column(
        label,
        value,
        lambda given, row: write_amount(given, currency_of(row)),
        "n",
        lambda given, row: money.format_in_currency(given, currency_of(row)),
    )


def link(label: str, value: Path, address: Callable[[Any], str | None]) -> Column:
    """Show a value that leads to another page."""

    def write(given: Any, row: Any) -> str | Markup:
        to = address(row)
        return Markup('<a href="{}">{}</a>').format(to, given) if to else str(given)

    return Column(label, value, write)


def write_amount(given: int, currency: str = money.NPR) -> Markup:
    places = 0 if currency == money.PTS else 2
    written = write_number(given / 10**places, places)
    return Markup('{} <span class="soft">{}</span>').format(written, currency)


def write_badge(tone: str, label: str) -> Markup:
    components: Any = current_app.jinja_env.get_template("pages/components.html").module
    written: Markup = components.badge(tone, label)
    return written


def translate_name(given: object) -> str:
    return translate(str(given).replace("_", " "))


def choice(label: str, name: str, options: Iterable[str]) -> Filter:
    """Let the reader choose one of our own names."""
    return Filter(label, name, "choice", tuple((str(each), str(each).replace("_", " ")) for each in options))


def options(label: str, name: str, options: Iterable[tuple[str, str]]) -> Filter:
    """Let the reader choose one of some values that are called otherwise than they are written in the address."""
    return Filter(label, name, "choice", tuple(options))


def text_field(label: str, name: str, hint: str = "") -> Filter:
    return Filter(label, name, "words", hint=hint)


def day(label: str, name: str) -> Filter:
    """Let the reader choose a day; the list begins or ends with its midnight at the network's home."""
    return Filter(label, name, "day")


def show_list(
    page: ListPage,
    read: ReadPage,
    schema: type[Schema],
    *,
    staff: Any,
    of: tuple[str, object] | None = None,
    **more: Any,
) -> str | Response:
    """Answer with a page of a list, or with all that the filters leave as CSV.

    `read` takes the arguments that `schema` makes of the address. `of` says to what the list belongs, for the audit
    log. `more` is for a template of the list's own.
    """
    asked = read_filters(page.filters, schema)
    if request.args.get("format") == "csv":
        return export_pages(
            page.file,
            [column.label for column in page.columns],
            lambda cursor, limit: read(**asked.arguments, limit=limit, cursor=cursor),
            lambda row: [column.plain(row) for column in page.columns],
            of=of or (page.file, "all"),
            filters=asked.given,
        )
    found = find_page(
        lambda cursor: read(**asked.arguments, limit=SHOWN, cursor=cursor), request.args.get("cursor") or None
    )
    return render_template(
        page.template,
        staff=staff,
        page=page,
        section=page.section,
        asked=asked,
        rows=found["items"],
        next_cursor=found["next_cursor"],
        **more,
    )


@dataclass(frozen=True)
class Asked:
    """What an address asks for: as it was written, as the query takes it, and what is wrong with it."""

    given: dict[str, str]
    arguments: dict[str, Any]
    errors: dict[str, str]

    @property
    def query(self) -> str:
        return urlencode(self.given)


def read_filters(filters: Sequence[Filter], schema: type[Schema], fields: Mapping[str, str] | None = None) -> Asked:
    """Read the filters of the address, or of the fields of a form. What is wrong is told beside its field, and filters
    nothing.
    """
    fields = request.args if fields is None else fields
    given = {each.name: fields[each.name].strip() for each in filters if fields.get(each.name, "").strip()}
    errors: dict[str, str] = {}
    wanted: dict[str, str] = {}
    for each in filters:
        if each.name in given:
            try:
                wanted[each.name] = _midnight(given[each.name]) if each.kind == "day" else given[each.name]
            except ValueError:
                errors[each.name] = "Not a valid date."
    loader = schema(unknown=EXCLUDE)
    try:
        arguments = loader.load(wanted)
    except ValidationError as wrong:
        errors |= {str(name): str(messages[0]) for name, messages in wrong.messages_dict.items()}
        arguments = loader.load({name: value for name, value in wanted.items() if name not in errors})
    arguments = {name: value for name, value in arguments.items() if name not in ("limit", "cursor")}
    return Asked(given, arguments, errors)


def _midnight(written: str) -> str:
    return datetime.combine(date.fromisoformat(written), time(), HOME).isoformat()
