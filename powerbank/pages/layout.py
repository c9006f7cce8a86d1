"""What the templates of all pages may use, and the page of a refusal."""

import shlex
from urllib.parse import urlencode

from flask import Blueprint, Flask, current_app, g, json, render_template, request
from werkzeug.exceptions import HTTPException

from powerbank.api.problems import describe_status
from powerbank.base import money
from powerbank.base.errors import AppError
from powerbank.pages import csrf, forms, lists, plots, static_files
from powerbank.pages.language import (
    page_language,
    read_moment,
    translate,
    translate_refusal,
    write_age,
    write_clock,
    write_day,
    write_number,
    write_time,
)


def init_app(app: Flask) -> None:
    static_files.init_app(app)
    csrf.init_app(app)
    app.jinja_env.globals.update(
        text=translate,
        page_language=page_language,
        api_call=write_api_call,
        same_page=address_of_same_page,
        draw_line=plots.draw_line,
        find_top=plots.find_top,
        new_key=forms.new_key,
        is_served=is_served,
        map_ground=app.config["SETTINGS"].map_style_url,
    )
    app.jinja_env.filters.update(
        number=write_number,
        time=write_time,
        day=write_day,
        clock=write_clock,
        age=write_age,
        moment=read_moment,
        refusal=translate_refusal,
    )
    app.jinja_env.filters.update(
        amount=lists.write_amount, plain_amount=money.format_amount, wording=lists.translate_name
    )


def write_api_call(method: str, path: str, body: dict[str, object] | None = None) -> str:
    """Write the command that does by the API what a page does, for a shell in which TOKEN is an access token."""
    url = shlex.quote(current_app.config["SETTINGS"].public_url + path)
    parts = ["curl", *(["-X", method] if method != "GET" else []), url, '-H "Authorization: Bearer $TOKEN"']
    if body is not None:
        parts += ["-H 'Content-Type: application/json'", "-d", shlex.quote(json.dumps(body))]
    return " ".join(parts)


def address_of_same_page(**changed: object) -> str:
    """Give the address of this page with some of its arguments changed; None takes an argument away."""
    arguments = {**request.args.to_dict(), **changed}
    left = urlencode({name: value for name, value in arguments.items() if value not in (None, "")})
    return f"{request.path}?{left}" if left else request.path


def is_served(address: str) -> bool:
    """Say whether there is a page at an address: a section may be of another version, or switched off."""
    try:
        current_app.url_map.bind("").match(address.partition("?")[0], "GET")
    except HTTPException:
        return False
    return True


def show_refusals_as_pages(blueprint: Blueprint) -> None:
    """Have the pages of a blueprint answer a refusal with a page, where the API answers a problem document."""
    blueprint.register_error_handler(AppError, _show_app_error)
    blueprint.register_error_handler(HTTPException, _show_http_error)


def _show_app_error(refused: AppError) -> tuple[str, int]:
    return _show_problem(refused.status, refused.detail)


def _show_http_error(error: HTTPException) -> tuple[str, int]:
    return _show_problem(error.code or 500, describe_status(error.code or 500))


def _show_problem(status: int, detail: str) -> tuple[str, int]:
    staff = g.get("console_staff")
    door = f"/{request.path.split('/')[1]}/"  # the console, the crew's pages, the partners'
    page = f"{'console' if staff else 'pages'}/problem.html"
    return render_template(page, staff=staff, detail=detail, door=door), status
