"""Cloudinary: signed uploads, delivery, and links that expire. Transformations are accepted, not performed."""

import base64
import binascii
import re
import secrets
import time
from collections.abc import Mapping
from urllib.parse import quote

from flask import Blueprint, Response, jsonify, request

from scripts.sandbox.vendor import Vendor, World
from scripts.sandbox.vendors.cloudinary.files import Store, Stored, sniff
from scripts.sandbox.vendors.cloudinary.signatures import request_is_signed, to_sign, url_is_signed

MAX_IMAGE_BYTES = 10 * 1024 * 1024
VALID_SECONDS = 3600
TYPES = ("upload", "private", "authenticated")
RESOURCES = ("image", "video", "raw")
VERSION = re.compile(r"v\d+")
SIGNATURE = re.compile(r"s--([A-Za-z0-9_-]+)--")


class CloudinaryError(Exception):
    def __init__(self, status: int, message: str) -> None:
        self.status = status
        self.message = message


def blueprint(world: World) -> Blueprint:
    routes = Blueprint("cloudinary", __name__, url_prefix="/cloudinary")
    store = Store()
    world.on_reset.append(store.clear)

    @routes.errorhandler(CloudinaryError)
    def refused(problem: CloudinaryError) -> Response:
        response = jsonify(error={"message": problem.message})
        response.status_code = problem.status
        response.headers["X-Cld-Error"] = problem.message.replace("\n", " ")
        return response

    @routes.post("/v1_1/<cloud>/<resource_type>/upload")
    def upload(cloud: str, resource_type: str) -> Response:
        refuse_if_asked(world)
        check_signed(world, cloud, request.form)
        type_ = known_type(request.form)
        content, name = uploaded()
        stored = describe(content, name, resource_type, type_)
        existing = store.get(*stored.key)
        if existing and request.form.get("overwrite") in ("0", "false"):
            return jsonify({**answer(world, existing), "existing": True})
        store.put(stored)
        return jsonify(answer(world, stored))

    @routes.post("/v1_1/<cloud>/<resource_type>/destroy")
    def destroy(cloud: str, resource_type: str) -> tuple[Response, int]:
        refuse_if_asked(world)
        check_signed(world, cloud, request.form)
        if not request.form.get("public_id"):
            raise CloudinaryError(400, "Missing required parameter - public_id")
        if store.remove(resource_type, known_type(request.form), request.form["public_id"]):
            return jsonify(result="ok"), 200
        # As in the documentation: not an error, and not a success.
        return jsonify(result="not found"), 200

    @routes.get("/v1_1/<cloud>/<resource_type>/download")
    def download(cloud: str, resource_type: str) -> Response:
        """`private_download_url`: the one kind of link that expires."""
        refuse_if_asked(world)
        check_signed(world, cloud, request.args)
        expires_at = request.args.get("expires_at", "")
        if expires_at and not (expires_at.isdigit() and int(expires_at) > time.time()):
            raise CloudinaryError(401, "Link expired")
        stored = store.get(resource_type, known_type(request.args), request.args.get("public_id", ""))
        if stored is None:
            raise CloudinaryError(404, f"Resource not found - {request.args.get('public_id', '')}")
        response = sent(stored)
        if request.args.get("attachment") in ("true", "1"):
            response.headers.set("Content-Disposition", "attachment", filename=stored.file_name.rpartition("/")[2])
        return response

    @routes.get("/<cloud>/<resource_type>/<any(upload,private,authenticated):type_>/<path:rest>")
    def deliver(cloud: str, resource_type: str, type_: str, rest: str) -> Response:
        refuse_if_asked(world)
        signature, path = split_signature(rest)
        # What is signed is the path as it travels, escapes and all.
        travelled = request.environ["RAW_URI"].partition("?")[0].split(f"/{type_}/", 1)[1]
        signed = url_is_signed(split_signature(travelled)[1], signature, world.accounts.cloudinary_secret)
        found = find(store, resource_type, type_, path) if cloud == world.accounts.cloudinary_cloud else None
        derived = found is not None and found[1]
        # Of a private image the derived ones are public: that is why ID papers are `authenticated`.
        open_to_all = type_ == "upload" or (type_ == "private" and derived)
        if not signed and (signature or not open_to_all):
            raise CloudinaryError(401, "deny or bad signature")
        if found is None:
            raise CloudinaryError(404, f"Resource not found - {path}")
        return sent(found[0])

    return routes


def refuse_if_asked(world: World) -> None:
    fault = VENDOR.take_own(world, whom())
    if fault:
        status, message = REFUSALS[fault.fault]
        raise CloudinaryError(status, message)


def check_signed(world: World, cloud: str, params: Mapping[str, str]) -> None:
    accounts = world.accounts
    if cloud != accounts.cloudinary_cloud:
        raise CloudinaryError(401, f"Invalid cloud_name {cloud}")
    if "signature" not in params:
        raise CloudinaryError(400, "Upload preset must be specified when using unsigned upload")
    if "api_key" not in params:
        raise CloudinaryError(401, "Must supply api_key")
    if params["api_key"] != accounts.cloudinary_key:
        raise CloudinaryError(401, f"Invalid api_key {params['api_key']}")
    if not request_is_signed(params, params["signature"], accounts.cloudinary_secret):
        message = f"Invalid Signature {params['signature']}. String to sign - '{to_sign(params)}'."
        raise CloudinaryError(401, message)
    timestamp = params.get("timestamp", "")
    if not timestamp.isdigit():
        raise CloudinaryError(400, "Missing required parameter - timestamp")
    if int(timestamp) < time.time() - VALID_SECONDS:
        raise CloudinaryError(400, f"Stale request - reported time is {timestamp} which is more than 1 hour ago")


