"""Every text of a page is there in both languages."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from powerbank.admin.console.growth.tables import TABLES
from powerbank.admin.schemas import SETTABLE
from powerbank.auth.staff.roles import Role
from powerbank.content.models import RevisionState
from powerbank.content.schemas import RevisionSchema
from powerbank.crew.tasks.states import TaskKind, TaskStatus
from powerbank.kyc.models import KycStatus
from powerbank.ledger.accounts import Kind, Side
from powerbank.ledger.adjustments.models import Act
from powerbank.ledger.services import EntryKind
from powerbank.ledger.wallet_models import AdjustmentStatus, DueCause, Progress
from powerbank.notifications.broadcasts.models import BroadcastStatus
from powerbank.notifications.broadcasts.schemas import BroadcastSchema, TargetSchema
from powerbank.notifications.models import DeliveryStatus
from powerbank.ops.queries import KINDS
from powerbank.outbox.models import Cause
from powerbank.pages.schema_forms import describe_form
from powerbank.pages.translations import NEPALI, PARTS
from powerbank.partners.models import AccrualKind, MemberRole, PartnerKind
from powerbank.payments.chargebacks.models import ChargebackState
from powerbank.payments.gateways import LIMITS
from powerbank.payments.models import EventState, IntentStatus
from powerbank.payments.options.methods import PAYABLE
from powerbank.payments.refunds.models import RefundStatus
from powerbank.payouts.states import AccountKind, AccountStatus, PayeeKind, Skip
from powerbank.payouts.states import Status as PayoutStatus
from powerbank.promotions.schemas import CouponSchema
from powerbank.rentals.disputes.models import CaseStatus, IssueType
from powerbank.rentals.staff.troubles import Trouble
from powerbank.rentals.states import Status as RentalStatus
from powerbank.social.schemas import AchievementSchema
from powerbank.stations.commands.models import CommandStatus
from powerbank.stations.custody.models import DiscrepancyKind, Health, Place
from powerbank.stations.issues.models import IssueType as StationIssueType
from powerbank.stations.issues.models import Priority
from powerbank.stations.messages.models import Outcome
from powerbank.stations.packages.models import PaymentModel
from powerbank.stations.registry.filters import Lack
from powerbank.stations.warehouses.schemas import WarehouseSchema
from powerbank.support.models import AlertCause, Topic
from powerbank.support.models import Status as ConversationStatus

ROOT = Path(__file__).parents[2] / "powerbank"
SERVED = ("pages", "console", "people", "crew", "partner")
TEMPLATES = [path for folder in SERVED for path in (ROOT / "templates" / folder).rglob("*.html")]
SHOWN_AS_FORMS = [
    *(pages.table.schema() for pages in TABLES.values()),
    WarehouseSchema(),
    *(CouponSchema(), AchievementSchema(), RevisionSchema(), BroadcastSchema(exclude=("target",)), TargetSchema()),
]
# Templates show these values as `text(value)`.
TAKE_LABELS = {
    "TablePages",
    *("ListPage", "Section", "Tab", "person", "member"),
    *(f"lists.{kind}" for kind in ("words", "name", "code", "number", "moment", "badge", "amount", "link")),
    *(f"lists.{kind}" for kind in ("choice", "options", "text_field", "day", "age")),
}
SHOWN_VALUES = {
    *SETTABLE,
    *(status.value for status in (*RentalStatus, *CommandStatus, *CaseStatus, *DeliveryStatus, *PaymentModel)),
    *(each.value.replace("_", " ") for each in (*Trouble, *IssueType, *PAYABLE)),
    *("in a slot", "with the person", "with the crew", "in a warehouse", "in quarantine"),
    *("Log", "Commands", "Custody", "Messages"),
    *(status.value for status in KycStatus),
    *("withdrawn", *(f"same {kind}" for kind in ("number", "phone", "email", "device", "name", "birthday"))),
    *LIMITS,
    *(
        each.value.replace("_", " ")
        for kind in (
            IntentStatus,
            EventState,
            ChargebackState,
            RefundStatus,
            AdjustmentStatus,
            Progress,
            DueCause,
            Kind,
            EntryKind,
            Side,
            Act,
        )
        for each in kind
    ),
    # Some forms follow from a schema; these are their fields and what they let choose.
    *(field.label for schema in SHOWN_AS_FORMS for field in describe_form(schema)),
    *(shown for schema in SHOWN_AS_FORMS for field in describe_form(schema) for value, shown in field.options if value),
    *(state.value for kind in (RevisionState, BroadcastStatus) for state in kind),
    *("switched off", "waits for approval", "required", "offered"),
    # These tell how an alert, a program and a member of staff stand.
    *(kind.replace("_", " ") for kind in KINDS),
    *("over", "alive", "silent", "worker", "scheduler", "mqtt", "web", "active", "let in no more", "on", "off"),
    # These tell why a top-up is in review, what differs at a gateway, where a refund goes, and what waits for a
    # decision.
    *("partly refunded", "never final", "amount differs", "payment without number", "payment credited already"),
    *("not booked", "not paid there", "another payment", "refunds differ", "paid not credited", "dispute"),
    *("its sources", "the gateway", "points grant"),
    *Role,
    *(cause.value.replace("_", " ") for cause in Cause),
    *("healthy", "warning", "unhealthy", "running", "success", "failed", "missed"),
    *("done", "waiting", "retrying"),
    *(each.value for each in (*ConversationStatus, *Topic, *AlertCause)),
    *(
        each.value.replace("_", " ")
        for names in (Place, Health, DiscrepancyKind, StationIssueType, Priority, Lack)
        for each in names
    ),
    *("yes", "no", "open", "resolved", *Outcome),
    # The pages of the crew show these.
    *(each.value.replace("_", " ") for names in (TaskKind, TaskStatus) for each in names),
    *("unfinished", "all", "on", "ended", "ended by itself", "active", "has left"),
    # The pages of partners and payouts show these.
    *(
        each.value.replace("_", " ")
        for names in (PartnerKind, MemberRole, AccrualKind, PayoutStatus, AccountStatus, AccountKind, PayeeKind, Skip)
        for each in names
    ),
    *("npi", "bank file", "stations", "starts on", "ends on", "percent", "terms"),
}


def texts_of_templates() -> Iterator[str]:
    for path in TEMPLATES:
        for single, double in re.findall(r"""\btext\((?:'([^']+)'|"([^"]+)")""", path.read_text()):
            yield single or double


