"""A member of staff looks at one identity check at a time, and nobody else gets it meanwhile."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from powerbank.auth.staff import administration
from powerbank.auth.staff.roles import Role
from powerbank.base.db import transaction, utcnow
from powerbank.base.errors import ConflictError
from powerbank.kyc import services
from powerbank.kyc.staff import claims
from tests.conftest import PASSWORD
from tests.kyc.conftest import Desk
from tests.people import Headers

StaffHeaders = Callable[..., Headers]


@pytest.fixture
def members(desk: Desk) -> list[UUID]:
    with desk.app.app_context(), transaction():
        names = [f"{name}@example.com" for name in ("asha", "binod", "chandra")]
        for email in names:
            administration.ensure_staff(email=email, password=PASSWORD, role=Role.OPERATIONS)
    found = desk.rows("SELECT id, email FROM staff ORDER BY email")
    return [row.id for row in found if row.email in names]


@pytest.fixture
def waiting(desk: Desk) -> list[UUID]:
    return [UUID(desk.submitted(desk.join(f"person{number}"), f"100{number}")) for number in range(3)]


def take(desk: Desk, staff_id: UUID, *, now: datetime | None = None, after: UUID | None = None) -> UUID | None:
    with desk.app.app_context(), transaction():
        found = claims.claim_next(staff_id=staff_id, now=now or utcnow(), after=after)
        return found.id if found else None


def test_each_member_gets_the_oldest_that_nobody_else_has(desk: Desk, members: list[UUID], waiting: list[UUID]) -> None:
    assert [take(desk, member) for member in members] == waiting
    assert [take(desk, member) for member in members] == waiting, "who comes back has the same one again"


def test_whoever_asks_at_once_gets_different_ones(desk: Desk, members: list[UUID], waiting: list[UUID]) -> None:
    with ThreadPoolExecutor(max_workers=3) as pool:
        taken = list(pool.map(lambda member: take(desk, member), members))
    assert sorted(map(str, taken)) == sorted(map(str, waiting))


def test_a_claim_ends_by_itself(desk: Desk, members: list[UUID], waiting: list[UUID]) -> None:
    now = utcnow()
    first, second, third = members
    assert take(desk, first, now=now) == waiting[0]
    assert take(desk, second, now=now + timedelta(minutes=4)) == waiting[1]
    assert take(desk, third, now=now + timedelta(minutes=6)) == waiting[0]


def test_who_passes_over_one_gives_it_back_and_comes_round_again(
    desk: Desk, members: list[UUID], waiting: list[UUID]
) -> None:
    first, second, _ = members
    assert take(desk, first) == waiting[0]
    assert take(desk, first, after=waiting[0]) == waiting[1]
    assert take(desk, second) == waiting[0], "it was given back"
    assert take(desk, first, after=waiting[1]) == waiting[2]
    assert take(desk, first, after=waiting[2]) == waiting[1], "after the last one the first free one follows"


def decide(desk: Desk, submission_id: UUID, staff_id: UUID, *, now: datetime | None = None) -> None:
    with desk.app.app_context(), transaction():
        services.approve_submission(submission_id=submission_id, staff_id=staff_id, now=now or utcnow())


def test_what_somebody_else_looks_at_is_not_decided(desk: Desk, members: list[UUID], waiting: list[UUID]) -> None:
    first, second, _ = members
    now = utcnow()
    take(desk, first, now=now)
    with pytest.raises(ConflictError) as refused:
        decide(desk, waiting[0], second)
    assert refused.value.code == "kyc_claimed"
    decide(desk, waiting[0], first, now=now + timedelta(minutes=20))  # its time is over, and nobody took it
    with pytest.raises(ConflictError) as refused:
        decide(desk, waiting[0], second)
    assert refused.value.code == "kyc_decided"
    assert desk.rows("SELECT 1 FROM kyc_records WHERE claimed_by IS NOT NULL") == []


def test_nobody_waits(desk: Desk, members: list[UUID]) -> None:
    assert take(desk, members[0]) is None


def claimed(desk: Desk, headers: Headers, path: str = "claim", **body: Any) -> Any:
    return desk.client.post(f"/api/admin/kyc/{path}", headers=headers, json=body)


def test_the_api_claims_passes_over_and_gives_back(
    desk: Desk, waiting: list[UUID], staff_headers: StaffHeaders
) -> None:
    first, second = map(str, waiting[:2])
    answer = claimed(desk, desk.staff).get_json()
    assert answer["submission"]["id"] == first
    assert answer["claimed_until"] > answer["submission"]["submitted_at"]
    assert claimed(desk, desk.staff, after=first).get_json()["submission"]["id"] == second
    other = staff_headers("superadmin")
    refused = claimed(desk, other, f"{second}/claim")
    assert (refused.status_code, refused.get_json()["code"]) == (409, "kyc_claimed")
    assert desk.approve(second, other).get_json()["code"] == "kyc_claimed"
    assert claimed(desk, desk.staff, f"{second}/release").status_code == 204
    assert claimed(desk, other, f"{second}/claim").status_code == 200
    assert claimed(desk, staff_headers("support")).status_code == 403
