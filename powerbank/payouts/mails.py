"""What a partner is told by mail, in English and Nepali, and with which paper."""

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from uuid import UUID

from powerbank.base.db import db
from powerbank.base.money import format_amount
from powerbank.papers.calendars import format_both
from powerbank.partners import queries as partners
from powerbank.partners.models import MailKind, Partner, PartnerMail
from powerbank.payouts.models import Payout, PayoutAccount
from powerbank.payouts.statements import pdf
from powerbank.payouts.statements.models import Statement

MOST_ATTACHED = 10 << 20  # bytes; a longer paper waits at the partner's pages


File = tuple[str, str, bytes]  # its name, its type and its content


@dataclass(frozen=True)
class Letter:
    """A mail that is ready to be sent."""

    to: str
    title: str
    body: str
    files: tuple[File, ...] = ()


def write_letter(mail: PartnerMail, partner: Partner) -> Letter | None:
    """Write a mail as things are now. None: the partner has no address any more."""
    if "email" not in partner.contact:
        return None
    title, english, nepali, files = _WRITERS[MailKind(mail.kind)](mail.about, partner)
    return Letter(partner.contact["email"], title, f"{english}\n\n{nepali}", files)


Written = tuple[str, str, str, tuple[File, ...]]


def _statement(about: UUID, partner: Partner) -> Written:
    statement = db.session.get_one(Statement, about)
    content = pdf.make_pdf(statement)
    paper = ((f"{statement.number}.pdf", "application/pdf", content),) if len(content) <= MOST_ATTACHED else ()
    earned, paid = format_amount(statement.earned), format_amount(statement.paid)
    return (
        f"Statement {statement.number} · विवरण {statement.number}",
        f"Statement {statement.number} of {partner.name}: NPR {earned} earned, NPR {paid} paid.",
        f"{partner.name} को विवरण {statement.number}: रु. {earned} आम्दानी, रु. {paid} भुक्तानी।",
        paper,
    )


def _payout_failed(about: UUID, partner: Partner) -> Written:
    payout = db.session.get_one(Payout, about)
    amount = format_amount(payout.amount)
    return (
        "A payout did not arrive · भुक्तानी पुगेन",
        f"NPR {amount} did not reach {partner.name}. The money is payable again; please check the account.",
        f"रु. {amount} {partner.name} को खातामा पुगेन। रकम फेरि दिनुपर्नेमा छ; कृपया खाता जाँच्नुहोस्।",
        (),
    )


def _account_changed(about: UUID, partner: Partner) -> Written:
    account = db.session.get_one(PayoutAccount, about)
    ends = f"••••{account.number_ends}" if account.number_ends else account.name
    return (
        "The payout account changes · भुक्तानी खाता फेरिँदै छ",
        f"Somebody asked to pay {partner.name} to {ends}, or confirmed it. If it was not you, tell us at once.",
        f"कसैले {partner.name} को भुक्तानी खाता {ends} माग्यो वा पक्का गर्‍यो। तपाईंले होइन भने तुरुन्तै खबर गर्नुहोस्।",
        (),
    )


def _negative_balance(about: UUID, partner: Partner) -> Written:
    owed = format_amount(-min(0, partners.amount_payable(partner.id)))
    return (
        "More was refunded than earned · आम्दानीभन्दा बढी फिर्ता भयो",
        f"{partner.name} stands at NPR -{owed}. What is earned next makes up for it; nothing is collected.",
        f"{partner.name} को मौज्दात रु. -{owed} छ। अब कमाएकोबाट मिलाइन्छ; केही लिइँदैन।",
        (),
    )


def _agreement_ends(about: UUID, partner: Partner) -> Written:
    last = format_both(partners.find_agreement(about).last_day)
    return (
        "An agreement ends · सम्झौता सकिँदै छ",
        f"An agreement with {partner.name} ends on {last}. Talk to us about the next one.",
        f"{partner.name} सँगको सम्झौता {last} मा सकिन्छ। अर्को सम्झौताका लागि सम्पर्क गर्नुहोस्।",
        (),
    )


_WRITERS: MappingProxyType[MailKind, Callable[[UUID, Partner], Written]] = MappingProxyType(
    {
        MailKind.STATEMENT: _statement,
        MailKind.PAYOUT_FAILED: _payout_failed,
        MailKind.ACCOUNT_CHANGED: _account_changed,
        MailKind.NEGATIVE_BALANCE: _negative_balance,
        MailKind.AGREEMENT_ENDS: _agreement_ends,
    }
)
