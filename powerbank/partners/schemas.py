"""Partners, as staff send and see them."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from powerbank.api.fields import Boolean, Money, Time
from powerbank.api.paging import PageArguments, page_of
from powerbank.base import money
from powerbank.partners.agreements.terms import TermsKind
from powerbank.partners.models import MemberRole, PartnerKind
from powerbank.stations.schemas import NAME, SERIAL
from powerbank.users import identifiers

PERCENT = validate.Regexp(r"^[0-9]{1,3}(\.[0-9]{1,2})?\Z", error='Write a percentage as text, "80.00".')
ADDRESS_PARTS = ("name", "phone", "email", "address")


class Percent(fields.String):
    """A percentage as text, from "0" to "100.00"."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(validate=PERCENT, metadata={"example": "80.00"}, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        PERCENT(text)
        percent = money.parse_amount(text)
        if percent > 100_00:
            raise ValidationError("Must be at most 100.00.")
        return money.format_amount(percent)


class AmountText(Money):
    """An amount that stays text, since terms are kept as they are shown."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        return money.format_amount(super()._deserialize(value, attr, data, **kwargs))

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return value


class Contact(fields.Field[dict[str, str]]):
    """Whom to reach: an object with `name`, `phone`, `email` and `address`, or just one of them as text."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> dict[str, str]:
        given = self._name_parts(value)
        if set(given) - set(ADDRESS_PARTS) or not all(isinstance(part, str) for part in given.values()):
            raise ValidationError(f"An object with {', '.join(ADDRESS_PARTS)}.")
        contact = {name: part.strip() for name, part in given.items() if part.strip()}
        if any(len(part) > 200 or "\x00" in part for part in contact.values()):
            raise ValidationError("At most 200 letters each.")
        for name in ("phone", "email"):
            if name in contact:
                try:
                    contact[name] = identifiers.parse_contact_address(contact[name]).value
                except identifiers.BadIdentifierError:
                    raise ValidationError({name: ["Not a number or address that can be reached."]}) from None
        return contact

    def _name_parts(self, value: Any) -> Mapping[str, Any]:
        if isinstance(value, str):
            looks_like = (
                "email"
                if "@" in value
                else "phone"
                if value.replace(" ", "").strip("+").replace("-", "").isdigit()
                else "name"
            )
            return {looks_like: value}
        if not isinstance(value, Mapping):
            raise ValidationError("Not an object.")
        return {name: part for name, part in value.items() if part is not None}


class PartnerChangeSchema(Schema):
    name = fields.String(required=True, validate=NAME)
    parent_id = fields.UUID(allow_none=True, load_default=None)
    pan = fields.String(allow_none=True, load_default=None, validate=validate.Regexp(r"^[0-9]{9}\Z", error="9 digits."))
    vat_registered = Boolean(load_default=False)
    contact = Contact(load_default=dict)
    active = Boolean(load_default=True)


class PartnerSchema(PartnerChangeSchema):
    id = fields.UUID(dump_only=True)
    kind = fields.String(required=True, validate=validate.OneOf([*PartnerKind]))
    created_at = Time(dump_only=True)


class PartnerWithBalanceSchema(PartnerSchema):
    payable = Money(required=True, least=None)
    currency = fields.String(required=True)
    stations = fields.Integer(required=True)


class PartnerArguments(PageArguments):
    q = fields.String(load_default=None, validate=validate.Length(1, 80))
    kind = fields.String(load_default=None, validate=validate.OneOf([*PartnerKind]))
    active = Boolean(load_default=None, allow_none=True)


class InvitationSchema(Schema):
    phone = fields.String(validate=validate.Length(1, 40))
    email = fields.String(validate=validate.Length(3, 254))
    role = fields.String(load_default=MemberRole.VIEWER.value, validate=validate.OneOf([*MemberRole]))

    @validates_schema
    def _one_address(self, data: dict[str, Any], **_: Any) -> None:
        if len({"phone", "email"} & data.keys()) != 1:
            raise ValidationError("Give a phone number or an e-mail address.", "phone")


class MemberSchema(Schema):
    id = fields.UUID(required=True)
    user_id = fields.UUID(required=True, allow_none=True, metadata={"description": "null until the invited one joins"})
    address = fields.String(required=True, metadata={"description": "masked"})
    role = fields.String(required=True)
    joined = Boolean(required=True)
    created_at = Time(required=True)


class TierSchema(Schema):
    begins = AmountText(required=True, least=0, data_key="from", attribute="from")
    percent = Percent(required=True)


class TermsSchema(Schema):
    """What a partner gets: a share, tiers by the month's revenue, or a rent. All of it may have a least sum a month."""

    kind = fields.String(required=True, validate=validate.OneOf([*TermsKind]))
    percent = Percent()
    tiers = fields.List(fields.Nested(TierSchema), validate=validate.Length(1, 20))
    amount_per_month = AmountText()
    minimum_per_month = AmountText(allow_none=True)
    franchise_percent = Percent(allow_none=True)
    withheld_tax_percent = Percent(allow_none=True)

    @validates_schema
    def _fits_its_kind(self, data: dict[str, Any], **_: Any) -> None:
        belongs = {"share": "percent", "tiers": "tiers", "rent": "amount_per_month"}
        wanted = belongs[data["kind"]]
        for name in belongs.values():
            if name in data and name != wanted:
                raise ValidationError(f"Does not go together with {data['kind']}.", name)
        if wanted not in data and wanted != "percent":
            raise ValidationError("Missing data for required field.", wanted)


