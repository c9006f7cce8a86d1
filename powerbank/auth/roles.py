"""Staff roles and what each may do, as data."""

from enum import StrEnum
from types import MappingProxyType


class Role(StrEnum):
    SUPERADMIN = "superadmin"
    OPERATIONS = "operations"
    SUPPORT = "support"
    FINANCE = "finance"
    VIEWER = "viewer"


_READ = frozenset({"content.read", "system.read"})
_OPERATE = frozenset({"content.write", "system.operate"})

PERMISSIONS = MappingProxyType(
    {
        Role.SUPERADMIN: _READ | _OPERATE,
        Role.OPERATIONS: _READ | _OPERATE,
        Role.SUPPORT: _READ,
        Role.FINANCE: _READ,
        Role.VIEWER: _READ,
    }
)
