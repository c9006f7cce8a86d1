"""The mail with which a report goes to who wants it."""

from uuid import UUID

from powerbank.analytics.reports import files, papers, services
from powerbank.auth.staff import queries as staff
from powerbank.auth.staff.roles import GRANTED
from powerbank.notifications.delivery.channels import Attachment, Message
from powerbank.notifications.models import Channel


def compose_mail(report_id: UUID, staff_id: UUID) -> Message | None:
    """Compose the mail with a report. None: the member does not want it any more, or may not read it."""
    report, member = services.find_report(report_id), staff.get_member(staff_id)
    wanted = services.find_wanted_format(report, staff_id)
    if wanted is None or not member.active or member.role not in GRANTED["analytics.read"]:
        return None
    title, title_ne = papers.TITLES[report.kind]
    period = services.period_of(report)
    if member.language == "ne":
        subject, body = f"{title_ne}: {period.name}", f"{title_ne} प्रतिवेदन, {period.first} देखि {period.last} सम्म।"
    else:
        subject, body = f"{title}: {period.name}", f"The report from {period.first} to {period.last}."
    name = files.name_file(report, wanted)
    return Message(
        Channel.EMAIL,
        member.email,
        subject,
        body,
        reference=f"{report.id}-{staff_id}",
        language=member.language,
        link="/console/figures/reports",
        attachment=Attachment(name, files.TYPES[wanted], files.write_report(report, wanted)),
    )
