"""Words for a message in a place: staff's template if there is one that works, else the built-in text."""

from collections.abc import Mapping, Sequence
from contextlib import suppress

import structlog
from sqlalchemy import select

from powerbank.api.language import LANGUAGES
from powerbank.base.db import db
from powerbank.notifications.events import TemplateFailed
from powerbank.notifications.templates import templating
from powerbank.notifications.templates.models import MessageTemplate
from powerbank.notifications.templates.templating import BrokenTemplateError, Draft
from powerbank.notifications.texts import wording
from powerbank.notifications.texts.wording import Kind, Words
from powerbank.outbox.enqueue import Scalar, publish

log = structlog.get_logger(__name__)


def words(kind: Kind, place: str, context: Mapping[str, Scalar], language: str) -> Words:
    """Needs an open transaction: of a template that fails, staff are told in it."""
    template = _templates(place, [kind], language).get(kind.value)
    return (_tried(template, kind, context) if template else None) or wording.put(kind, context, language)


def try_templates(kind: Kind, place: str, context: Mapping[str, Scalar]) -> None:
    """For a place where words are put at reading: of a template that fails, staff hear when the message is made."""
    for language in LANGUAGES:
        for template in _templates(place, [kind], language).values():
            _tried(template, kind, context)


def all_words(place: str, language: str, wanted: Sequence[tuple[Kind, Mapping[str, Scalar]]]) -> list[Words]:
    """For a list; reading tells nobody of templates that fail."""
    templates = _templates(place, [kind for kind, _ in wanted], language)

    def put(kind: Kind, context: Mapping[str, Scalar]) -> Words:
        if (template := templates.get(kind.value)) is not None:
            with suppress(BrokenTemplateError):
                return templating.render(Draft(kind, template.title, template.body), context, language)
        return wording.put(kind, context, language)

    return [put(kind, context) for kind, context in wanted]


def _tried(template: MessageTemplate, kind: Kind, context: Mapping[str, Scalar]) -> Words | None:
    try:
        return templating.render(Draft(kind, template.title, template.body), context, template.language)
    except BrokenTemplateError as broken:
        _tell(template, str(broken))
        return None


def _templates(place: str, kinds: Sequence[Kind], language: str) -> dict[str, MessageTemplate]:
    found = db.session.scalars(
        select(MessageTemplate).where(
            MessageTemplate.type.in_({kind.value for kind in kinds}),
            MessageTemplate.channel == place,
            MessageTemplate.language == language,
            MessageTemplate.active,
        )
    )
    return {template.type: template for template in found}


def _tell(template: MessageTemplate, problem: str) -> None:
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
