"""The roles of staff, and what each role may do."""

from enum import StrEnum
from types import MappingProxyType


class Role(StrEnum):
    SUPERADMIN = "superadmin"
    OPERATIONS = "operations"
    SUPPORT = "support"
    FINANCE = "finance"
    VIEWER = "viewer"


_ALL = frozenset(Role)
_SUPERADMIN = frozenset({Role.SUPERADMIN})
_OPERATIONS = _SUPERADMIN | {Role.OPERATIONS}
_SUPPORT = _OPERATIONS | {Role.SUPPORT}
_FINANCE = _SUPERADMIN | {Role.FINANCE}

# The roles that have each permission that a route asks for.
GRANTED = MappingProxyType(
    {
        "account.manage": _ALL,  # of the own account: password, second factor and sessions
        "achievements.read": _ALL,
        "achievements.write": _OPERATIONS,
        "analytics.read": _OPERATIONS | _FINANCE,  # what the network earns: not for everybody who may read
        "analytics.write": _OPERATIONS | _FINANCE,
        "audit.read": _SUPERADMIN,
        "config.read": _ALL,
        "config.write": _OPERATIONS,
        "crew.read": _ALL,
        "crew.write": _OPERATIONS,  # who is of the crew
        "crew.operate": _OPERATIONS,  # give tasks, and decide about work
        "crew.locate": _SUPPORT,  # where people are: not for everybody who may read
        "crew.pay": _OPERATIONS | _FINANCE,
        "content.read": _ALL,
        "content.write": _OPERATIONS,
        "kyc.read": _SUPPORT,  # documents of people: not for everybody who may read
        "kyc.decide": _OPERATIONS,
        "ledger.read": _FINANCE,
        "ledger.adjust": _FINANCE,
        "ledger.approve": _FINANCE,
        "notices.broadcast": _OPERATIONS,
        "notices.read": _ALL,  # each sees those of the permissions that the role has
        "packages.read": _ALL,
        "packages.write": _OPERATIONS,
        "rentals.read": _ALL,
        "rentals.locate": _SUPPORT,  # where people went: not for everybody who may read
        "rentals.resolve": _SUPPORT | _FINANCE,
        "payments.read": _FINANCE | _SUPPORT,
        "payments.resolve": _FINANCE,
        "refunds.read": _FINANCE | _SUPPORT,
        "refunds.decide": _FINANCE,
        "partners.read": _ALL,
        "partners.write": _FINANCE,
        "payouts.read": _FINANCE,
        "payouts.write": _FINANCE,
        "payouts.approve": _FINANCE,
        "promotions.read": _ALL,
        "promotions.write": _OPERATIONS,
        "search.read": _ALL,  # each finds what the role may read
        "staff.read": _SUPERADMIN,
        "staff.write": _SUPERADMIN,
        "stations.operate": _OPERATIONS,
        "stations.read": _ALL,
        "stations.write": _OPERATIONS,
        "support.read": _SUPPORT | _FINANCE,  # what people write to staff: not for everybody who may read
        "support.write": _SUPPORT,
        "system.read": _ALL,
        "system.operate": _OPERATIONS,
        "templates.read": _ALL,  # what messages say, and which channels they take
        "templates.write": _OPERATIONS,
        "users.read": _ALL,
        "users.contact": _SUPPORT | _FINANCE,  # phone numbers and e-mail addresses in full, and finding people by them
        "users.write": _SUPPORT,
        "users.erase": _OPERATIONS,  # take along or delete all that is kept of a person; a second one approves deletion
    }
)

PERMISSIONS = MappingProxyType(
    {role: frozenset(permission for permission, roles in GRANTED.items() if role in roles) for role in Role}
)