class AgreementDraftSchema(Schema):
    starts_on = fields.Date(required=True)
    ends_on = fields.Date(load_default=None, allow_none=True)
    station_sns = fields.List(fields.String(validate=SERIAL), required=True, validate=validate.Length(1, 500))
    terms = fields.Nested(TermsSchema, required=True)


class TermsToPreviewSchema(Schema):
    station_sns = fields.List(fields.String(validate=SERIAL), required=True, validate=validate.Length(1, 500))
    terms = fields.Nested(TermsSchema, required=True)
    month = fields.Date(load_default=None, allow_none=True, metadata={"description": "a day of it; else the last one"})


class TermsPreviewSchema(Schema):
    month = fields.Date(required=True)
    rentals = fields.Integer(required=True)
    gross = Money(required=True, least=None)
    tax = Money(required=True, least=None)
    share = Money(required=True, least=None)
    franchise_share = Money(required=True, least=None)
    guarantee = Money(required=True, least=None)
    rent = Money(required=True, least=None)
    withheld = Money(required=True, least=None)
    payable = Money(required=True, least=None)
    currency = fields.String(required=True)


class AgreementSchema(Schema):
    id = fields.UUID(required=True)
    partner_id = fields.UUID(required=True)
    franchise_id = fields.UUID(required=True, allow_none=True)
    starts_on = fields.Date(required=True)
    ends_on = fields.Date(required=True, allow_none=True)
    station_sns = fields.List(fields.String(), required=True)
    terms = fields.Dict(required=True)
    vat_percent = fields.String(required=True)
    withheld_tax_percent = fields.String(required=True)
    created_at = Time(required=True)


AgreementPageSchema = page_of(AgreementSchema)


class EndSchema(Schema):
    ends_on = fields.Date(required=True, metadata={"description": "the last day on which it is in force"})


class HistoryAcceptedSchema(Schema):
    operation_id = fields.UUID(required=True)


class EarningsArguments(Schema):
    from_ = fields.Date(data_key="from", load_default=None)
    to = fields.Date(load_default=None, metadata={"description": "the last day"})
    group = fields.String(load_default="day", validate=validate.OneOf(["day", "station", "agreement"]))


class EarnedSchema(Schema):
    gross = Money(required=True, least=None)
    tax = Money(required=True, least=None)
    share = Money(required=True, least=None)
    deductions = Money(required=True, least=None, metadata={"description": "tax that was withheld"})
    earned = Money(required=True, least=None, metadata={"description": "what became payable"})
    rentals = fields.Integer(required=True)


class EarningsItemSchema(EarnedSchema):
    day = fields.Date()
    station_sn = fields.String(allow_none=True)
    station_name = fields.String(allow_none=True)
    agreement_id = fields.UUID()


class EarningsSchema(Schema):
    from_ = fields.Date(data_key="from", required=True)
    to = fields.Date(required=True)
    group = fields.String(required=True)
    currency = fields.String(required=True)
    payable = Money(required=True, least=None)
    paid = Money(required=True, least=None)
    totals = fields.Nested(EarnedSchema, required=True)
    items = fields.List(fields.Nested(EarningsItemSchema), required=True)


class PartnerChoiceSchema(Schema):
    partner_id = fields.UUID(load_default=None, metadata={"description": "needed by who belongs to several"})


class OwnPageArguments(PageArguments, PartnerChoiceSchema):
    pass


class OwnEarningsArguments(EarningsArguments, PartnerChoiceSchema):
    pass


class OwnPartnerSchema(Schema):
    id = fields.UUID(required=True)
    name = fields.String(required=True)
    kind = fields.String(required=True)
    role = fields.String(required=True)


class OwnPartnersSchema(Schema):
    items = fields.List(fields.Nested(OwnPartnerSchema), required=True)


class OwnMembersSchema(Schema):
    items = fields.List(fields.Nested(MemberSchema), required=True)


class OwnStationSchema(Schema):
    sn = fields.String(required=True)
    name = fields.String(required=True)
    address = fields.String(required=True)
    city = fields.String(required=True)
    status = fields.String(required=True)
    available_banks = fields.Integer(required=True)
    free_slots = fields.Integer(required=True)
    last_seen = Time(required=True, allow_none=True)
    rentals_today = fields.Integer(required=True)
    share_today = Money(required=True, least=None)
    share_month = Money(required=True, least=None)
    currency = fields.String(required=True)


class OpenIssueSchema(Schema):
    issue_type = fields.String(required=True)
    opened_at = Time(required=True)


class OwnStationWithIssuesSchema(OwnStationSchema):
    issues = fields.List(fields.Nested(OpenIssueSchema), required=True)