def known_type(params: Mapping[str, str]) -> str:
    type_ = params.get("type") or "upload"
    if type_ not in TYPES:
        raise CloudinaryError(400, f"Invalid type {type_}")
    return type_


def uploaded() -> tuple[bytes, str]:
    if "file" in request.files:
        return request.files["file"].read(), request.files["file"].filename or ""
    given = request.form.get("file", "")
    if not given:
        raise CloudinaryError(400, "Missing required parameter - file")
    head, comma, data = given.partition(",")
    if not (head.startswith("data:") and head.endswith(";base64") and comma):
        raise CloudinaryError(400, f"The sandbox fetches nothing from elsewhere: {given[:80]}")
    try:
        return base64.b64decode(data, validate=True), ""
    except binascii.Error:
        raise CloudinaryError(400, "Invalid data URI") from None


def describe(content: bytes, name: str, resource_type: str, type_: str) -> Stored:
    if not content:
        raise CloudinaryError(400, "Empty file")
    known = sniff(content)
    if resource_type == "auto":
        resource_type = "image" if known else "raw"
    if resource_type not in RESOURCES:
        raise CloudinaryError(400, f"Invalid resource type {resource_type}")
    if resource_type == "image" and known is None:
        raise CloudinaryError(400, "Invalid image file")
    if resource_type == "image" and len(content) > MAX_IMAGE_BYTES:
        raise CloudinaryError(
            400, f"File size too large. Got {len(content)}. Maximum is {MAX_IMAGE_BYTES}. Upgrade your plan."
        )
    extension = name.rpartition(".")[2].lower() if "." in name else None
    public_id = request.form.get("public_id") or secrets.token_hex(10)
    if resource_type == "raw" and extension and not request.form.get("public_id"):
        public_id = f"{public_id}.{extension}"
    if request.form.get("folder"):
        public_id = f"{request.form['folder'].strip('/')}/{public_id}"
    return Stored(
        public_id=public_id,
        resource_type=resource_type,
        type=type_,
        content=content,
        format=known[0] if known and resource_type == "image" else extension if resource_type == "video" else None,
        size=known[1] if known and resource_type == "image" else None,
        tags=tuple(tag for tag in request.form.get("tags", "").split(",") if tag),
    )


def answer(world: World, stored: Stored) -> dict[str, object]:
    place = f"{world.accounts.cloudinary_cloud}/{stored.resource_type}/{stored.type}/v{stored.version}"
    url = f"{world.url}/cloudinary/{place}/{quote(stored.file_name)}"
    return {**stored.as_json(), "signature": secrets.token_hex(20), "url": url, "secure_url": url}


def split_signature(rest: str) -> tuple[str, str]:
    """The signature, and the path that it signs: without the version."""
    pieces = rest.split("/")
    found = SIGNATURE.fullmatch(pieces[0])
    if found:
        pieces = pieces[1:]
    return found[1] if found else "", "/".join(piece for piece in pieces if not VERSION.fullmatch(piece))


def find(store: Store, resource_type: str, type_: str, path: str) -> tuple[Stored, bool] | None:
    """The file, and whether an image derived from it is asked for: what precedes a public id is a transformation."""
    pieces = path.split("/")
    for first in range(len(pieces)):
        name = "/".join(pieces[first:])
        for public_id in (name, name.rpartition(".")[0]):
            stored = store.get(resource_type, type_, public_id) if public_id else None
            if stored:
                converted = name not in (public_id, stored.file_name)
                return stored, first > 0 or converted
    return None


def sent(stored: Stored) -> Response:
    response = Response(stored.content, content_type=stored.content_type)
    response.set_etag(stored.etag)
    return response


def whom() -> list[str]:
    public_id = request.values.get("public_id")
    return [request.path, *([public_id] if public_id else [])]


def reach(world: World) -> dict[str, str]:
    accounts = world.accounts
    return {
        "upload_prefix": f"{world.url}/cloudinary",
        "cloud_name": accounts.cloudinary_cloud,
        "api_key": accounts.cloudinary_key,
        "api_secret": accounts.cloudinary_secret,
        "delivery": f"{world.url}/cloudinary/{accounts.cloudinary_cloud}",
    }


REFUSALS = {
    "rate_limited": (420, "Rate Limit Exceeded. Limit of 500 api operations reached."),
    "not_allowed": (403, "Action is not allowed for this account"),
    "disabled": (401, "cloud_name is disabled"),
}

VENDOR = Vendor(
    name="cloudinary",
    title="Cloudinary",
    faults={name: f"{status}: {message}" for name, (status, message) in REFUSALS.items()},
    how_to_reach=reach,
    blueprint=blueprint,
    whom=whom,
)
