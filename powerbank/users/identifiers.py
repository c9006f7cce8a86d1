"""Contact addresses: phone numbers and e-mail addresses, in the one form in which they are kept and compared."""

import re
import unicodedata
from dataclasses import dataclass

import phonenumbers

from powerbank.base.errors import InvalidFieldsError
from powerbank.users.models import IdentifierKind

# Printable ASCII only, and no `=?…?=`, which mail programs decode: look-alikes and header injection end here. The code
# that arrives proves the rest.
_ATOM = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
_EMAIL = re.compile(
    rf"(?!.*=\?)(?=[^@]{{1,64}}@){_ATOM}(?:\.{_ATOM})*@(?:[a-z0-9](?:[a-z0-9-]{{0,61}}[a-z0-9])?\.)+[a-z]{{2,63}}"
)


@dataclass(frozen=True)
class ContactAddress:
    kind: IdentifierKind
    value: str
    country: str | None = None  # of a phone number, ISO 3166


class BadIdentifierError(InvalidFieldsError):
    def __init__(self) -> None:
        super().__init__({"identifier": ["Give a mobile number with its country code, or an e-mail address."]})


def parse_contact_address(text: str, home: str = "NP") -> ContactAddress:
    """Read a phone number or an e-mail address. Numbers without a country code are taken for those of `home`."""
    plain = unicodedata.normalize("NFKC", text).strip()
    if "@" in plain:
        lowered = plain.lower()
        if len(lowered) > 254 or not _EMAIL.fullmatch(lowered):
            raise BadIdentifierError
        return ContactAddress(IdentifierKind.EMAIL, lowered)
    return _parse_phone_number(plain, home)


def _parse_phone_number(text: str, home: str) -> ContactAddress:
    try:
        number = phonenumbers.parse(text, home)
    except phonenumbers.NumberParseException:
        raise BadIdentifierError from None
    mobile = phonenumbers.number_type(number) in (
        phonenumbers.PhoneNumberType.MOBILE,
        phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE,
    )
    if not phonenumbers.is_valid_number(number) or not mobile or number.extension:
        raise BadIdentifierError
    value = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return ContactAddress(IdentifierKind.PHONE, value, phonenumbers.region_code_for_number(number))


def mask_contact_address(kind: str, value: str) -> str:
    """`+977••••••5678`, `s•••@example.com`: enough to recognise one's own, no use to anybody else."""
    if kind == IdentifierKind.EMAIL:
        name, _, host = value.partition("@")
        return f"{name[:1]}•••@{host}"
    return f"{value[:4]}••••••{value[-4:]}"
