"""Documents at Cloudinary, as raw files of the type `authenticated`.

Nobody reads them without a signature, and whoever does sees encrypted bytes. Its package keeps settings for the whole
process and reads them from the environment, so every call here brings its own. The package would take a string for the
path or the address of a file, so it is given streams only.
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
            raise VendorError("documents: Cloudinary did not receive the whole document")

    def read(self, key: str) -> bytes:
        link = cloudinary.utils.private_download_url(
            _public_id(key), "", expires_at=int(utcnow().timestamp()) + LINK_SECONDS, **self._file, **self._account
        )
        try:
            response = requests.get(link, timeout=TIMEOUT, allow_redirects=False)
        except requests.RequestException as error:
            raise VendorError(f"documents: {type(error).__name__}") from None  # its text holds the link
        if response.status_code != 200:
            _raise_vendor_error(response.status_code in PERMANENT_STATUSES, str(response.status_code))
        return response.content

    def delete(self, key: str) -> None:
        answer = self._ask(cloudinary.uploader.destroy, _public_id(key), invalidate=True)
        if answer.get("result") not in ("ok", "not found"):
            raise VendorError("documents: Cloudinary did not confirm the deletion")

    def _ask(self, call: Any, *arguments: Any, **options: Any) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = call(*arguments, **options, **self._file, **self._account, timeout=TIMEOUT)
        except cloudinary.exceptions.Error as error:
            _raise_vendor_error(isinstance(error, PERMANENT), type(error).__name__)
        return answer


def _raise_vendor_error(permanent: bool, kind: str) -> NoReturn:
    """Raise the kind of the error without Cloudinary's text, which repeats what was sent."""
    error = VendorRefusedError if permanent else VendorError
    raise error(f"documents: Cloudinary answered {kind}") from None


def _public_id(key: str) -> str:
    return f"kyc/{key}"
