"""The rider's app as the server hands it out: its pages, its files, its size and its texts."""

import gzip
import json
import re
from pathlib import Path
from urllib.parse import urlsplit

import brotli
import pytest
from flask import url_for
from flask.testing import FlaskClient

from powerbank.pages import app_pages

STATIC = Path(__file__).parents[2] / "powerbank/static"
MODULES = sorted(path for path in (STATIC / "app").rglob("*.js") if path.parent.name != "texts")
SMALLEST = 90_000
TEXT = re.compile(r'\bt\(\s*"((?:[^"\\]|\\.)*)"')
ANY_TEXT = re.compile(r"\bt\((.{0,12})")
ENTRY = re.compile(r'^  "((?:[^"\\]|\\.)*)": "((?:[^"\\]|\\.)*)",$', re.MULTILINE)
NEPALI = dict(ENTRY.findall((STATIC / "app/texts/ne.js").read_text()))
WRITTEN = {text for path in MODULES for text in TEXT.findall(path.read_text())}
VALUE = re.compile(r"\{(\w+)\}")


@pytest.mark.parametrize("path", ["/app/", "/app/s/KTM-001", "/app/rentals/x?y=z", "/app/nothing/of/the/kind"])
def test_every_address_of_the_app_is_the_app(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert '<div id="app">' in answer.text
    assert answer.headers["Cache-Control"] == "no-cache"


def test_nothing_is_inline_and_only_what_the_app_needs_is_let_in(client: FlaskClient) -> None:
    answer = client.get("/app/")
    policy = dict(part.split(" ", 1) for part in answer.headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["worker-src"] == "'self'"
    form_of_esewa = urlsplit(client.application.config["SETTINGS"].esewa_form_url)
    assert policy["form-action"] == f"'self' {form_of_esewa.scheme}://{form_of_esewa.netloc}"
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=", answer.text)


def test_a_file_is_kept_for_a_year_and_changes_its_address(client: FlaskClient) -> None:
    (script,) = re.findall(r'<script type="module" src="([^"]+)"', client.get("/app/").text)
    answer = client.get(script)
    assert answer.headers["Content-Type"].startswith("text/javascript")
    assert "immutable" in answer.headers["Cache-Control"]
    other = re.sub(r"/files/\w+/", "/files/0123456789abcdef/", script)
    assert client.get(other).headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("name", ["../config.py", "docs.js", "app/none.js", "app", "app/../docs.js"])
def test_nothing_else_is_given_out(client: FlaskClient, name: str) -> None:
    assert client.get(f"/app/files/x/{name}").status_code == 404


def test_the_page_asks_for_what_the_first_view_imports(client: FlaskClient) -> None:
    """A module that is not asked for with the page costs a slow phone a round trip more."""
    for path, view in (
        ("/app/", "stations/home"),
        ("/app/s/A", "stations/station"),
        ("/app/rent/A", "renting/rent"),
        ("/app/rentals/A", "rentals/rental"),
    ):
        asked = set(re.findall(r'modulepreload" href="/app/files/\w+/([^"]+)"', client.get(path).text))
        assert _imported({"app/main.js", f"app/views/{view}.js"}) <= asked, path


def _imported(names: set[str]) -> set[str]:
    found = set(names)
    while True:
        more = set(found)
        for name in found - {each for each in found if each.startswith("vendor/")}:
            path = STATIC / name
            for target in re.findall(r'^import .* from "(\.[^"]+)"', path.read_text(), re.MULTILINE):
                more.add(str((path.parent / target).resolve().relative_to(STATIC)))
        if more == found:
            return found
        found = more


def test_every_address_in_a_module_leads_somewhere() -> None:
    """What is loaded later is not seen until somebody wants it."""
    address = re.compile(r'(?:import\(|from |new URL\()"(\.[^"]+)"')
    lost = [
        f"{path.name}: {target}"
        for path in MODULES
        for target in address.findall(path.read_text())
        if not (path.parent / target).resolve().exists()
    ]
    assert lost == []


def test_the_service_worker_knows_every_file(client: FlaskClient) -> None:
    answer = client.get("/app/worker.js")
    assert answer.headers["Content-Type"].startswith("text/javascript")
    with client.application.app_context():
        assert all(name in answer.text for name in app_pages.list_files())


def test_a_phone_can_install_it(client: FlaskClient) -> None:
    manifest = client.get("/app/manifest.webmanifest").get_json(force=True)
    assert (manifest["scope"], manifest["display"]) == ("/app/", "standalone")


def test_it_is_small(client: FlaskClient) -> None:
    """All of the app before the map, as a browser gets it. The reader of codes is loaded when it is needed."""
    with client.application.test_request_context():
        files = [name for name in app_pages.list_files() if "jsqr" not in name and "leaflet" not in name]
        addresses = [url_for("app.file", version=app_pages.app_version(), name=name) for name in files]
    answers = [client.get(address, headers={"Accept-Encoding": "gzip, br"}) for address in addresses]
    assert {answer.headers["Content-Encoding"] for answer in answers} == {"br"}
    total = sum(len(answer.data) for answer in answers)
    assert total < SMALLEST, total


def test_what_comes_before_it_is_wanted_is_small_without_brotli_too(client: FlaskClient) -> None:
    """What the page and its service worker take by themselves, with the texts of one more language."""
    worker = client.get("/app/worker.js").text
    files = json.loads(worker.partition("const FILES = ")[2].partition(";")[0])
    later = re.compile(worker.partition("const LATER =\n  /")[2].partition("/;")[0])
    taken = [name for name in files if not later.search(name) or name.endswith("/texts/ne.js")]
    assert not [name for name in taken if "rewards" in name]
    answers = [client.get(name, headers={"Accept-Encoding": "gzip"}) for name in taken]
    assert {answer.headers.get("Content-Encoding") for answer in answers} <= {"gzip", None}
    total = sum(len(answer.data) for answer in answers)
    assert total < SMALLEST, total


def test_a_browser_without_brotli_gets_the_same_file(client: FlaskClient) -> None:
    (script,) = re.findall(r'<script type="module" src="([^"]+)"', client.get("/app/").text)
    plain = client.get(script, headers={"Accept-Encoding": "gzip"})
    packed = client.get(script, headers={"Accept-Encoding": "br"})
    assert plain.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in plain.headers["Vary"]
    assert gzip.decompress(plain.data) == brotli.decompress(packed.data)


def test_every_text_is_written_so_that_it_is_found() -> None:
    odd = [
        f"{path.name}: t({start}"
        for path in MODULES
        if path.name != "language.js"
        for start in ANY_TEXT.findall(path.read_text())
        if not start.startswith('"')
    ]
    assert odd == []


def test_every_text_is_there_in_nepali_and_none_is_left_over() -> None:
    assert sorted(WRITTEN - set(NEPALI)) == []
    assert sorted(set(NEPALI) - WRITTEN) == []


def test_both_languages_name_the_same_values() -> None:
    assert [
        english for english, nepali in NEPALI.items() if set(VALUE.findall(english)) != set(VALUE.findall(nepali))
    ] == []
