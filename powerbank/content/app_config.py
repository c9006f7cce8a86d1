"""The configuration that staff set while the network runs: prices, limits, hours. Each key has a default.

rules = app_config.current()
rules.overdue_rate_per_hour      # whole paisa
"""

import functools
import json
import re
from datetime import datetime, time
from typing import Any, Literal, get_args, get_origin
from typing import cast as as_type

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import delete, select, text
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Mapped, mapped_column

from powerbank.base import audit
from powerbank.base.db import Base, db, open_session, utcnow
from powerbank.base.errors import InvalidFieldsError, NotFoundError
from powerbank.content.config_values import DayHours, Hours, Line, Paisa, Percent, Points


class ConfigEntry(Base):
    __tablename__ = "app_config"

    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[Any] = mapped_column(JSONB(none_as_null=False))
    updated_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    updated_by: Mapped[str]


def _key(default: Any, description: str, *, low: int | None = None, high: int | None = None) -> Any:
    return Field(default=default, description=description, ge=low, le=high)


class AppConfig(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="ignore", arbitrary_types_allowed=True)

    kyc_required: bool = _key(True, "Only people with an approved identity may rent.")
    max_open_rentals: int = _key(1, "Open rentals that one person may have.", low=1, high=20)

    min_eject_battery: Percent = _key(30, "Charge from which a power bank is handed out, in percent.")
    low_battery_alert: Percent = _key(20, "Charge below which staff are alerted, in percent.")
    offline_after_intervals: int = _key(3, "Missed heartbeats after which a station is offline.", low=1, high=100)
    eject_timeout_seconds: int = _key(30, "Seconds that a station has to answer an ejection.", low=5, high=600)
    eject_attempts: int = _key(3, "Power banks that are tried before a rental fails.", low=1, high=10)

    refuse_wrong_check_codes: bool = _key(False, "Refuse frames of volinks-v1 whose check code is wrong.")

    cancel_window_minutes: int = _key(5, "Minutes after the ejection in which bringing back is free.", low=0, high=120)
    reminder_minutes: int = _key(15, "Minutes before the due time at which people are reminded.", low=1, high=1440)
    overdue_rate_per_hour: Paisa = _key(500, "Fee for each started hour after the due time.")
    overdue_grace_minutes: int = _key(0, "Minutes after the due time that cost nothing.", low=0, high=1440)
    overdue_cap_per_day: Paisa | None = _key(None, "Most that 24 hours of overdue time cost; null for no limit.")
    replacement_price: Paisa = _key(300_000, "Price of a power bank that is lost.")
    lost_after_days: int = _key(7, "Days overdue after which a power bank counts as lost.", low=1, high=365)
    postpaid_deposit: Paisa = _key(10_000, "What is held while a rental is paid afterwards.")

    reservation_free_minutes: int = _key(10, "Minutes for which a power bank is kept free of charge.", low=0, high=20)
    reservation_rate: Paisa = _key(100, "Fee for each started minute that a power bank is kept beyond them.")
    blocked_return_minutes: int = _key(
        30, "Minutes for which the meter stands still when a station cannot take a power bank back.", low=1, high=240
    )

    low_balance_threshold: Paisa = _key(5_000, "Balance below which people are told.")
    critical_balance_percent: Percent = _key(20, "Percent of that below which they are told more often.")
    high_usage_percent: int = _key(50, "Percent above the usual at which a day's spending is told.", low=1, high=10_000)
    intent_ttl_minutes: int = _key(30, "Minutes to pay a top-up.", low=5, high=1440)
    # Any open due bars from renting at once; this is about collecting it.
    dues_grace_days: int = _key(
        3, "Days after which an unpaid due is taken from whatever comes into the wallet.", low=0, high=365
    )
    refund_second_approval_above: Paisa = _key(500_000, "Refunds above this need a second person.")
    partner_share_percent: Percent = _key(80, "Share of a venue partner where the agreement says none.")
    network_vat_registered: bool = _key(False, "The network pays VAT, which new agreements take out of prices first.")
    station_cost: Paisa = _key(0, "What a station costs with its power banks, for its payback; 0 if nobody says.")
    vat_percent: Percent = _key(13, "VAT within prices, where the network is registered for it.")
    payout_minimum: Paisa = _key(50_000, "Balance from which a payee is paid out.")
    payout_approval_above: Paisa = _key(5_000_000, "Payouts above this need a second person.")
    payout_account_cooloff_hours: int = _key(48, "Hours before a new payout account is paid to.", low=0, high=24 * 30)
    payout_account_score: Percent = _key(80, "How far name and number of an account must agree, in percent.")
    withheld_tax_percent: Percent = _key(15, "Tax that new agreements withhold from a partner's share.")

    letterhead_name: Line = _key("Powerbank", "The network's name on statements and agreements.")
    letterhead_address: Line = _key("Kathmandu, Nepal", "Its address there.")
    letterhead_pan: Line = _key("", "Its PAN or VAT number there; empty for none.")
    letterhead_contact: Line = _key("", "Its telephone number and e-mail address there; empty for none.")

    points_per_npr: int = _key(10, "Points that are worth one rupee.", low=1, high=10_000)
    points_expiry_days: int = _key(365, "Days that points last.", low=1, high=3650)
    points_signup: Points = _key(50, "Points for signing up.")
    points_referral_invitee: Points = _key(50, "Points for who was invited.")
    points_referral_inviter: Points = _key(100, "Points for who invited.")
    points_topup_per_100: Points = _key(10, "Points for each full NPR 100 topped up.")
    points_rental: Points = _key(5, "Points for a completed rental.")
    points_on_time: Points = _key(10, "Points for bringing back on time.")
    points_kyc: Points = _key(25, "Points for an approved identity.")
    referral_award_on: Literal["first_rental", "signup"] = _key("first_rental", "When who invited gets the points.")

    crew_claims: int = _key(5, "Tasks that a member of the crew may have at a time.", low=1, high=50)
    crew_claim_minutes: int = _key(60, "Minutes for which a task is claimed, unless it is begun.", low=5, high=1440)
    crew_shift_hours: int = _key(14, "Hours after which a shift that nobody has ended ends by itself.", low=1, high=48)
    crew_offline_minutes: int = _key(0, "Minutes that a station is offline before the crew is sent.", low=0, high=1440)
    crew_low_charge_banks: int = _key(
        2, "Banks of low charge in one station for which the crew is sent; 0 for never.", low=0, high=200
    )
    crew_ahead_hours: int = _key(
        4, "Hours ahead for which the crew moves banks, by what those hours wanted before; 0 for none.", low=0, high=24
    )
    crew_bag_banks: int = _key(20, "Power banks that a member of the crew carries at a time.", low=1, high=200)
    crew_place_metres: int = _key(200, "Metres from the station within which work is proved.", low=10, high=5000)

    support_first_answer_minutes: int = _key(
        15, "Minutes of business hours in which support answers.", low=1, high=10_080
    )

    queue_alarm_critical: int = _key(
        100, "Jobs that may wait in the queue `critical` before staff are alerted.", low=1, high=1_000_000
    )
    queue_alarm_payments: int = _key(
        50, "Jobs that may wait in the queue `payments` before staff are alerted.", low=1, high=1_000_000
    )

    quiet_hours: DayHours = _key(
        Hours(time(22), time(7)), "Local hours in which nobody is woken: pushes and SMS of non-urgent kinds wait."
    )


