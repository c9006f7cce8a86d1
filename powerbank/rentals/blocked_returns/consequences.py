"""What follows from a report of a blocked return besides the pause: the issue of the station, a word to staff about
false alarms, and the event."""

from datetime import datetime, timedelta
from uuid import UUID

from powerbank.base.clock import local_day
from powerbank.outbox.enqueue import publish
from powerbank.rentals import transitions
from powerbank.rentals.blocked_returns import queries
from powerbank.rentals.blocked_returns.events import ReturnBlocked
from powerbank.rentals.blocked_returns.models import BlockedReturn, BlockReason, BlockStatus
from powerbank.rentals.blocked_returns.next_station import name_of_go_to
from powerbank.rentals.events import AnomalyFound
from powerbank.rentals.models import Rental
from powerbank.stations.issues import services as issues
from powerbank.stations.issues.models import IssueType
from powerbank.stations.models import Station

# So many reports about stations that had free slots are an anomaly.
MANY_DISPROVED, DISPROVED_WITHIN = 3, timedelta(days=30)
# What the issue of the station says to staff, by what is known of the station.
ISSUES = {
    BlockReason.STATION_OFFLINE: (IssueType.OFFLINE, "A power bank could not be returned: the station is offline."),
    BlockReason.STATION_SILENT: (IssueType.OFFLINE, "A power bank could not be returned: the station says nothing."),
    BlockReason.STATION_REFUSES: (IssueType.SLOT_STUCK, "The station refused to take a power bank back."),
    BlockReason.SLOTS_FREE: (IssueType.SLOT_STUCK, "A power bank could not be returned, although slots seem free."),
    BlockReason.STATION_FULL: (IssueType.OTHER, "A power bank could not be returned: the station is full."),
    BlockReason.STATION_CLOSED: (IssueType.OTHER, "A power bank could not be returned: the station is closed."),
    BlockReason.STATION_MAINTENANCE: (IssueType.OTHER, "A power bank could not be returned during maintenance."),
}


def report_issue(rental: Rental, station: Station, reason: BlockReason, now: datetime) -> None:
    """Report the trouble as an issue of the station. Reports of one kind are one issue."""
    if reason in ISSUES and station.active:
        issue_type, description = ISSUES[reason]
        issues.report_issue(
            user_id=rental.user_id, sn=station.sn, issue_type=issue_type, description=description, now=now
        )


def tell_of_false_alarms(user_id: UUID, reason: BlockReason, now: datetime) -> None:
    """Tell staff of a person who reports again and again that stations with free slots take nothing back."""
    if reason != BlockReason.SLOTS_FREE:
        return
    count = queries.count_disproved(user_id, now=now, within=DISPROVED_WITHIN)
    if count >= MANY_DISPROVED:
        publish(
            AnomalyFound(
                key=f"blocked_returns:{user_id}:{local_day(now)}",
                detail=f"user {user_id} reported {count} blocked returns at stations that had free slots",
            )
        )


def publish_block(rental: Rental, block: BlockedReturn, station: Station) -> None:
    publish(
        ReturnBlocked(
            **transitions.event_fields(rental),
            block_id=block.id,
            station_sn=station.sn,
            reason=block.reason,
            granted=block.status == BlockStatus.GRANTED,
            paused_until=block.paused_until,
            go_to=name_of_go_to(block),
            slot_number=block.go_to_slot or 0,
            has_slot=block.go_to_slot is not None,
        )
    )
