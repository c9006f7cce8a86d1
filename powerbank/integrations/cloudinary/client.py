"""Documents at Cloudinary, as raw files of the type `authenticated`: without a signature nobody reads them, and
who reads them sees encrypted bytes.

Its package keeps settings for the whole process and reads them from the environment; every call here brings
its own. A string given as a file would be taken for a path or an address, so only streams are given.
"""

import io
from typing import Any, NoReturn

import cloudinary.exceptions
import cloudinary.uploader
import cloudinary.utils
import requests

from powerbank.base.clock import utcnow
from powerbank.integrations.errors import VendorError, VendorRefusedError

TIMEOUT = 20
LINK_SECONDS = 60
PERMANENT = (
    cloudinary.exceptions.BadRequest,
    cloudinary.exceptions.AuthorizationRequired,
    cloudinary.exceptions.NotAllowed,
    cloudinary.exceptions.NotFound,
)
PERMANENT_STATUSES = {400, 401, 403, 404}


class CloudinaryDocuments:
    def __init__(self, *, cloud: str, api_key: str, api_secret: str, api_url: str) -> None:
        self._file = {"resource_type": "raw", "type": "authenticated"}
        self._account = {
            "cloud_name": cloud,
            "api_key": api_key,
            "api_secret": api_secret,
            "upload_prefix": api_url,
            "oauth_token": None,
        }

    def put(self, key: str, content: bytes) -> None:
        answer = self._ask(
            cloudinary.uploader.upload, io.BytesIO(content), public_id=_public_id(key), overwrite=True, filename=key
        )
        if answer.get("bytes") != len(content):
            raise VendorError("documents: Cloudinary did not get all of it")

    def read(self, key: str) -> bytes:
        link = cloudinary.utils.private_download_url(
            _public_id(key), "", expires_at=int(utcnow().timestamp()) + LINK_SECONDS, **self._file, **self._account
        )
        try:
            response = requests.get(link, timeout=TIMEOUT, allow_redirects=False)
        except requests.RequestException as error:
            raise VendorError(f"documents: {type(error).__name__}") from None  # its text would hold the link
        if response.status_code != 200:
            _refuse(response.status_code in PERMANENT_STATUSES, str(response.status_code))
        return response.content

    def delete(self, key: str) -> None:
        answer = self._ask(cloudinary.uploader.destroy, _public_id(key), invalidate=True)
        if answer.get("result") not in ("ok", "not found"):
            raise VendorError("documents: Cloudinary did not say that it is gone")

    def _ask(self, call: Any, *arguments: Any, **options: Any) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = call(*arguments, **options, **self._file, **self._account, timeout=TIMEOUT)
        except cloudinary.exceptions.Error as error:
            _refuse(isinstance(error, PERMANENT), type(error).__name__)
        return answer


def _refuse(permanent: bool, told: str) -> NoReturn:
    """The kind of error only: Cloudinary's own texts repeat what was sent."""
    kind = VendorRefusedError if permanent else VendorError
    raise kind(f"documents: Cloudinary answered {told}") from None


def _public_id(key: str) -> str:
    return f"kyc/{key}"
