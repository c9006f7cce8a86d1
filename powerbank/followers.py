"""The followers of events that tell somebody: a person, staff, a venue, or the conversation with support."""

from powerbank.notifications.people.notice_types import NoticeType
from powerbank.notifications.staff.notice_types import StaffNoticeType
from powerbank.outbox.catalogue import notification_jobs, support_jobs
from powerbank.outbox.events import Follower


def tell_user(notice: NoticeType, *, once_per: str | None = None, **when: str | int | bool) -> Follower:
    """Let the person whom the event's `user_id` names hear of it, where its fields are as `when` says. `once_per` names
    the field by which two events are the same."""
    return Follower(
        notification_jobs.NOTIFY_USER,
        {"notice": notice.value, "once_per": once_per},
        when,
        several=notification_jobs.NOTIFY_USER_OF_SEVERAL,
    )


def tell_staff(notice: StaffNoticeType, **when: str | int | bool) -> Follower:
    """Let staff hear of an event, where its fields are as `when` says. Their text is made of the event's fields."""
    return Follower(notification_jobs.NOTIFY_STAFF, {"notice": notice.value}, when)


def note_in_conversation(line: str, **when: str | int | bool) -> Follower:
    """Let the conversation with support, if its person has one, say what staff did."""
    return Follower(support_jobs.NOTE_ACT_IN_CONVERSATION, {"line": line}, when)


def tell_venue(cause: str, **when: str | int | bool) -> Follower:
    """Let the venue of a station hear of an event, if staff made a rule for this cause."""
    return Follower(support_jobs.TELL_VENUE_OF_ALERT, {"cause": cause}, when)
