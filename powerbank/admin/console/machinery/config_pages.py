"""The console's pages of the configuration: every key with its default, its history, and a form that changes it."""

from flask import flash, redirect, render_template, request, url_for
from werkzeug import Response as AnyResponse

from powerbank.admin import queries
from powerbank.admin.console.sections import MACHINERY
from powerbank.admin.console_session import console_blueprint, page_staff
from powerbank.base.audit import staff_actor
from powerbank.base.db import transaction
from powerbank.content import app_config
from powerbank.content.schemas import ConfigReasonSchema
from powerbank.pages.forms import load_form, refusals_lead_to
from powerbank.pages.language import translate

blueprint = console_blueprint("console_config", __name__, url_prefix="/console/machinery/configuration")

CHANGES_SHOWN = 50


@blueprint.get("")
def listing() -> str:
    staff = page_staff("config.read")
    changed = request.args.get("changed") == "true"
    settings = app_config.list_settings()
    return render_template(
        "console/machinery/configuration.html",
        staff=staff,
        section=MACHINERY,
        settings=[each for each in settings if each["value"] != each["default"]] if changed else settings,
        changed=changed,
    )


@blueprint.get("/<key>")
def one(key: str) -> str:
    staff = page_staff("config.read")
    return render_template(
        "console/machinery/setting.html",
        staff=staff,
        section=MACHINERY,
        setting=app_config.find_setting(key),
        options=app_config.list_options(key),
        changes=queries.list_changes("config", key, limit=CHANGES_SHOWN),
        may_write=staff.may("config.write"),
    )


@blueprint.post("/<key>")
@refusals_lead_to("console_config.one")
def change(key: str) -> AnyResponse:
    staff = page_staff("config.write")
    reason = load_form(ConfigReasonSchema)["reason"]
    value = app_config.read_written_value(key, request.form.get("value", ""))
    with transaction():
        app_config.change_setting(key, value, actor=staff_actor(staff.id), reason=reason)
    flash(translate("It is set. What is under way keeps what it began with."))
    return redirect(url_for("console_config.one", key=key))


@blueprint.post("/<key>/reset")
@refusals_lead_to("console_config.one")
def reset(key: str) -> AnyResponse:
    staff = page_staff("config.write")
    with transaction():
        app_config.reset_setting(key, actor=staff_actor(staff.id))
    flash(translate("It is at its default again."))
    return redirect(url_for("console_config.one", key=key))
