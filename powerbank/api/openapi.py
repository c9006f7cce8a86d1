"""One flask-smorest `Api`: the OpenAPI 3.1 document comes from the schemas that validate."""

from http import HTTPStatus
from threading import Lock
from typing import Any

import flask_swagger_ui
import marshmallow as ma
from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.common import resolve_schema_instance
from flask import Flask, Response, jsonify, render_template, send_from_directory
from flask_smorest import Api
from flask_smorest import Blueprint as SmorestBlueprint
from flask_smorest.utils import prepare_response

from config import VERSION
from powerbank.api.fields import Money, Time
from powerbank.api.query_parameters import note_query_parameters
from powerbank.api.request_parser import Parser
from powerbank.api.uploads import PhotoField, PictureField

_DIST = f"{flask_swagger_ui.__path__[0]}/dist"
DESCRIPTION = """
The backend of a shared power-bank network. Refusals are problem documents (RFC 9457) with a stable `code`.
Lists take `limit` and `cursor`. A POST that moves money, hardware or points needs an `Idempotency-Key`.
"""


class ProblemSchema(ma.Schema):
    """RFC 9457. `code` is stable; `detail` is for people."""

    type = ma.fields.String(required=True)
    title = ma.fields.String(required=True)
    status = ma.fields.Integer(required=True)
    detail = ma.fields.String(required=True)
    code = ma.fields.String(required=True)
    request_id = ma.fields.String(required=True, allow_none=True)
    errors = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.List(ma.fields.String()))


class PowerbankApi(Api):  # type: ignore[misc]
    """Describes its routes when somebody asks: workers and daemons never are asked."""

    ERROR_SCHEMA = ProblemSchema

    def init_app(self, app: Flask, **options: Any) -> None:
        self._undescribed: list[SmorestBlueprint] = []
        self._describing = Lock()
        super().init_app(app, **options)

    def register_blueprint(self, blueprint: SmorestBlueprint, **options: Any) -> None:
        self._app.extensions["flask-smorest"]["blp_name_to_api"][blueprint.name] = self
        self._app.register_blueprint(blueprint, **options)
        self._undescribed.append(blueprint)

    def document(self) -> dict[str, Any]:
        with self._describing:
            while self._undescribed:
                blueprint = self._undescribed.pop(0)
                blueprint.register_views_in_doc(self, self._app, self.spec, name=blueprint.name, parameters=None)
                self.spec.tag({"name": blueprint.name, "description": blueprint.description})
            return dict(self.spec.to_dict())

    def _register_error_handlers(self) -> None:
        """powerbank.api.problems renders every refusal, of these routes too."""

    def _register_responses(self) -> None:
        for status in HTTPStatus:
            self._problem(status.name, status.phrase)
        self._problem("DEFAULT_ERROR", "A refusal")

    def _problem(self, name: str, description: str) -> None:
        response = {"description": description, "schema": ProblemSchema}
        prepare_response(response, self.spec, "application/problem+json")
        self.spec.components.response(name, response, lazy=True)


class Blueprint(SmorestBlueprint):  # type: ignore[misc]
    """A domain's routes. Documents what `staff_only` and `idempotent` ask for."""

    ARGUMENTS_PARSER = Parser()
    DEFAULT_LOCATION_CONTENT_TYPE_MAPPING = {  # noqa: RUF012 (flask-smorest's way)
        **SmorestBlueprint.DEFAULT_LOCATION_CONTENT_TYPE_MAPPING,
        "multipart": "multipart/form-data",
        "json_or_form": "application/json",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._prepare_doc_cbks.append(_document_guards)

    def arguments(self, schema: Any, **kwargs: Any) -> Any:
        """Made here once, for webargs would make it anew for each request: a tenth of what a small one costs."""
        schema = schema() if isinstance(schema, type) else schema
        decorate = super().arguments(schema, **kwargs)
        schema.body_required = kwargs.get("required", True)  # as the document says it

        def taking(view: Any) -> Any:
            wrapper = decorate(view)
            if kwargs.get("location") == "query":
                note_query_parameters(wrapper, view, schema)
            return wrapper

        return taking


def _document_guards(doc: dict[str, Any], doc_info: dict[str, Any], **_: Any) -> dict[str, Any]:
    if "permission" in doc_info:
        doc["security"] = [{"bearer": []}]
        doc["x-permission"] = doc_info["permission"]
    if doc_info.get("sign_in_optional"):
        doc["security"] = [{}, {"bearer": []}]
    if doc_info.get("form_too"):
        content = doc["requestBody"]["content"]
        content["multipart/form-data"] = dict(content["application/json"])
    if doc_info.get("idempotent"):
        parameter = {
            "name": "Idempotency-Key",
            "in": "header",
            "required": doc_info["idempotent"] is True,
            "schema": {"type": "string"},
        }
        doc.setdefault("parameters", []).append(parameter)
    return doc


def _schema_name(schema: Any) -> str:
    """A PATCH takes the same schema with every field optional: a name of its own in the document."""
    schema = resolve_schema_instance(schema)
    name = type(schema).__name__.removesuffix("Schema")
    return f"{name}Change" if schema.partial else name


api = PowerbankApi(spec_kwargs={"marshmallow_plugin": MarshmallowPlugin(schema_name_resolver=_schema_name)})


def init_app(app: Flask) -> None:
    app.config["API_TITLE"] = "Powerbank"
    app.config["API_VERSION"] = VERSION
    app.config["OPENAPI_VERSION"] = "3.1.0"
    app.config["API_SPEC_OPTIONS"] = {
        "info": {"description": DESCRIPTION},
        "servers": [{"url": app.config["SETTINGS"].public_url}],
    }
    api.init_app(app)
    api.register_field(Time, "string", "date-time")
    api.register_field(PictureField, "string", "binary")
    api.register_field(PhotoField, "string", None)
    api.register_field(Money, "string", None)
    api.spec.components.security_scheme("bearer", {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"})

    @app.get("/")
    def home() -> str:
        return render_template("home.html")

    @app.get("/openapi.json")
    def openapi() -> Response:
        return jsonify(api.document())

    @app.get("/docs")
    def docs() -> str:
        return render_template("docs.html")

    @app.get("/docs/assets/<path:name>")
    def docs_asset(name: str) -> Response:
        return send_from_directory(_DIST, name, max_age=86400)
