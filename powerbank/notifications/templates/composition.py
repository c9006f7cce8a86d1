"""The composition of a message's text in a place: the template of staff if one works, else the built-in text."""

from collections.abc import Mapping, Sequence
from contextlib import suppress

import structlog
from sqlalchemy import select

from powerbank.api.language import LANGUAGES
from powerbank.base.db import db
from powerbank.notifications.events import TemplateFailed
from powerbank.notifications.templates import drafts
from powerbank.notifications.templates.drafts import BrokenTemplateError, Draft
from powerbank.notifications.templates.models import MessageTemplate
from powerbank.notifications.texts import built_in
from powerbank.notifications.texts.built_in import AnyNoticeType, Text
from powerbank.outbox.enqueue import Scalar, publish

log = structlog.get_logger(__name__)


def compose_text(notice_type: AnyNoticeType, place: str, context: Mapping[str, Scalar], language: str) -> Text:
    """Return the text of a message. In the transaction that is open, staff are told of a template that fails."""
    template = _find_templates(place, [notice_type], language).get(notice_type.value)
    return (_render_or_report(template, notice_type, context) if template else None) or built_in.built_in_text(
        notice_type, context, language
    )


def try_templates(notice_type: AnyNoticeType, place: str, context: Mapping[str, Scalar]) -> None:
    """Try the templates of a place where texts are made at reading, so that staff hear early of one that fails."""
    for language in LANGUAGES:
        for template in _find_templates(place, [notice_type], language).values():
            _render_or_report(template, notice_type, context)


def compose_texts(
    place: str, language: str, wanted: Sequence[tuple[AnyNoticeType, Mapping[str, Scalar]]]
) -> list[Text]:
    """Return the texts of a list of messages. Reading tells nobody of templates that fail."""
    templates = _find_templates(place, [notice_type for notice_type, _ in wanted], language)

    def compose(notice_type: AnyNoticeType, context: Mapping[str, Scalar]) -> Text:
        if (template := templates.get(notice_type.value)) is not None:
            with suppress(BrokenTemplateError):
                return drafts.render_draft(Draft(notice_type, template.title, template.body), context, language)
        return built_in.built_in_text(notice_type, context, language)

    return [compose(notice_type, context) for notice_type, context in wanted]


def _render_or_report(
    template: MessageTemplate, notice_type: AnyNoticeType, context: Mapping[str, Scalar]
) -> Text | None:
    try:
        return drafts.render_draft(Draft(notice_type, template.title, template.body), context, template.language)
    except BrokenTemplateError as broken:
        _report_failure(template, str(broken))
        return None


def _find_templates(place: str, kinds: Sequence[AnyNoticeType], language: str) -> dict[str, MessageTemplate]:
    found = db.session.scalars(
        select(MessageTemplate).where(
            MessageTemplate.type.in_({notice_type.value for notice_type in kinds}),
            MessageTemplate.channel == place,
            MessageTemplate.language == language,
            MessageTemplate.active,
        )
    )
    return {template.type: template for template in found}


def _report_failure(template: MessageTemplate, problem: str) -> None:
    log.error("a message template fails", template_id=str(template.id), problem=problem)
    publish(
        TemplateFailed(
            type=template.type,
            channel=template.channel,
            language=template.language,
            problem=problem,
            version=f"{template.id}:{template.version}",
        )
    )
