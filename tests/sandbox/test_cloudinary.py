"""Cloudinary, signed by hand with the documented algorithm: its package is not installed."""

import base64
import hashlib
import struct
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests

from scripts.sandbox import Sandbox
from scripts.sandbox.vendors.cloudinary.files import sniff

PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIBBBBBI", 13, b"IHDR", 3, 2, 8, 2, 0, 0, 0, 0)

Post = Callable[..., requests.Response]


def signed(sandbox: Sandbox, params: dict[str, Any], algorithm: str = "sha1") -> dict[str, Any]:
    params = {"timestamp": str(int(time.time())), **params}
    text = "&".join(f"{name}={value}".replace("&", "%26") for name, value in sorted(params.items()))
    digest = hashlib.new(algorithm, (text + sandbox.accounts.cloudinary_secret).encode()).hexdigest()
    return {**params, "signature": digest, "api_key": sandbox.accounts.cloudinary_key}


def url_signature(sandbox: Sandbox, path: str, algorithm: str = "sha1", length: int = 8) -> str:
    digest = hashlib.new(algorithm, (path + sandbox.accounts.cloudinary_secret).encode()).digest()
    return f"s--{base64.urlsafe_b64encode(digest).decode()[:length]}--"


@pytest.fixture
def api(sandbox: Sandbox) -> str:
    return f"{sandbox.url}/cloudinary/v1_1/{sandbox.accounts.cloudinary_cloud}"


@pytest.fixture
def upload(api: str, sandbox: Sandbox, http: requests.Session) -> Post:
    def upload(content: bytes = PNG, *, algorithm: str = "sha1", resource: str = "image", **params: Any) -> Any:
        form = signed(sandbox, params, algorithm)
        return http.post(f"{api}/{resource}/upload", data=form, files={"file": ("a.png", content)}, timeout=10)

    return upload


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_an_uploaded_file_is_delivered(upload: Post, http: requests.Session, algorithm: str) -> None:
    told = upload(algorithm=algorithm, public_id="stations/a & b", tags="x,y").json()
    assert (told["width"], told["height"], told["format"], told["bytes"]) == (3, 2, "png", len(PNG))
    assert (told["public_id"], told["tags"]) == ("stations/a & b", ["x", "y"])
    read = http.get(told["secure_url"], timeout=10)
    assert (read.content, read.headers["Content-Type"]) == (PNG, "image/png")
    scaled = told["secure_url"].replace("/image/upload/", "/image/upload/w_100,c_fill/")
    assert http.get(scaled, timeout=10).status_code == 200


def test_a_data_uri_is_taken_and_an_address_is_not(api: str, sandbox: Sandbox, http: requests.Session) -> None:
    uri = "data:image/png;base64," + base64.b64encode(PNG).decode()
    taken = http.post(f"{api}/image/upload", data={**signed(sandbox, {}), "file": uri}, timeout=10)
    assert (taken.status_code, taken.json()["bytes"]) == (200, len(PNG))
    address = {**signed(sandbox, {}), "file": "http://127.0.0.1/x.png"}
    assert http.post(f"{api}/image/upload", data=address, timeout=10).status_code == 400


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"signature": "0" * 40}, "Invalid Signature"),
        ({"signature": ""}, "Invalid Signature"),
        ({"public_id": "another"}, "Invalid Signature"),
        ({"public_id": "mine&type=private", "type": ""}, "Invalid Signature"),
        ({"api_key": "1"}, "Invalid api_key"),
    ],
)
def test_a_wrong_signature_is_refused(
    api: str, sandbox: Sandbox, http: requests.Session, changed: dict[str, str], said: str
) -> None:
    form = {**signed(sandbox, {"public_id": "mine", "type": "private"}), **changed}
    answer = http.post(f"{api}/image/upload", data=form, files={"file": PNG}, timeout=10)
    assert answer.status_code == 401
    assert answer.json()["error"]["message"].startswith(said)


def test_wrong_uploads_are_refused(api: str, upload: Post, http: requests.Session) -> None:
    unsigned = http.post(f"{api}/image/upload", files={"file": PNG}, timeout=10)
    assert (unsigned.status_code, unsigned.json()["error"]["message"][:13]) == (400, "Upload preset")
    stale = upload(timestamp=str(int(time.time()) - 3700))
    assert stale.json()["error"]["message"].startswith("Stale request")
    assert upload(b"no image").json()["error"]["message"] == "Invalid image file"
    assert upload(b"").status_code == 400
    assert upload(PNG + bytes(10 * 1024 * 1024)).json()["error"]["message"].startswith("File size too large")
    assert upload(type="elsewhere").status_code == 400


