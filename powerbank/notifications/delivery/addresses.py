"""Where a person can be reached, and how that is shown to others."""

from powerbank.users.models import IdentifierKind


def masked(kind: str, value: str) -> str:
    """`+977••••••5678`, `s•••@example.com`: enough to recognise one's own, no use to anybody else."""
    if kind == IdentifierKind.EMAIL:
        name, _, host = value.partition("@")
        return f"{name[:1]}•••@{host}"
    return f"{value[:4]}••••••{value[-4:]}"
