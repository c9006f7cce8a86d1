"""The tones of states that several pages of the console show: good, busy, warn, bad or quiet."""

from types import MappingProxyType

ACCOUNT = MappingProxyType({"active": "good", "suspended": "warn", "banned": "bad"})
IDENTITY = MappingProxyType(
    {"none": "quiet", "pending": "busy", "approved": "good", "rejected": "bad", "withdrawn": "quiet"}
)
DELIVERY = MappingProxyType({"queued": "busy", "sent": "good", "delivered": "good", "failed": "bad", "expired": "warn"})
RENTAL = MappingProxyType(
    {
        "pending": "busy",
        "ejecting": "busy",
        "active": "busy",
        "overdue": "warn",
        "completed": "good",
        "cancelled": "quiet",
        "failed": "bad",
        "unresolved": "warn",
        "lost": "bad",
    }
)
CASE = MappingProxyType({"open": "warn", "upheld": "good", "dismissed": "quiet"})
CONVERSATION = MappingProxyType({"open": "warn", "waiting": "busy", "solved": "good", "closed": "quiet"})
