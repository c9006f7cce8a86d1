"""What browsers may load follows from the settings."""

import pytest
from flask import Flask

import config
from powerbank.api.server import response_headers


def policy(**settings: str) -> dict[str, list[str]]:
    app = Flask(__name__)
    app.config["SETTINGS"] = config.Settings(
        powerbank_env="test", database_url="postgresql://somebody@localhost/x", **settings
    )
    response_headers.init_app(app)
    sent = app.test_client().get("/").headers["Content-Security-Policy"]
    return {name: sources for name, *sources in (part.split() for part in sent.split(";"))}


@pytest.mark.parametrize("address", ["https://tiles.example/style.json", "https://tiles.example/nepal.pmtiles"])
def test_maps_load_their_ground_from_the_host_of_the_operator(address: str) -> None:
    allowed = policy(map_style_url=address)
    assert "https://tiles.example" in allowed["connect-src"]
    assert allowed["img-src"] == ["'self'", "data:", "blob:", "https://tiles.example"]
    assert allowed["script-src"] == ["'self'"]


def test_without_a_ground_no_other_host_is_asked() -> None:
    assert policy()["img-src"] == ["'self'", "data:"]
