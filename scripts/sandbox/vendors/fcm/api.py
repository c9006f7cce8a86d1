"""Firebase Cloud Messaging, HTTP v1: the token endpoint and `messages:send`."""

import json
import secrets
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from flask import Blueprint, Response, jsonify, request

from scripts.sandbox.faults import Fault
from scripts.sandbox.messages import Channel
from scripts.sandbox.vendor import Vendor, World
from scripts.sandbox.vendors.fcm.accounts import PREFIX, BadAssertionError, Bearer, ServiceAccounts
from scripts.sandbox.vendors.fcm.message import FCM_ERROR, TARGETS, ViolationError, check

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
ERROR_INFO = "type.googleapis.com/google.rpc.ErrorInfo"
RETRY_AFTER_SECONDS = 2

# Fault: HTTP status, its name, FCM's own code, what it says.
REFUSALS = {
    "unregistered": (404, "NOT_FOUND", "UNREGISTERED", "Requested entity was not found."),
    "sender_mismatch": (403, "PERMISSION_DENIED", "SENDER_ID_MISMATCH", "SenderId mismatch"),
    "third_party_auth": (401, "UNAUTHENTICATED", "THIRD_PARTY_AUTH_ERROR", "Auth error from APNS or Web Push Service"),
    "quota": (429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED", "Quota exceeded for quota metric."),
    "internal": (500, "INTERNAL", "INTERNAL", "Internal error encountered."),
    "overloaded": (503, "UNAVAILABLE", "UNAVAILABLE", "The service is currently unavailable."),
}


class FCMError(Exception):
    def __init__(
        self,
        http: int,
        status: str,
        message: str,
        details: list[dict[str, Any]] | None = None,
        retry_after: str | None = None,
    ) -> None:
        self.http = http
        self.status = status
        self.message = message
        self.details = details or []
        self.retry_after = retry_after

    def response(self) -> Response:
        error: dict[str, Any] = {"code": self.http, "message": self.message, "status": self.status}
        if self.details:
            error["details"] = self.details
        response = jsonify(error=error)
        response.status_code = self.http
        if self.retry_after is not None:
            response.headers["Retry-After"] = self.retry_after
        return response


def blueprint(world: World) -> Blueprint:
    routes = Blueprint("fcm", __name__, url_prefix="/fcm")
    accounts = ServiceAccounts(f"{world.url}/fcm/token")

    @routes.errorhandler(FCMError)
    def refused(problem: FCMError) -> Response:
        return problem.response()

    @routes.errorhandler(ViolationError)
    def violated(problem: ViolationError) -> Response:
        return FCMError(400, "INVALID_ARGUMENT", problem.message, problem.details()).response()

    @routes.get("/service-account.json")
    def service_account() -> Response:
        """The sandbox's own: a service account to download, as from Google's console."""
        return jsonify(accounts.create(request.args.get("project") or world.accounts.fcm_project))

    @routes.post("/token")
    def token() -> Response | tuple[Response, int]:
        if world.faults.take(VENDOR.name, ["token_refused"]):
            return jsonify(error="invalid_grant", error_description="Invalid JWT Signature."), 400
        if request.form.get("grant_type") != JWT_BEARER:
            return jsonify(error="unsupported_grant_type", error_description="Invalid grant_type"), 400
        try:
            given = accounts.exchange(request.form.get("assertion", ""))
        except BadAssertionError as wrong:
            return jsonify(error=wrong.error, error_description=wrong.description), 400
        return jsonify(access_token=given, expires_in=3599, token_type="Bearer")  # noqa: S106

    @routes.post("/v1/projects/<project>/messages:send")
    def send(project: str) -> Response:
        bearer = signed_in(accounts)
        fault = world.faults.take(VENDOR.name, {*REFUSALS, "retry_after_date", "token_expired"}, target())
        if fault:
            raise refusal(fault)
        if project != bearer.project:
            raise FCMError(404, "NOT_FOUND", "Requested entity was not found.")
        body: Any = request.get_json(silent=True, force=True)
        message = check(body)
        name = f"projects/{project}/messages/{secrets.token_hex(16)}"
        if not body.get("validate_only"):
            keep(world, message, name)
        return jsonify(name=name)

    @routes.route("/<path:path>", methods=["GET", "POST"])
    def nowhere(path: str) -> Response:
        """Google's own page: a wrong path must not look like a token that is gone."""
        page = f"<!DOCTYPE html><title>Error 404 (Not Found)!!1</title><p>The requested URL /{path} was not found."
        return Response(page, 404, content_type="text/html; charset=UTF-8")

    return routes


def signed_in(accounts: ServiceAccounts) -> Bearer:
    kind, _, given = request.headers.get("Authorization", "").partition(" ")
    bearer = accounts.bearer(given) if kind == "Bearer" else None
    if bearer:
        return bearer
    # One of ours that is not known was given by an earlier run: to its holder it has expired.
    raise (
        expired()
        if given.startswith(PREFIX)
        else FCMError(
            401,
            "UNAUTHENTICATED",
            "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or "
            "other valid authentication credential.",
        )
    )


def expired() -> FCMError:
    reason = {"@type": ERROR_INFO, "reason": "ACCESS_TOKEN_EXPIRED", "domain": "googleapis.com"}
    return FCMError(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.", [reason])


def refusal(fault: Fault) -> FCMError:
    if fault.fault == "token_expired":
        return expired()
    wait = RETRY_AFTER_SECONDS if fault.seconds is None else int(fault.seconds)
    retry_after: str | None = str(wait)
    kind = fault.fault
    if kind == "retry_after_date":
        retry_after, kind = format_datetime(datetime.now(UTC) + timedelta(seconds=wait), usegmt=True), "overloaded"
    http, status, code, message = REFUSALS[kind]
    details = [{"@type": FCM_ERROR, "errorCode": code}]
    return FCMError(http, status, message, details, retry_after if http in (429, 503) else None)


def target() -> list[str]:
    body = request.get_json(silent=True, force=True)
    message = body.get("message") if isinstance(body, dict) else None
    return [str(message[name]) for name in TARGETS if name in message] if isinstance(message, dict) else []


def keep(world: World, message: dict[str, Any], name: str) -> None:
    shown = message.get("notification") or {}
    details = {"name": name, **{key: value for key, value in message.items() if key != "notification"}}
    body = shown.get("body") or ("" if shown else json.dumps(message.get("data", {}), ensure_ascii=False))
    world.messages.add(
        Channel.PUSH,
        next(message[kind] for kind in TARGETS if message.get(kind)),
        body,
        title=shown.get("title"),
        details=details,
    )


def reach(world: World) -> dict[str, str]:
    return {
        "FCM_END_POINT_BASE": f"{world.url}/fcm/v1/projects",
        "project": world.accounts.fcm_project,
        "service account": f"{world.url}/fcm/service-account.json",
    }


VENDOR = Vendor(
    name="fcm",
    title="FCM push",
    faults={
        **{name: f"{http} {code}" for name, (http, _, code, _) in REFUSALS.items()},
        "retry_after_date": "503 with Retry-After as a date",
        "token_expired": "401 ACCESS_TOKEN_EXPIRED",
        "token_refused": "the token endpoint answers invalid_grant",
    },
    how_to_reach=reach,
    blueprint=blueprint,
    whom=target,
    spared=frozenset({"token", "service_account", "nowhere"}),
)
