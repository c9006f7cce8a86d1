"""The console's pages of figures: the dashboard and its plots, the league of stations, the week, and the people."""

from typing import Any

from flask import Response, abort, jsonify, redirect, render_template, request
from marshmallow import EXCLUDE, ValidationError
from werkzeug import Response as AnyResponse

from powerbank.admin.console.figures import asking, services
from powerbank.admin.console.figures.asking import PageQuestion
from powerbank.admin.console.map.schemas import BoxArguments
from powerbank.admin.console.sections import FIGURES
from powerbank.admin.console_session import console_blueprint, page_staff
from powerbank.analytics import definitions, queries
from powerbank.analytics import services as analytics
from powerbank.analytics.buckets.leaders import LEAGUE
from powerbank.analytics.figures.registry import ALL_FIGURES
from powerbank.analytics.outlook import losses
from powerbank.analytics.outlook.losses import Box
from powerbank.analytics.screens import answers, csv_files, ways
from powerbank.analytics.screens.spans import Group, Range
from powerbank.base import audit
from powerbank.base.db import transaction, utcnow
from powerbank.pages.language import page_language
from powerbank.pages.layout import address_of_same_page
from powerbank.partners import queries as partners
from powerbank.stations.packages import services as packages

blueprint = console_blueprint("console_figures", __name__, url_prefix="/console/figures")

# The plots of the dashboard, each with the figures that are drawn together.
PLOTS = (
    ("revenue",),
    ("rentals_started",),
    ("refused_value",),
    ("minutes_empty", "minutes_full", "minutes_offline"),
    ("sign_ups",),
    ("topped_up",),
)
OF_A_WEEK = ("rentals_started", "returns", "revenue", "refused_starts", "minutes_empty", "minutes_full")


@blueprint.get("")
def dashboard() -> str | AnyResponse:
    asked = _ask("dashboard")
    answer = _answer(asked)
    if answer is None:
        return _wait(asked)
    plots = [names for names in PLOTS if names[0] in answer["totals"]]
    return _show("dashboard", asked, answer=answer, tiles=services.make_tiles(answer), plots=plots)


@blueprint.get("/<view>.csv")
def csv(view: str) -> Response:
    if view not in answers.VIEW_NAMES:
        abort(404)
    asked = _ask(view)
    with transaction():
        audit.record_by_staff("analytics.export", "analytics", view, new=dict(asked.given))
    return csv_files.answer_csv(asked.question)


@blueprint.get("/plot.json")
def plot() -> Response:
    asked = _ask("dashboard")
    names, question = _figures_of_plot(), asked.question
    compares = len(names) == 1
    return jsonify(services.read_plot(question.asked, question.scope, names, compares=compares) if names else {})


@blueprint.get("/plot.csv")
def plot_csv() -> Response:
    """Give what a plot draws: a line for each piece of the time."""
    asked = _ask("dashboard")
    names, question = _figures_of_plot(), asked.question
    return _export("-".join(names) or "plot", asked, services.list_pieces(question.asked, question.scope, names))


def _figures_of_plot() -> list[str]:
    return [name for name in request.args.get("figures", "").split(",") if name in ALL_FIGURES][:3]


@blueprint.get("/stations")
def stations() -> str | Response:
    asked = _ask("stations", without=("group",))
    by = request.args.get("by", "revenue")
    by = by if by in LEAGUE and (asked.question.scope.package_id is None or by == "revenue") else "revenue"
    names = [name for name in LEAGUE if name in answers.names_of("stations", asked.question.scope)]
    rows = answers.read_league(asked.question, names, by=by)
    if request.args.get("format") == "csv":
        return _export("stations-compared", asked, [station | figures for station, figures in rows])
    return _show("stations", asked, rows=rows, names=names, by=by)


@blueprint.get("/week")
def week() -> str | Response:
    asked = _ask("rentals", without=("group",))
    possible = [
        name
        for name in OF_A_WEEK
        if asked.question.scope.package_id is None or name in answers.names_of("rentals", asked.question.scope)
    ]
    name = request.args.get("figure", possible[0])
    name = name if name in possible else possible[0]
    values = answers.read_week(asked.question, name)
    if request.args.get("format") == "csv":
        rows = [{"weekday": weekday, "hour": hour, name: value} for (weekday, hour), value in sorted(values.items())]
        return _export("hours-of-the-week", asked, rows)
    return _show("week", asked, names=possible, name=name, values=values, heats=services.make_heats(values))


