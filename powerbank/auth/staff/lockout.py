"""Wrong passwords and codes of staff, counted so that a stranger's guesses lock out the stranger.

Ten in a row at one address lock the account there. Addresses at which the member has never signed in are counted
together besides, so that guessing from many is no way round. Where it is locked, password and second factor together
still open it: who brings both is the member, at whatever address. Somebody who knows the password and guesses the
second factor is counted over all addresses, and then that door is shut as well; an address at which the member has
signed in stays open.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import text, update

from powerbank.auth.staff.models import StaffAddress, StaffMember
from powerbank.base import audit
from powerbank.base.db import open_session

LOCKED_FOR = timedelta(minutes=15)
TRIES = 10  # at one address, and of codes after the right password
TRIES_OF_STRANGERS = 30  # at all addresses together at which the member has never signed in


class Way(StrEnum):
    """What lets a member in."""

    USUAL = "usual"  # the password, and the second factor if there is one
    BOTH_FACTORS = "both_factors"
    NONE = "none"


@dataclass
class Place:
    """A member at an address. The member's row is locked, so that twenty tries at once are counted as twenty."""

    member: StaffMember
    address: str
    row: StaffAddress | None

    def way_in(self, now: datetime) -> Way:
        here_locked = self.row is not None and _lasts(self.row.locked_until, now)
        if self._known and not here_locked:
            return Way.USUAL
        if _lasts(self.member.codes_locked_until, now):
            return Way.NONE
        locked = here_locked or _lasts(self.member.locked_until, now)
        return Way.BOTH_FACTORS if locked else Way.USUAL

    def is_locked(self, now: datetime) -> bool:
        """For who has signed in already, and is no stranger wherever the phone has moved since."""
        return self.row is not None and _lasts(self.row.locked_until, now)

    def count_failure(self, now: datetime) -> None:
        _spare_the_disk()
        row = self._kept(now)
        row.failed_attempts += 1
        if row.failed_attempts >= TRIES:
            row.failed_attempts, row.locked_until = 0, now + LOCKED_FOR
            self._tell("address")
        if not self._known:
            self.member.failed_attempts += 1
            if self.member.failed_attempts >= TRIES_OF_STRANGERS:
                self.member.failed_attempts, self.member.locked_until = 0, now + LOCKED_FOR
                self._tell("strangers")

    def count_wrong_code(self, now: datetime) -> None:
        """The password was right: its finder needs nothing but the code now."""
        self.count_failure(now)
        self.member.wrong_codes += 1
        if self.member.wrong_codes >= TRIES:
            self.member.wrong_codes, self.member.codes_locked_until = 0, now + LOCKED_FOR
            self._tell("codes")

    def welcome(self, now: datetime) -> None:
        """The member was let in here: what was counted is forgotten, and the address is known from now on."""
        row = self._kept(now)
        row.failed_attempts, row.locked_until, row.let_in_at = 0, None, now
        self.member.failed_attempts, self.member.locked_until = 0, None
        self.member.wrong_codes, self.member.codes_locked_until = 0, None

    @property
    def _known(self) -> bool:
        return self.row is not None and self.row.let_in_at is not None

    def _kept(self, now: datetime) -> StaffAddress:
        if self.row is None:
            self.row = StaffAddress(staff_id=self.member.id, address=self.address, failed_attempts=0)
            open_session().add(self.row)
        self.row.tried_at = now
        return self.row

    def _tell(self, of: str) -> None:
        told = {"locked": of} | ({"address": self.address} if of == "address" else {})
        audit.record(actor="sign-in", action="staff.lock", object_kind="staff", object_id=self.member.id, new=told)


def place_of(member: StaffMember, address: str) -> Place:
    return Place(member, address, open_session().get(StaffAddress, (member.id, address), populate_existing=True))


def forgive_all(member: StaffMember) -> bool:
    """For an administrator, who knows the member. Whether anything was locked or is yet."""
    locked = member.locked_until is not None or member.codes_locked_until is not None
    member.failed_attempts, member.locked_until = 0, None
    member.wrong_codes, member.codes_locked_until = 0, None
    open_session().execute(
        update(StaffAddress)
        .where(StaffAddress.staff_id == member.id)
        .values(failed_attempts=0, locked_until=None)
        .execution_options(synchronize_session=False)
    )
    return locked


def _lasts(until: datetime | None, now: datetime) -> bool:
    return until is not None and until > now


def _spare_the_disk() -> None:
    """Waiting for it would tell by the clock that there is such an account. A crash may forget one try."""
    open_session().execute(text("SET LOCAL synchronous_commit TO off"))
