"""Links to documents. They open for five minutes, and only while the sign-in in which they were made lasts and may see
documents. An `<img>` sends no access token, so the link carries what is needed."""

from uuid import UUID

from flask import current_app
from itsdangerous import BadSignature, SignatureExpired

from powerbank.auth.staff import sessions as staff_sessions
from powerbank.auth.staff.sessions import SignedInStaff
from powerbank.base.errors import AppError
from powerbank.base.signatures import TimedSerializer

VALID_SECONDS = 300


def create_link(document_id: UUID, staff: SignedInStaff) -> str:
    return f"{current_app.config['SETTINGS'].public_url}{create_path(document_id, staff)}"


def create_path(document_id: UUID, staff: SignedInStaff) -> str:
    """Create a link for a page of this very site."""
    token = _serializer().dumps([str(document_id), str(staff.id), str(staff.session_id)])
    return f"/media/documents/{document_id}.jpg?token={token}"


def open_link(document_id: UUID, token: str, *, sent_by: UUID | None) -> SignedInStaff:
    """Find the member of staff for whom the link was made.

    `sent_by` is the member whom the request names besides, if any.
    """
    try:
        named, staff_id, session_id = _serializer().loads(token, max_age=VALID_SECONDS)
    except SignatureExpired:
        raise AppError("link_expired", 410, "This link has expired; ask for a new one.") from None
    except (BadSignature, ValueError, TypeError):
        raise _link_refused() from None
    staff = staff_sessions.find_signed_in_staff(staff_id, session_id)
    if named != str(document_id) or staff is None or not staff.may("kyc.read"):
        raise _link_refused()
    if sent_by not in (None, staff.id):
        raise _link_refused()
    return staff


def _link_refused() -> AppError:
    return AppError("link_refused", 403, "This link is not yours or not for this document.")


def _serializer() -> TimedSerializer:
    return TimedSerializer(current_app.config["SECRET_KEY"], salt="kyc-document")
