"""The templates that staff write in the place of built-in texts: each for one type, place and language."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from powerbank.api.paging import page
from powerbank.base import audit
from powerbank.base.database_errors import refusing_on
from powerbank.base.db import db, open_session, utcnow
from powerbank.base.errors import AppError, ConflictError, InvalidFieldsError, NotFoundError
from powerbank.notifications.delivery import services as deliveries
from powerbank.notifications.delivery.channels import Message
from powerbank.notifications.models import IN_APP, Channel, Delivery, Device
from powerbank.notifications.people.services import CHANNEL_OF
from powerbank.notifications.staff.notice_types import StaffNoticeType
from powerbank.notifications.templates import drafts, rules
from powerbank.notifications.templates.drafts import BrokenTemplateError, Draft
from powerbank.notifications.templates.models import MessageTemplate
from powerbank.notifications.texts import built_in
from powerbank.notifications.texts.built_in import AnyNoticeType, Text
from powerbank.outbox.catalogue import notification_jobs
from powerbank.outbox.enqueue import Scalar, enqueue
from powerbank.users import identifiers
from powerbank.users import services as users
from powerbank.users.identifiers import mask_contact_address

STAFF_PLACES = (IN_APP, Channel.EMAIL, Channel.PUSH)  # for staff the app is the console


def template_page(*, type: str | None, language: str | None, limit: int, cursor: str | None) -> dict[str, Any]:
    """Return one page of all templates that match, newest first."""
    wanted = {name: value for name, value in (("type", type), ("language", language)) if value}
    query = select(MessageTemplate).filter_by(**wanted)
    return page(query, MessageTemplate.id, descending=True, limit=limit, cursor=cursor)


def find_template(template_id: UUID) -> MessageTemplate:
    """Return a template, or refuse with 404."""
    template: MessageTemplate | None = db.session.get(MessageTemplate, template_id)
    if template is None:
        raise NotFoundError("template")
    return template


def create_template(fields: Mapping[str, Any], *, by: UUID) -> MessageTemplate:
    """Create a template, or refuse one that does not work."""
    template = MessageTemplate(**fields, updated_by=by)
    _refuse_broken(template)
    session = open_session()
    session.add(template)
    exists = ConflictError("template_exists", "There is a template for this type, channel and language.")
    with refusing_on({"uq_message_templates_type_channel_language": exists}):
        session.flush()
    session.refresh(template)
    _record("create", template, by=by, new=audit_values(template))
    return template


def change_template(template_id: UUID, changes: Mapping[str, Any], *, by: UUID) -> MessageTemplate:
    """Change fields of a template, or refuse what does not work."""
    template = lock_template(template_id)
    old = audit_values(template)
    for name, value in changes.items():
        setattr(template, name, value)
    _refuse_broken(template)
    template.version += 1
    template.updated_at, template.updated_by = utcnow(), by
    open_session().flush()
    _record("update", template, by=by, old=old, new=audit_values(template))
    return template


def delete_template(template: MessageTemplate, *, by: UUID) -> None:
    """Delete a template, so that the built-in text takes its place again."""
    _record("delete", template, by=by, old=audit_values(template))
    open_session().delete(template)


def _record(act: str, template: MessageTemplate, *, by: UUID, **values: dict[str, Any]) -> None:
    audit.record(
        actor=audit.staff_actor(by),
        action=f"template.{act}",
        object_kind="message_template",
        object_id=template.id,
        **values,
    )


def list_written_types() -> dict[str, int]:
    """Count the texts of staff for each type of message that has some."""
    query = select(MessageTemplate.type, func.count()).group_by(MessageTemplate.type)
    return {row[0]: row[1] for row in db.session.execute(query)}


def find_template_of(kind: AnyNoticeType, place: str, language: str) -> MessageTemplate | None:
    """Find the text of staff for a type of message in a place and a language."""
    found: MessageTemplate | None = db.session.scalar(
        select(MessageTemplate).filter_by(type=kind.value, channel=place, language=language)
    )
    return found


def write_template(
    kind: AnyNoticeType, place: str, language: str, *, title: str, body: str, active: bool, by: UUID
) -> MessageTemplate:
    """Put a text in the place of the built-in one, or of the one that staff wrote before."""
    text = {"title": title.strip(), "body": body.replace("\r\n", "\n").strip(), "active": active}
    before = find_template_of(kind, place, language)
    if before is not None:
        return change_template(before.id, text, by=by)
    return create_template({"type": kind.value, "channel": place, "language": language, **text}, by=by)


def remove_template(kind: AnyNoticeType, place: str, language: str, *, by: UUID) -> None:
    """Have the built-in text take its place again."""
    found = find_template_of(kind, place, language)
    if found is None:
        raise NotFoundError("template")
    delete_template(lock_template(found.id), by=by)


def lock_template(template_id: UUID) -> MessageTemplate:
    """Lock a template, or refuse with 404."""
    template = open_session().get(MessageTemplate, template_id, with_for_update=True, populate_existing=True)
    if template is None:
        raise NotFoundError("template")
    return template


def preview_draft(draft: Draft, language: str, context: Mapping[str, Scalar]) -> Text:
    """Return the text as a reader would get it, with example values and those given."""
    _refuse_problems(drafts.check_draft(draft))
    try:
        return drafts.render_draft(draft, {**built_in.sample_values(draft.notice_type), **context}, language)
    except BrokenTemplateError as broken:
        raise _refused({"body": [str(broken)]}) from None


def send_test(template: MessageTemplate, to: str) -> list[str]:
    """Enqueue test messages with example values, and return the masked addresses to which they go.

    A push goes to the devices of the account to which the number or address belongs.
    """
    address = identifiers.parse_contact_address(to)
    channel = Channel(template.channel) if template.channel != IN_APP else None
    if channel is None:
        raise _refused({"to": ["What is in the app is previewed, not sent."]})
    shown = mask_contact_address(address.kind, address.value)
    wanted = [Delivery(type=template.type, channel=channel, address=address.value, masked=shown)]
    if channel is Channel.PUSH:
        owner = users.find_user_by_contact(address)
        active = select(Device.id).where(Device.user_id == (owner.id if owner else None), Device.ended_at.is_(None))
        wanted = [
            Delivery(type=template.type, channel=channel, device_id=device_id, masked=shown)
            for device_id in open_session().scalars(active)
        ]
    elif CHANNEL_OF[address.kind] is not channel:
        raise _refused({"to": ["Not an address of this channel."]})
    for delivery in wanted:
        open_session().add(delivery)
        open_session().flush()
        delivery.job_id = enqueue(
            notification_jobs.SEND_TEMPLATE_TEST, template_id=str(template.id), delivery_id=str(delivery.id)
        )
    return [shown for _ in wanted]


def compose_test_message(template_id: UUID, delivery_id: UUID) -> Message | None:
    """Count one more try of a test and return its message. None where it is not wanted any more or does not work."""
    template = open_session().get(MessageTemplate, template_id)
    delivery = deliveries.count_try(delivery_id)
    if delivery is None:
        return None
    device = open_session().get(Device, delivery.device_id) if delivery.device_id else None
    to = device.fcm_token if device is not None else delivery.address
    if template is None or to is None:
        deliveries.note_failure(delivery_id, "not wanted any more", final=True)
        return None
    draft = Draft(rules.find_notice_type(template.type), template.title, template.body)
    try:
        text = drafts.render_draft(draft, built_in.sample_values(draft.notice_type), template.language)
    except BrokenTemplateError as broken:
        deliveries.note_failure(delivery_id, str(broken), final=True)
        return None
    return Message(Channel(delivery.channel), to, text.title, text.body, str(delivery.id), language=template.language)


def audit_values(template: MessageTemplate) -> dict[str, Any]:
    """Return what the audit log keeps of a template."""
    names = ("type", "channel", "language", "title", "body", "active")
    return {name: getattr(template, name) for name in names}


def _refuse_broken(template: MessageTemplate) -> None:
    """Refuse a template that does not work in its place."""
    if template.type in {*StaffNoticeType} and template.channel not in STAFF_PLACES:
        raise _refused({"channel": ["Staff are told in the console, by e-mail and by push."]})
    _refuse_problems(drafts.check_draft(Draft(rules.find_notice_type(template.type), template.title, template.body)))


def _refuse_problems(problems: Mapping[str, list[str]]) -> None:
    if problems:
        raise _refused(problems)


def _refused(problems: Mapping[str, list[str]]) -> AppError:
    return InvalidFieldsError(dict(problems))
