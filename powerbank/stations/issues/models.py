"""Issues of stations, what people reported of them, and their photos."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from powerbank.base.db import Base, Id, one_of
from powerbank.stations.models import Station


class IssueType(StrEnum):
    OFFLINE = "offline"
    DAMAGED = "damaged"
    DIRTY = "dirty"
    LOCATION_WRONG = "location_wrong"
    SLOT_STUCK = "slot_stuck"
    OTHER = "other"


class Priority(StrEnum):
    CRITICAL = "critical"
    NORMAL = "normal"


CRITICAL = frozenset({IssueType.OFFLINE, IssueType.DAMAGED})


class StationIssue(Base):
    """Something that is wrong with a station, however many people reported it."""

    __tablename__ = "station_issues"
    __table_args__ = (
        one_of("issue_type", IssueType),
        one_of("priority", Priority),
        CheckConstraint("reports > 0", name="reports"),
        CheckConstraint("(resolved_at IS NULL) = (resolution IS NULL)", name="resolved"),
        Index(
            "uq_station_issues_open",
            "station_id",
            "issue_type",
            unique=True,
            postgresql_where=text("resolved_at IS NULL"),
        ),
        Index("ix_station_issues_open", "id", postgresql_where=text("resolved_at IS NULL")),
        Index("ix_station_issues_station_id", "station_id", "id"),
    )

    id: Mapped[Id]
    station_id: Mapped[UUID] = mapped_column(ForeignKey("stations.id"))
    issue_type: Mapped[str]
    priority: Mapped[str]
    reports: Mapped[int] = mapped_column(server_default="1")
    opened_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    last_reported_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    resolved_at: Mapped[datetime | None]
    resolved_by: Mapped[str | None]
    resolution: Mapped[str | None]
    connectivity: Mapped[dict[str, Any] | None] = mapped_column(
        JSONB(none_as_null=True)
    )  # what a check of an issue that says `offline` found

    station: Mapped[Station] = relationship(lazy="joined", innerjoin=True)

    @property
    def station_sn(self) -> str:
        return self.station.sn


class IssueReport(Base):
    """What one person reported of an issue."""

    __tablename__ = "station_issue_reports"
    __table_args__ = (Index("ix_station_issue_reports_issue_id", "issue_id"),)

    id: Mapped[Id]
    issue_id: Mapped[UUID] = mapped_column(ForeignKey("station_issues.id", ondelete="CASCADE"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    partner_id: Mapped[UUID | None] = mapped_column(ForeignKey("partners.id"))  # the venue, where its people report
    description: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    processed_at: Mapped[datetime | None]


class ReportPhoto(Base):
    """A picture that was made anew from its pixels, so that it has no trace of the camera."""

    __tablename__ = "report_photos"
    __table_args__ = (
        Index("ix_report_photos_subject_id", "subject_id", "id"),
        Index("ix_report_photos_user_id", "user_id"),
        Index("ix_report_photos_created_at", "created_at"),
    )

    id: Mapped[Id]
    subject_id: Mapped[UUID]  # the report of an issue, or the case of a rental
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
