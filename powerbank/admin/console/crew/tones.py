"""The tones of the states that the crew's section shows."""

from types import MappingProxyType

TASK = MappingProxyType(
    {
        "open": "warn",
        "claimed": "busy",
        "begun": "busy",
        "to_verify": "warn",
        "done": "good",
        "not_needed": "quiet",
        "rejected": "bad",
        "cancelled": "quiet",
    }
)
SHIFT = MappingProxyType({"on": "good", "ended": "quiet", "ended by itself": "warn"})
ACTIVE = MappingProxyType({"active": "good", "has left": "quiet"})