def _labels(call: ast.Call) -> Iterator[ast.Constant]:
    """Find the texts in a piece of a list: its label, a hint, and what an empty list says."""
    given = [*call.args[:1], *call.args[2:], *(each.value for each in call.keywords if each.arg in ("empty", "hint"))]
    for each in given:
        for part in each.elts if isinstance(each, ast.Tuple) else [each]:
            if isinstance(part, ast.Constant) and isinstance(part.value, str) and part.value[:1].isupper():
                yield part


def texts_of_code() -> Iterator[str]:
    """Find what is given to `translate`, the labels of lists, and constants that a module hands over by name."""
    for path in [*ROOT.rglob("*pages.py"), *(ROOT / "admin" / "console").rglob("*.py")]:
        source = path.read_text()
        if "powerbank.pages" not in source and "problem=" not in source:
            continue
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in NEPALI:
                yield node.value
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "translate":
                yield from (each.value for each in node.args if isinstance(each, ast.Constant))
            if isinstance(node, ast.Call) and ast.unparse(node.func) in TAKE_LABELS:
                yield from (each.value for each in _labels(node))
    language = (ROOT / "pages" / "language.py").read_text()
    yield from re.findall(r'"(\{count\} \w+)"', language)


@cache
def find_shown_texts() -> set[str]:
    return {*texts_of_templates(), *texts_of_code(), *(str(value) for value in SHOWN_VALUES)}


def test_every_text_is_there_in_nepali() -> None:
    assert sorted(find_shown_texts() - NEPALI.keys()) == []


def test_every_nepali_text_is_shown() -> None:
    assert sorted(NEPALI.keys() - find_shown_texts()) == []


def test_no_text_stands_in_the_catalogue_twice() -> None:
    counted = Counter(english for part in PARTS for english in part)
    assert [english for english, times in counted.items() if times > 1] == []


def test_a_nepali_text_is_nepali() -> None:
    assert {english: nepali for english, nepali in NEPALI.items() if not re.search(r"[\u0900-\u097f]", nepali)} == {}


def test_a_nepali_text_names_the_same_values() -> None:
    def values(text: str) -> list[str]:
        return sorted(re.findall(r"\{(\w+)\}", text))

    assert {english: nepali for english, nepali in NEPALI.items() if values(english) != values(nepali)} == {}


def test_templates_hold_no_bare_text() -> None:
    """What a reader sees goes through `text`; names such as Powerbank, API and CSV are the same in both languages."""
    same_everywhere = {"Powerbank", "API", "CSV", "English", "नेपाली", "· Powerbank", "curl", "#"}
    found = {}
    for path in TEMPLATES:
        source = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "", path.read_text(), flags=re.DOTALL)
        source = re.sub(r'data-[\w-]+="[^"]*"', "", source)
        source = re.sub(r"<(\w[^<>]*|/\w+)>|<!doctype html>", "\n", source)
        bare = {line.strip() for line in source.splitlines()} - {""} - same_everywhere
        if bare := {each for each in bare if re.search(r"[A-Za-z]{2}", each)}:
            found[path.name] = bare
    assert found == {}
