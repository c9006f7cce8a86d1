"""The tone in which the console shows each state of stations, commands, messages and power banks."""

STATUS = {"online": "good", "offline": "bad", "maintenance": "warn"}
COMMAND = {
    "queued": "quiet",
    "sent": "busy",
    "acknowledged": "busy",
    "succeeded": "good",
    "failed": "bad",
    "expired": "warn",
    "unknown": "warn",
}
OUTCOME = {"applied": "good", "stale": "quiet", "undecodable": "warn", "failed": "bad"}
PRIORITY = {"critical": "bad", "normal": "warn"}
SETTLED = {"open": "warn", "settled": "good"}
PLACE = {
    "slot": "good",
    "user": "busy",
    "crew": "busy",
    "warehouse": "quiet",
    "quarantined": "warn",
    "lost": "bad",
}
HEALTH = {"good": "good", "faulty": "bad"}
