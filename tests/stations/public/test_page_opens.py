"""How often the page behind a station's code is opened is counted by the hour."""

from flask import Flask
from flask.testing import FlaskClient

from tests.people import rows
from tests.stations.conftest import Make


def test_each_opening_is_counted_and_what_is_no_station_is_not(
    app: Flask, client: FlaskClient, make_station: Make
) -> None:
    make_station("A")
    for _ in range(3):
        assert client.get("/s/A").status_code == 200
    assert client.get("/s/NOWHERE").status_code == 404
    counted = rows(app, "SELECT sum(opens), count(*) FILTER (WHERE hour > now()) FROM station_page_opens")
    assert counted == [(3, 0)]
