"""Addresses of documents: they open for five minutes, and only while the sign-in they were made in lasts and
may see documents. An `<img>` sends no access token, so the address carries what is needed."""

from uuid import UUID

from flask import current_app
from itsdangerous import BadSignature, SignatureExpired

from powerbank.auth.staff import sessions as staff_sessions
from powerbank.auth.staff.sessions import SignedInStaff
from powerbank.base.errors import AppError
from powerbank.base.signed_texts import TimedSerializer

VALID_SECONDS = 300


def make(document_id: UUID, staff: SignedInStaff) -> str:
    token = _serializer().dumps([str(document_id), str(staff.id), str(staff.session_id)])
    return f"{current_app.config['SETTINGS'].public_url}/media/documents/{document_id}.jpg?token={token}"


def open_link(document_id: UUID, token: str, *, sent_by: UUID | None) -> SignedInStaff:
    """Whoever it was made for. `sent_by` is the member of staff that the request names besides, if any."""
    try:
        named, staff_id, session_id = _serializer().loads(token, max_age=VALID_SECONDS)
    except SignatureExpired:
        raise AppError("link_expired", 410, "This link has expired; ask for a new one.") from None
    except (BadSignature, ValueError, TypeError):
        raise _foreign() from None
    staff = staff_sessions.find_signed_in_staff(staff_id, session_id)
    if named != str(document_id) or staff is None or not staff.may("kyc.read"):
        raise _foreign()
    if sent_by not in (None, staff.id):
        raise _foreign()
    return staff


def _foreign() -> AppError:
    return AppError("link_refused", 403, "This link is not yours or not for this document.")


def _serializer() -> TimedSerializer:
    return TimedSerializer(current_app.config["SECRET_KEY"], salt="kyc-document")