def current() -> AppConfig:
    """Return the configuration. It is read once in each transaction, so that it decides by one state."""
    session = db.session()
    within = session.get_transaction()
    if within is not None and (found := session.info.get("app_config")) and found[0] is within:
        return as_type(AppConfig, found[1])
    rules = _load_config()
    session.info["app_config"] = (session.get_transaction(), rules)
    return rules


# Each transaction asks, so it is the driver that is asked: SQLAlchemy's own execution takes longer than the query.
_ENTRIES = "SELECT key, CAST(value AS text) FROM app_config ORDER BY key"


def _load_config() -> AppConfig:
    rows = db.session.connection().exec_driver_sql(_ENTRIES)
    return _parse_entries(tuple((key, value) for key, value in rows))


@functools.lru_cache(maxsize=4)
def _parse_entries(rows: tuple[tuple[str, str], ...]) -> AppConfig:
    """Return the configuration of these rows. A value that this release does not accept gives way to the default.

    The rows are read for each transaction, but parsed once only: parsing takes ten times as long as reading.
    """
    stored = {key: json.loads(value) for key, value in rows}
    try:
        return AppConfig(**stored)
    except ValidationError as refused:
        bad = {str(problem["loc"][0]) for problem in refused.errors()}
        return AppConfig(**{key: value for key, value in stored.items() if key not in bad})