@blueprint.get("/losses")
def money_lost() -> str | AnyResponse:
    asked = _ask("losses", without=("package_id",))
    answer = _answer(asked)
    if answer is None:
        return _wait(asked)
    places = losses.list_places(now=utcnow())
    return _show("losses", asked, answer=answer, tiles=services.make_tiles(answer), places=places)


@blueprint.get("/losses.json")
def losses_plot() -> Response:
    asked = _ask("losses", without=("package_id",))
    pieces = losses.read_series(asked.question.asked, asked.question.scope)
    return jsonify(services.make_plot(["lost"], pieces))


@blueprint.get("/losses-plot.csv")
def losses_plot_csv() -> Response:
    asked = _ask("losses", without=("package_id",))
    return _export("lost", asked, services.list_lost(asked.question.asked, asked.question.scope))


@blueprint.get("/losses-map.json")
def losses_map() -> Response:
    """Give what was lost in a part of the map, by place: a station, or all stations of a cell."""
    asked = _ask("losses", without=("package_id", "group"))
    try:
        box = BoxArguments(unknown=EXCLUDE).load(request.args)
    except ValidationError:
        abort(422)
    cells = losses.read_cells(asked.question.asked.span, asked.question.scope, Box.of(box))
    return jsonify(services.show_cells(cells))


@blueprint.get("/people")
def people() -> str | AnyResponse:
    hidden = ("station_sn", "city", "partner_id", "package_id")
    asked, users = _ask("funnel", without=hidden), _ask("users", without=hidden)
    cohorts = answers.make_answer(_ask("cohorts", without=hidden).question)
    return _show(
        "people",
        asked,
        answer=answers.make_answer(asked.question),
        tiles=services.make_tiles(answers.make_answer(users.question)),
        cohorts=cohorts["series"],
    )


@blueprint.get("/fleet")
def fleet() -> str | AnyResponse:
    asked = _ask("fleet", without=("station_sn", "city", "partner_id", "package_id"))
    answer = answers.make_answer(asked.question)
    return _show("fleet", asked, answer=answer, tiles=services.make_tiles(answer))


@blueprint.get("/returns")
def returns() -> str | Response:
    asked = _ask("rentals", without=("group", "package_id"))
    found = ways.list_ways(asked.question.asked.span, asked.question.scope)
    if request.args.get("format") == "csv":
        rows = [
            {"taken_at": way["taken_at"]["sn"], "returned_at": way["returned_at"]["sn"], "returns": way["returns"]}
            for way in found
        ]
        return _export("returns", asked, rows)
    matrix = ways.make_matrix(found)
    return _show("returns", asked, ways=found, matrix=matrix, heats=services.make_heats(matrix.returns))


@blueprint.get("/definitions")
def list_definitions() -> str:
    staff = page_staff("analytics.read")
    return render_template(
        "console/figures/definitions.html",
        staff=staff,
        section=FIGURES,
        definitions=definitions.list_definitions(),
        language=page_language(),
    )


def _ask(view: str, *, without: tuple[str, ...] = ()) -> PageQuestion:
    page_staff("analytics.read")
    return asking.read_page_question(view, request.args, without=without)


def _answer(asked: PageQuestion) -> dict[str, Any] | None:
    """Give the answer. None: it takes long, and is made by a job."""
    if not asked.question.is_wide:
        return answers.make_answer(asked.question)
    return answers.find_kept_answer(asked.question, now=utcnow())


def _export(name: str, asked: PageQuestion, rows: list[dict[str, Any]]) -> Response:
    with transaction():
        audit.record_by_staff("analytics.export", "analytics", name, new=dict(asked.given))
    return csv_files.answer_rows(name, rows)


def _wait(asked: PageQuestion) -> str | AnyResponse:
    """Have an answer made, once, and show a page that looks again whether it is there."""
    staff = page_staff("analytics.read")
    if "waits" not in request.args:
        with transaction():
            analytics.request_answer(asked.question.view, asked.arguments, staff_id=staff.id, now=utcnow())
        return redirect(address_of_same_page(waits="yes"))
    return render_template("console/figures/waiting.html", staff=staff, section=FIGURES)


def _show(page: str, asked: PageQuestion, **shown: Any) -> str:
    staff = page_staff("analytics.read")
    return render_template(
        f"console/figures/{page}.html",
        staff=staff,
        section=FIGURES,
        asked=asked,
        span=asked.question.asked,
        services=services,
        ranges=[*Range],
        groups=[*Group],
        packages=packages.list_all_packages(),
        partners=partners.list_partner_names(),
        mark=queries.find_mark(),
        **shown,
    )
