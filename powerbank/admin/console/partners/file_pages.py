"""The console's page of bank files: the file of a day for the bank's portal, and the bank's answers to it."""

from flask import Response, flash, redirect, render_template, request, url_for
from werkzeug import Response as AnyResponse

from powerbank.admin.console.sections import PARTNERS
from powerbank.admin.console_session import console_blueprint, page_staff
from powerbank.base import audit
from powerbank.base.db import transaction, utcnow
from powerbank.pages.forms import idempotent_form, refusals_lead_to
from powerbank.pages.language import translate
from powerbank.payouts.errors import BankFileError
from powerbank.payouts.sending import batches

blueprint = console_blueprint("console_payout_files", __name__, url_prefix="/console/payout-files")

PAGE = "console_payout_files.listing"


@blueprint.get("")
def listing() -> str:
    staff = page_staff("payouts.read")
    return _show(staff)


@blueprint.get("/<batch>.csv")
def download(batch: str) -> Response:
    """Give the file of a batch, with whole account numbers. Who takes it does not say what became of its payouts."""
    staff = page_staff("payouts.write")
    with transaction():
        written = batches.write_bank_file(batch, staff=staff)
        audit.record_by_staff("payouts.export_bank_file", "payouts", batch)
    response = Response(written, content_type="text/csv")
    response.headers["Content-Disposition"] = 'attachment; filename="payouts.csv"'
    return response


@blueprint.post("/<batch>/answers")
@refusals_lead_to(PAGE)
@idempotent_form
def take(batch: str) -> AnyResponse | str:
    staff = page_staff("payouts.approve")
    file = request.files.get("file")
    try:
        taken = batches.take_answers(batch, file.read() if file else b"", staff=staff, now=utcnow())
    except BankFileError as refused:
        return _show(staff, wrong=refused.data["errors"]["file"], batch=batch)
    audit.record_by_staff("payouts.take_answers", "payouts", batch, new=taken)
    flash(translate("{paid} were paid, {failed} failed, {known} were known before.", **taken))
    return redirect(url_for(PAGE))


def _show(staff: object, **more: object) -> str:
    return render_template(
        "console/partners/files.html",
        staff=staff,
        section=PARTNERS,
        batches=batches.list_batches(),
        answer_columns=batches.ANSWER,
        **({"wrong": [], "batch": None} | more),
    )
