"""What staff do at a person: write notes, and end sign-ins."""

from uuid import UUID

from sqlalchemy import delete

from powerbank.admin.people import queries
from powerbank.admin.people.models import UserNote
from powerbank.api.auth import Staff
from powerbank.auth.people import sessions
from powerbank.base import audit
from powerbank.base.db import new_id, open_session
from powerbank.users.models import User


def write_note(user_id: UUID, *, text: str, staff: Staff) -> UserNote:
    """Write a note about a person for other staff. The audit log has that it was written, and not what it says."""
    queries.get_person(user_id)
    note = UserNote(id=new_id(), user_id=user_id, staff_id=staff.id, text=text)
    open_session().add(note)
    open_session().flush()
    open_session().refresh(note)
    _record("user.note", user_id, staff, {"note_id": str(note.id)})
    return note


def end_sign_ins(user_id: UUID, *, reason: str, staff: Staff) -> int:
    """Sign a person out on every device, and return how many sign-ins that ended."""
    queries.get_person(user_id)
    ended = queries.count_open_sign_ins(user_id)
    sessions.end_sessions_of_user(user_id, "staff")
    _record("user.end_sessions", user_id, staff, {"reason": reason, "ended": ended})
    return ended


def record_look(user_id: UUID, *, staff: Staff) -> None:
    """Record that a member of staff saw the phone number and the e-mail address of a person in full."""
    _record("user.read_contact", user_id, staff, None)


def record_export(user_id: UUID, *, staff: Staff) -> None:
    """Record that a member of staff took along all that is kept of a person."""
    queries.get_person(user_id)
    _record("user.export_data", user_id, staff, None)


def forget_notes_of_user(user: User) -> None:
    """Forget what staff wrote about a person who leaves."""
    open_session().execute(delete(UserNote).where(UserNote.user_id == user.id))


def _record(action: str, user_id: UUID, staff: Staff, new: dict[str, object] | None) -> None:
    audit.record(actor=audit.staff_actor(staff.id), action=action, object_kind="user", object_id=user_id, new=new)
