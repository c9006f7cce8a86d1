"""The OpenAPI 3.1 document, made from the schemas that validate, and the page that a visitor sees first.

All that leans on the inside of flask-smorest stands here. It was written against 0.47; tests/api/test_openapi.py fails
when one of these changes:
- `_apidoc` on a view carries what decorators note for the document (`note_for_document`);
- `_prepare_doc_cbks` of a blueprint turns those notes into the document;
- `register_blueprint` of the API happens in two steps here: describing the routes takes some 0.4 s, and only who asks
  for the document needs it.
"""

from http import HTTPStatus
from threading import Lock
from typing import Any

import marshmallow as ma
from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.common import resolve_schema_instance
from flask import Flask, Response, current_app, render_template
from flask_smorest import Api
from flask_smorest import Blueprint as SmorestBlueprint
from flask_smorest.utils import prepare_response

from config import VERSION
from powerbank.api.document.examples import find_example
from powerbank.api.document.refusals import add_refusals
from powerbank.api.document.titles import add_titles
from powerbank.api.fields import Money, Time
from powerbank.api.requests.parser import Parser
from powerbank.api.requests.query_parameters import note_query_parameters
from powerbank.base.application import dump_json

DESCRIPTION = """
The backend of a shared power-bank network. The [guides](/docs) go through it step by step.

Refusals are problem documents (RFC 9457): decide by `code`, which stays, and show `detail`. Each route lists its codes.
Lists take `limit` and `cursor` and answer `next_cursor`. A POST that moves money, hardware or points needs an
`Idempotency-Key`. Money is text with its `currency` beside it; times are ISO 8601 in UTC.
"""


class ProblemSchema(ma.Schema):
    """A refusal, as RFC 9457 describes it. `code` is stable; `detail` is for people. Some codes have members more, as
    `insufficient_funds` has `shortfall`."""

    class Meta:
        unknown = ma.INCLUDE

    type = ma.fields.String(required=True)
    title = ma.fields.String(required=True)
    status = ma.fields.Integer(required=True)
    detail = ma.fields.String(required=True)
    code = ma.fields.String(required=True)
    request_id = ma.fields.String(required=True, allow_none=True)
    errors = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.List(ma.fields.String()))


class PowerbankApi(Api):  # type: ignore[misc]
    """flask-smorest's API, which describes its routes only when somebody asks for the document."""

    ERROR_SCHEMA = ProblemSchema

    def init_app(self, app: Flask, **options: Any) -> None:
        self._undescribed: list[SmorestBlueprint] = []
        self._describing = Lock()
        self._document: bytes | None = None
        super().init_app(app, **options)

    def register_blueprint(self, blueprint: SmorestBlueprint, **options: Any) -> None:
        self._app.extensions["flask-smorest"]["blp_name_to_api"][blueprint.name] = self
        self._app.register_blueprint(blueprint, **options)
        self._undescribed.append(blueprint)

    def document(self) -> bytes:
        """Write the document as JSON. It is the same for every request, so it is written once in each process."""
        with self._describing:
            if self._document is None:
                for blueprint in self._undescribed:
                    blueprint.register_views_in_doc(self, self._app, self.spec, name=blueprint.name, parameters=None)
                    self.spec.tag({"name": blueprint.name, "description": blueprint.description})
                document = self.spec.to_dict()
                add_titles(document)
                add_refusals(document)
                self._document = dump_json(document)
            return self._document

    def _register_error_handlers(self) -> None:
        """Register none: `powerbank.api.problems` renders every refusal, those of the API's routes too."""

    def _register_responses(self) -> None:
        for status in HTTPStatus:
            self._problem(status.name, status.phrase)
        self._problem("DEFAULT_ERROR", "A refusal")

    def _problem(self, name: str, description: str) -> None:
        response = {"description": description, "schema": ProblemSchema}
        prepare_response(response, self.spec, "application/problem+json")
        self.spec.components.response(name, response, lazy=True)


class Blueprint(SmorestBlueprint):  # type: ignore[misc]
    """The routes of a domain. The document says what their guards and `idempotent` ask for."""

    refuses_unknown_query_parameters = True

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
        """Make the schema once. webargs would make it anew for each request: a tenth of the cost of a small one."""
        schema = schema() if isinstance(schema, type) else schema
        decorate = super().arguments(schema, **kwargs)
        schema.body_required = kwargs.get("required", True)  # as the document says it

        def decorate_and_note(view: Any) -> Any:
            wrapper = decorate(view)
            if kwargs.get("location") == "query":
                note_query_parameters(wrapper, view, schema)
            return wrapper

        return decorate_and_note


def note_for_document(view: Any, **notes: Any) -> None:
    """Note on a view what the document shall say of it, such as the permission that its guard asks for."""
    view._apidoc = {**notes_for_document(view), **notes}


def notes_for_document(view: Any) -> dict[str, Any]:
    """Give what the decorators of a view have noted for the document."""
    return getattr(view, "_apidoc", {})


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
    """Name a schema in the document. That of a PATCH has every field optional, and so a name of its own."""
    schema = resolve_schema_instance(schema)
    name = type(schema).__name__.removesuffix("Schema")
    return f"{name}Change" if schema.partial else name


_schemas = MarshmallowPlugin(schema_name_resolver=_schema_name)
api = PowerbankApi(spec_kwargs={"marshmallow_plugin": _schemas})


def init_app(app: Flask) -> None:
    app.config["API_TITLE"] = "Powerbank"
    app.config["API_VERSION"] = VERSION
    app.config["OPENAPI_VERSION"] = "3.1.0"
    app.config["API_SPEC_OPTIONS"] = {
        "info": {"description": DESCRIPTION},
        "servers": [{"url": app.config["SETTINGS"].public_url}],
    }
    api.init_app(app)
    if _schemas.converter is not None:  # it is made with the document
        _schemas.converter.add_attribute_function(find_example)  # type: ignore[no-untyped-call]
    api.register_field(Time, "string", "date-time")
    api.register_field(Money, "string", None)
    api.spec.components.security_scheme("bearer", {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"})

    @app.get("/")
    def home() -> str:
        return render_template("home.html")

    @app.get("/openapi.json")
    def openapi() -> Response:
        return current_app.response_class(api.document(), mimetype="application/json")