def config_as_json(rules: AppConfig) -> dict[str, Any]:
    """Return the values as the API shows them: money as text, hours as `22:00-07:00`."""
    return rules.model_dump(mode="json")


def list_settings() -> list[dict[str, Any]]:
    """Return every key with its value, its default and who changed it."""
    values, defaults = config_as_json(current()), config_as_json(AppConfig())
    entries = {entry.key: entry for entry in db.session.scalars(select(ConfigEntry))}
    return [
        {
            "key": key,
            "value": values[key],
            "default": defaults[key],
            "description": field.description,
            "updated_at": entries[key].updated_at if key in entries else None,
            "updated_by": entries[key].updated_by if key in entries else None,
        }
        for key, field in AppConfig.model_fields.items()
    ]


def find_setting(key: str) -> dict[str, Any]:
    """Return one key as `list_settings` shows it, or refuse with 404."""
    _refuse_unknown_key(key)
    return next(setting for setting in list_settings() if setting["key"] == key)


def set_value(key: str, value: Any, *, actor: str) -> None:
    """Set a key, or refuse a value that does not fit. The row says when and by whom; the audit log has the rest."""
    _refuse_unknown_key(key)
    try:
        AppConfig(**{key: value})
    except ValidationError as refused:
        messages = [problem["msg"].removeprefix("Value error, ") for problem in refused.errors()]
        raise InvalidFieldsError({"value": messages}) from None
    row = {"key": key, "value": value, "updated_at": utcnow(), "updated_by": actor}
    statement = insert(ConfigEntry).values(row)
    _forget_cached_config()
    open_session().execute(statement.on_conflict_do_update(index_elements=["key"], set_=row))


def change_setting(key: str, value: Any, *, actor: str, reason: str | None) -> dict[str, Any]:
    """Set a key for staff, with the reason in the audit log, and give it as it is now."""
    old = find_setting(key)["value"]
    set_value(key, value, actor=actor)
    new = find_setting(key)
    why = {"reason": reason} if reason else {}
    audit.record(
        actor=actor,
        action="config.set",
        object_kind="config",
        object_id=key,
        old={"value": old},
        new={"value": new["value"], **why},
    )
    return new


def reset_setting(key: str, *, actor: str) -> dict[str, Any]:
    """Return a key to its default for staff, and give it as it is now."""
    old = find_setting(key)["value"]
    reset_value(key)
    new = find_setting(key)
    audit.record(
        actor=actor,
        action="config.reset",
        object_kind="config",
        object_id=key,
        old={"value": old},
        new={"value": new["value"]},
    )
    return new


def read_written_value(key: str, written: str) -> Any:
    """Read what somebody wrote in a form: a number or yes and no where the key has one, else the text itself."""
    default = find_setting(key)["default"]
    written = written.strip()
    if isinstance(default, bool):
        return {"true": True, "false": False}.get(written.lower(), written)
    if isinstance(default, int):
        return int(written) if re.fullmatch(r"-?[0-9]{1,9}", written) else written
    return written or None


def list_options(key: str) -> list[str]:
    """List the values between which a key chooses; none where anything that fits may be written."""
    annotation = AppConfig.model_fields[key].annotation
    if annotation is bool:
        return ["true", "false"]
    return [str(each) for each in get_args(annotation)] if get_origin(annotation) is Literal else []


def _forget_cached_config() -> None:
    open_session().info.pop("app_config", None)


def reset_value(key: str) -> None:
    """Return a key to its default."""
    _refuse_unknown_key(key)
    _forget_cached_config()
    open_session().execute(delete(ConfigEntry).where(ConfigEntry.key == key))


def _refuse_unknown_key(key: str) -> None:
    if key not in AppConfig.model_fields:
        raise NotFoundError("setting")