def test_an_existing_file_is_kept_where_asked(upload: Post, http: requests.Session) -> None:
    upload(public_id="kept")
    again = upload(PNG + b"changed", public_id="kept", overwrite="0").json()
    assert again["existing"] is True
    assert http.get(again["secure_url"], timeout=10).content == PNG


def test_authenticated_files_need_a_signature(sandbox: Sandbox, upload: Post, http: requests.Session) -> None:
    told = upload(public_id="kyc/1", type="authenticated").json()
    plain = told["secure_url"]
    assert http.get(plain, timeout=10).status_code == 401
    base, version = plain.split("/v")[0], f"v{told['version']}"
    for algorithm, length in (("sha1", 8), ("sha256", 8), ("sha256", 32)):
        mark = url_signature(sandbox, "kyc/1.png", algorithm, length)
        assert http.get(f"{base}/{mark}/{version}/kyc/1.png", timeout=10).content == PNG
    small = url_signature(sandbox, "w_10/kyc/1.png")
    assert http.get(f"{base}/{small}/w_10/{version}/kyc/1.png", timeout=10).status_code == 200
    assert http.get(f"{base}/{small}/w_20/{version}/kyc/1.png", timeout=10).status_code == 401
    upload(public_id="kyc/a & b", type="authenticated")
    escaped = f"{url_signature(sandbox, 'kyc/a%20%26%20b.png')}/v1/kyc/a%20%26%20b.png"
    assert http.get(f"{base}/{escaped}", timeout=10).status_code == 200
    assert http.get(f"{base}/s--AAAAAAAA--/{version}/kyc/1.png", timeout=10).status_code == 401
    assert http.get(plain.replace("authenticated", "upload"), timeout=10).status_code == 404
    assert http.get(f"{base}/w_10/kyc/1.png", timeout=10).status_code == 401


def test_of_private_files_the_derived_ones_are_public(upload: Post, http: requests.Session) -> None:
    original = upload(public_id="private-one", type="private").json()["secure_url"]
    assert http.get(original, timeout=10).status_code == 401
    assert http.get(original.replace("/private/", "/private/w_100/"), timeout=10).status_code == 200


def test_a_download_link_ends(api: str, sandbox: Sandbox, upload: Post, http: requests.Session) -> None:
    upload(public_id="kyc/2", type="authenticated")
    asked = {"public_id": "kyc/2", "format": "png", "type": "authenticated"}
    now = int(time.time())

    def read(**changed: str) -> requests.Response:
        return http.get(f"{api}/image/download", params={**link, **changed}, timeout=10)

    link = signed(sandbox, {**asked, "expires_at": str(now + 60)})
    assert read().content == PNG
    assert read(expires_at=str(now + 6000)).status_code == 401
    assert read(public_id="kyc/1").status_code == 401
    link = signed(sandbox, {**asked, "expires_at": str(now - 1)})
    assert read().status_code == 401


def test_a_destroyed_file_is_gone(api: str, sandbox: Sandbox, upload: Post, http: requests.Session) -> None:
    url = upload(public_id="gone").json()["secure_url"]
    answers = [
        http.post(f"{api}/image/destroy", data=signed(sandbox, {"public_id": "gone"}), timeout=10).json()["result"]
        for _ in range(2)
    ]
    assert answers == ["ok", "not found"]
    assert http.get(url, timeout=10).status_code == 404


@pytest.mark.parametrize(("fault", "status"), [("rate_limited", 420), ("disabled", 401), ("error", 500)])
def test_faults(sandbox: Sandbox, upload: Post, fault: str, status: int) -> None:
    sandbox.faults.set("cloudinary", fault, times=1, match="kyc/")
    assert upload(public_id="station").status_code == 200
    assert upload(public_id="kyc/3").status_code == status
    assert upload(public_id="kyc/3").status_code == 200


@pytest.mark.parametrize(
    ("content", "known"),
    [
        (b"GIF89a" + struct.pack("<HH", 5, 4), ("gif", (5, 4))),
        (b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc0\x00\x11\x08\x00\x07\x00\x09", ("jpg", (9, 7))),
        (b"RIFF\0\0\0\0WEBPVP8X" + bytes(8) + b"\x08\0\0\x06\0\0", ("webp", (9, 7))),
        (b"%PDF-1.7", ("pdf", None)),
        (b"\xff\xd8\xff\xe0", None),
        (b"<svg/>", None),
    ],
)
def test_images_are_recognised_by_their_first_bytes(content: bytes, known: object) -> None:
    assert sniff(content) == known
