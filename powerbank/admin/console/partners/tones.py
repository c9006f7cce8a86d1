"""By which tone a state of a payout or of a payout account is shown."""

from types import MappingProxyType

PAYOUT = MappingProxyType(
    {
        "draft": "quiet",
        "awaiting_approval": "warn",
        "approved": "busy",
        "sending": "busy",
        "processing": "busy",
        "unknown": "bad",
        "paid": "good",
        "failed": "bad",
        "returned": "bad",
        "held": "warn",
        "cancelled": "quiet",
    }
)
ACCOUNT = MappingProxyType({"requested": "warn", "confirmed": "good", "rejected": "bad", "replaced": "quiet"})
