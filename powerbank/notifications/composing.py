"""Words for a message in a place: staff's template if there is one that works, else the built-in text."""

from collections.abc import Mapping

import structlog
from sqlalchemy import select

from powerbank.db import db
from powerbank.notifications import templating, wording
from powerbank.notifications.kinds import Type
from powerbank.notifications.template_models import MessageTemplate
from powerbank.notifications.templating import BrokenTemplateError, Draft
from powerbank.notifications.wording import Words
from powerbank.queue import Scalar, publish

log = structlog.get_logger(__name__)


def words(kind: Type, place: str, context: Mapping[str, Scalar], language: str) -> Words:
    """Needs an open transaction: of a template that fails, staff are told in it."""
    template = db.session.scalar(
        select(MessageTemplate).where(
            MessageTemplate.type == kind.value,
            MessageTemplate.channel == place,
            MessageTemplate.language == language,
            MessageTemplate.active,
        )
    )
    if template is not None:
        try:
            return templating.render(Draft(kind, template.title, template.body), context, language)
        except BrokenTemplateError as broken:
            _tell(template, str(broken))
    return wording.put(kind, context, language)


def _tell(template: MessageTemplate, problem: str) -> None:
    log.error("a message template fails", template_id=str(template.id), problem=problem)
    publish(
        "template_failed",
        type=template.type, channel=template.channel, language=template.language, problem=problem,
        version=f"{template.id}:{template.version}",
    )  # fmt: skip
