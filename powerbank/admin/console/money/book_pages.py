"""The console's pages of the books: accounts with their statements, entries with their postings, and recounts."""

from uuid import UUID

from flask import Response, flash, redirect, render_template, url_for
from werkzeug import Response as AnyResponse

from powerbank.admin.console.columns import member
from powerbank.admin.console.sections import MONEY
from powerbank.admin.console_session import console_blueprint, page_staff
from powerbank.api.paging import PageArguments
from powerbank.base.audit import staff_actor
from powerbank.base.db import transaction, utcnow
from powerbank.ledger import queries
from powerbank.ledger.accounts import Kind
from powerbank.ledger.models import Entry, Reconciliation
from powerbank.ledger.schemas import AccountArguments, EntryArguments
from powerbank.ledger.services import EntryKind
from powerbank.outbox import schedules
from powerbank.pages import lists
from powerbank.pages.language import translate
from powerbank.pages.lists import ListPage, show_list

blueprint = console_blueprint("console_books", __name__, url_prefix="/console/money")


def _moved(entry: Entry) -> int:
    """Add up what an entry moves, in the currency of its first posting."""
    currency = entry.postings[0].currency
    return sum(each.amount for each in entry.postings if each.amount > 0 and each.currency == currency)


def _about(entry: Entry) -> str | None:
    return f"{entry.reference_kind} …{entry.reference_id[-8:]}" if entry.reference_id else None


def _first_difference(recount: Reconciliation) -> str | None:
    return f"{recount.found[0]['check']} {recount.found[0]['subject']}" if recount.found else None


ACCOUNTS = ListPage(
    "Accounts",
    MONEY,
    columns=(
        lists.name("Account", "account.kind"),
        lists.code("Owner", "account.owner"),
        lists.name("Normal side", "account.normal"),
        lists.amount("Balance", "balance", "account.currency"),
    ),
    filters=(
        lists.choice("Account", "kind", [*Kind]),
        lists.text_field("Owner", "owner", "A person's id, or a gateway's name."),
        lists.choice("Currency", "currency", ["NPR", "PTS", "USD", "EUR", "INR"]),
    ),
    empty=("No accounts.", "The first payment opens the network's accounts; each person has some of their own."),
    api="/api/admin/ledger/accounts",
    opens=lambda row: f"/console/money/accounts/{row['account'].id}",
    file="accounts",
)
STATEMENT = ListPage(
    "Statement",
    MONEY,
    columns=(
        lists.moment("When", "posting.created_at"),
        lists.name("Kind", "entry.kind"),
        lists.words("Description", "entry.description", "long"),
        lists.amount("Amount", "posting.amount", "currency"),
        lists.amount("Balance", "balance", "currency"),
    ),
    empty=("No postings.", "Each entry that touches this account stands here, with the balance after it."),
    api="",
    opens=lambda row: f"/console/money/entries/{row.entry.id}",
    template="console/money/statement.html",
    file="statement",
)
ENTRIES = ListPage(
    "Entries",
    MONEY,
    columns=(
        lists.moment("When", "created_at"),
        lists.name("Kind", "kind"),
        lists.amount("Moved", _moved, lambda row: row.postings[0].currency),
        lists.words("Description", "description", "long"),
        lists.words("About", _about),
        member("Actor", "actor"),
    ),
    filters=(
        lists.choice("Kind", "kind", [*EntryKind]),
        lists.text_field("About", "reference_kind", "Such as rental, topup, refund."),
        lists.text_field("Its number", "reference_id"),
        lists.text_field("Key", "key"),
        lists.day("From", "since"),
        lists.day("Until", "until"),
    ),
    empty=("No entries.", "Whatever moves money or points is an entry, whose postings come to nothing together."),
    api="/api/admin/ledger/entries",
    opens=lambda row: f"/console/money/entries/{row.id}",
    file="entries",
)
RECOUNTS = ListPage(
    "Recounts",
    MONEY,
    columns=(
        lists.moment("Begun", "started_at"),
        lists.moment("Ended", "finished_at"),
        lists.number("Entries", "entries"),
        lists.number("Accounts", "accounts"),
        lists.number("Differences", "differences"),
        lists.words("The first of them", _first_difference, "long"),
    ),
    empty=("No recount yet.", "Each night all entries are counted again and compared with the balances that are kept."),
    api="/api/admin/ledger/reconciliation",
    template="console/money/task_list.html",
    file="recounts",
)
RECOUNT = "ledger-reconciliation"


@blueprint.get("/accounts")
def accounts() -> str | Response:
    return show_list(ACCOUNTS, queries.account_page, AccountArguments, staff=page_staff("ledger.read"))


@blueprint.get("/accounts/<uuid:account_id>")
def account(account_id: UUID) -> str | Response:
    staff = page_staff("ledger.read")
    found = queries.find_account(account_id)
    return show_list(
        STATEMENT,
        lambda **page: queries.statement_page(account_id, **page),
        PageArguments,
        staff=staff,
        of=("ledger_accounts", account_id),
        account=found,
        balance=queries.add_balances([found])[0][1],
    )


@blueprint.get("/entries")
def entries() -> str | Response:
    return show_list(ENTRIES, queries.entry_page, EntryArguments, staff=page_staff("ledger.read"))


@blueprint.get("/entries/<uuid:entry_id>")
def entry(entry_id: UUID) -> str:
    staff = page_staff("ledger.read")
    return render_template("console/money/entry.html", staff=staff, section=MONEY, entry=queries.find_entry(entry_id))


@blueprint.get("/recounts")
def recounts() -> str | Response:
    return show_list(
        RECOUNTS,
        queries.reconciliation_page,
        PageArguments,
        staff=page_staff("ledger.read"),
        task=RECOUNT,
        task_api="/api/admin/ledger/reconciliation",
        may_run="ledger.adjust",
    )


@blueprint.post("/recounts/run")
def recount() -> AnyResponse:
    """Count everything again now; a recount that runs already goes on."""
    staff = page_staff("ledger.adjust")
    with transaction():
        schedules.start_now(RECOUNT, utcnow(), actor=staff_actor(staff.id))
    flash(translate("{task}: started.", task=RECOUNT))
    return redirect(url_for("console_books.recounts"))
