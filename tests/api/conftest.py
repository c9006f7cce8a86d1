"""An application with a few routes of the tests' own, for what every route shares."""

from typing import Any

import pytest
from flask import Flask, request
from flask.testing import FlaskClient
from marshmallow import Schema, fields
from sqlalchemy import text

from powerbank import create_app
from powerbank.api.idempotency import idempotent
from powerbank.api.openapi import Blueprint
from powerbank.api.rate_limits import hit_or_refuse
from powerbank.base.db import open_session
from powerbank.base.errors import AppError


class ProbeSchema(Schema):
    key = fields.String(required=True)
    count = fields.Integer(load_default=1)


def probes() -> Blueprint:
    blueprint = Blueprint("probes", __name__, url_prefix="/probe")

    @blueprint.get("/broken")
    def broken() -> None:
        raise RuntimeError("a secret detail of the inside")

    @blueprint.get("/away")
    def away() -> str:
        open_session()
        return "never"

    @blueprint.post("/echo")
    @blueprint.arguments(ProbeSchema)
    @blueprint.response(200, ProbeSchema)
    def echo(body: dict[str, Any]) -> dict[str, Any]:
        return body

    @blueprint.post("/once")
    @idempotent
    @blueprint.arguments(ProbeSchema)
    @blueprint.response(201, ProbeSchema)
    def once(body: dict[str, Any]) -> dict[str, Any]:
        if body["key"] == "refuse":
            raise AppError("refused", 409, "Not now.")
        open_session().execute(text("INSERT INTO test_effects (key) VALUES (:key)"), body)
        open_session().execute(text("SELECT pg_sleep(0.05)"))
        return body

    @blueprint.get("/limited")
    def limited() -> str:
        hit_or_refuse("2 per minute", "limited", request.remote_addr or "")
        return "ok"

    @blueprint.post("/guarded")
    def guarded() -> str:
        hit_or_refuse("2 per hour", "probe")
        return "ok"

    return blueprint


@pytest.fixture(scope="session")
def probe_app(app: Flask) -> Flask:
    probe = create_app()
    probe.register_blueprint(probes())
    return probe


@pytest.fixture
def probe(probe_app: Flask, clean: None) -> FlaskClient:
    return probe_app.test_client()
