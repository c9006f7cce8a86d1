"""What a list of webhooks shows, and by what it filters. The page that looks into many of them filters alike."""

from powerbank.admin.console.sections import MONEY
from powerbank.pages import lists
from powerbank.pages.lists import ListPage
from powerbank.payments.gateways import LIMITS
from powerbank.payments.models import EventState

EVENT_TONES = {"received": "busy", "waiting": "warn", "processed": "good", "ignored": "quiet", "forged": "bad"}

EVENTS = ListPage(
    "From gateways",
    MONEY,
    columns=(
        lists.moment("When", "received_at"),
        lists.name("Gateway", "gateway"),
        lists.badge("State", "state", EVENT_TONES),
        lists.words("Kind", "type"),
        lists.code("Reference", "reference"),
        lists.words("What became of it", "detail", "long"),
    ),
    filters=(
        lists.choice("State", "state", [*EventState]),
        lists.choice("Gateway", "gateway", [*LIMITS]),
        lists.text_field("Top-up", "intent_id", "Its id."),
        lists.day("From", "since"),
        lists.day("Until", "until"),
    ),
    empty=("Nothing has come.", "What a gateway sends of a payment stands here, as it came."),
    api="/api/admin/payments/webhooks",
    opens=lambda row: f"/console/money/gateway-events/{row.id}",
    template="console/money/gateway_events.html",
    file="gateway_events",
)
