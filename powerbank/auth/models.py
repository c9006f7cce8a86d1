from datetime import datetime

from sqlalchemy import CheckConstraint, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from powerbank.auth.roles import PERMISSIONS, Role
from powerbank.db import Base, Id


class StaffMember(Base):
    __tablename__ = "staff"
    __table_args__ = (
        CheckConstraint(f"role IN ({', '.join(repr(role.value) for role in Role)})", name="role"),
        Index("uq_staff_email", func.lower(text("email")), unique=True),
    )

    id: Mapped[Id]
    email: Mapped[str]
    password_hash: Mapped[str]
    role: Mapped[str]
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    # Raised when the password or the role changes: sessions and tokens of before are void.
    generation: Mapped[int] = mapped_column(server_default=text("1"))
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))

    def may(self, permission: str) -> bool:
        return permission in PERMISSIONS[Role(self.role)]
