"""Wrong passwords and codes of staff, counted so that a stranger's guesses lock out the stranger.

Ten wrong tries in a row from one IP address lock the account there. Addresses from which the member has never signed in
are also counted together, so that guessing from many of them is no way round. Where the account is locked, password and
second factor together still open it: whoever has both is the member, at whatever address. Somebody who knows the
password and guesses the second factor is counted over all addresses, and then that door is shut as well; an address
from which the member has signed in stays open.

These counts are rows. In front of them stand quick limits in Redis, so that nobody keeps argon2 busy.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from flask import current_app
from sqlalchemy import text, update

from powerbank.api.rate_limits import forget_hits, hit_or_refuse
from powerbank.auth.staff.models import StaffAddress, StaffMember
from powerbank.base import audit
from powerbank.base.db import open_session

LOCKED_FOR = timedelta(minutes=15)
TRIES = 10  # from one address, and of codes after the right password
TRIES_OF_STRANGERS = 30  # from all addresses together from which the member has never signed in
TRIES_PER_ADDRESS, TRIES_PER_ACCOUNT = 20, "10 per 15 minute"


class Access(StrEnum):
    """What lets a member in."""

    USUAL = "usual"  # the password, and the second factor if there is one
    BOTH_FACTORS = "both_factors"
    NONE = "none"


def count_try(email: str, ip_address: str, *, code: str | None = None) -> None:
    """Count a try before the password is verified, by IP address and by account at the IP address.

    So a stranger elsewhere uses up nobody's tries. Tries with a code are counted by themselves: where others at the
    member's own address have guessed, both factors still open the account.
    """
    per_address = TRIES_PER_ADDRESS * current_app.config["SETTINGS"].ease
    hit_or_refuse(f"{per_address} per 15 minute", "sign-in", ip_address)
    hit_or_refuse(TRIES_PER_ACCOUNT, *_account_bucket(email, ip_address, with_code=bool(code)))


def forgive_tries(email: str, ip_address: str) -> None:
    """Forget the counted tries after a right one, because only wrong ones count towards the limit of an account."""
    for with_code in (False, True):
        forget_hits(TRIES_PER_ACCOUNT, *_account_bucket(email, ip_address, with_code=with_code))


def _account_bucket(email: str, ip_address: str, *, with_code: bool) -> tuple[str, ...]:
    return ("sign-in", "code" if with_code else "password", email.strip().lower(), ip_address)


@dataclass
class AttemptsAtAddress:
    """What was tried at a member's account from one IP address.

    The member's row is locked, so that twenty tries at once are counted as twenty.
    """

    member: StaffMember
    ip_address: str
    row: StaffAddress | None

    def find_access(self, now: datetime) -> Access:
        locked_here = self.is_locked(now)
        if self._is_known_address and not locked_here:
            return Access.USUAL
        if _is_in_force(self.member.codes_locked_until, now):
            return Access.NONE
        locked = locked_here or _is_in_force(self.member.locked_until, now)
        return Access.BOTH_FACTORS if locked else Access.USUAL

    def is_locked(self, now: datetime) -> bool:
        """Say whether this address is locked. A member who has signed in already is a stranger nowhere else."""
        return self.row is not None and _is_in_force(self.row.locked_until, now)

    def count_failure(self, now: datetime) -> None:
        _commit_without_waiting()
        row = self._ensure_row(now)
        row.failed_attempts += 1
        if row.failed_attempts >= TRIES:
            row.failed_attempts, row.locked_until = 0, now + LOCKED_FOR
            self._record_lock("address")
        if not self._is_known_address:
            self.member.failed_attempts += 1
            if self.member.failed_attempts >= TRIES_OF_STRANGERS:
                self.member.failed_attempts, self.member.locked_until = 0, now + LOCKED_FOR
                self._record_lock("strangers")

    def count_wrong_code(self, now: datetime) -> None:
        """Count a wrong code after the right password, whose finder needs nothing but the code now."""
        self.count_failure(now)
        self.member.wrong_codes += 1
        if self.member.wrong_codes >= TRIES:
            self.member.wrong_codes, self.member.codes_locked_until = 0, now + LOCKED_FOR
            self._record_lock("codes")

    def record_success(self, now: datetime) -> None:
        """Forget the failures, and know the address from now on, because the member was let in from it."""
        row = self._ensure_row(now)
        row.failed_attempts, row.locked_until, row.signed_in_at = 0, None, now
        self.member.failed_attempts, self.member.locked_until = 0, None
        self.member.wrong_codes, self.member.codes_locked_until = 0, None

    @property
    def _is_known_address(self) -> bool:
        return self.row is not None and self.row.signed_in_at is not None

    def _ensure_row(self, now: datetime) -> StaffAddress:
        if self.row is None:
            self.row = StaffAddress(staff_id=self.member.id, address=self.ip_address, failed_attempts=0)
            open_session().add(self.row)
        self.row.tried_at = now
        return self.row

    def _record_lock(self, locked: str) -> None:
        new = {"locked": locked} | ({"address": self.ip_address} if locked == "address" else {})
        audit.record(actor="sign-in", action="staff.lock", object_kind="staff", object_id=self.member.id, new=new)


def find_attempts(member: StaffMember, ip_address: str) -> AttemptsAtAddress:
    row = open_session().get(StaffAddress, (member.id, ip_address), populate_existing=True)
    return AttemptsAtAddress(member, ip_address, row)


def unlock_member(member: StaffMember) -> bool:
    """Forget all failures for an administrator, who knows the member. Say whether anything was locked."""
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


def _is_in_force(until: datetime | None, now: datetime) -> bool:
    return until is not None and until > now


def _commit_without_waiting() -> None:
    """Let the commit not wait for the disk: that time would tell that there is such an account.

    A crash may forget one try.
    """
    open_session().execute(text("SET LOCAL synchronous_commit TO off"))
