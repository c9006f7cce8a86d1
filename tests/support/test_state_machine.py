"""Whatever three devices, staff and the network do: each message is there once, all see one order, and unread is exact.

A device keeps what it has written until an answer comes, and sends it again if none did. Hosts have clocks that differ.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from powerbank.auth.staff import administration
from powerbank.auth.staff import queries as staff_queries
from powerbank.auth.staff.roles import PERMISSIONS, Role
from powerbank.base import db as database
from powerbank.base.db import db, transaction, utcnow
from powerbank.support import queries, services, threads
from powerbank.support.models import Conversation, Sender, Subject
from powerbank.support.sides import Writer
from powerbank.support.staff import services as staff_services
from tests.conftest import PASSWORD
from tests.databases import empty, superuser_url
from tests.ledger.conftest import make_person

DEVICES = st.integers(0, 2)
NOBODY = UUID(int=1)
BEHIND = 2**80 * 60_000  # a minute, in the bits of an id


class Device:
    """What one device has: what waits to be sent, and what it was given so far, in the order in which it came."""

    def __init__(self) -> None:
        self.unsent: list[tuple[str, str]] = []
        self.seen: list[tuple[UUID, str]] = []

    @property
    def newest(self) -> UUID | None:
        return self.seen[-1][0] if self.seen else None


@dataclass(frozen=True)
class Answerer:
    """A member of staff who answers."""

    id: UUID
    email: str = "m@example.com"
    role: str = Role.SUPPORT
    session_id: UUID = NOBODY
    unfinished: str | None = None

    def may(self, permission: str) -> bool:
        return permission in PERMISSIONS[Role.SUPPORT]


class Talk(RuleBasedStateMachine):
    app: Flask

    @initialize()
    def begin(self) -> None:
        empty(superuser_url(self.app.config["TEST_DATABASE"]))
        self.context = self.app.app_context()
        self.context.push()
        self.written = 0
        self.devices = [Device() for _ in range(3)]
        self.said: list[tuple[Sender, str]] = []  # what the person may see, as the server took it
        self.taken: dict[str, int] = {}  # where in it the message with a name stands
        self.read_by_person = self.read_by_staff = 0
        self.user_id = make_person()
        with transaction():
            administration.ensure_staff(email="m@example.com", password=PASSWORD, role=Role.SUPPORT)
            [member] = staff_queries.list_members_with_permission("support.write")
            self.staff = Answerer(member.id)
            made = services.begin_conversation(
                Writer(self.user_id),
                subject=Subject.OTHER,
                subject_name=None,
                language="en",
                text="Hello",
                photo=None,
                client_id="first",
                now=utcnow(),
            )
            self.id = made.id
        self.said.append((Sender.PERSON, "Hello"))

    def teardown(self) -> None:
        if not hasattr(self, "context"):
            return
        try:
            for number in range(3):
                while self.devices[number].unsent:
                    self.sends(number, is_lost=False, is_behind=False)
            for number in range(3):
                while self._read_on(number):
                    pass
            shown = [[text for _, text in device.seen] for device in self.devices]
            assert shown == [[text for _, text in self.said]] * 3
        finally:
            db.session.rollback()
            self.context.pop()

    @rule(device=DEVICES)
    def writes(self, device: int) -> None:
        self.written += 1
        self.devices[device].unsent.append((f"{device}-{self.written}", f"message {self.written}"))

    @rule(device=DEVICES, is_lost=st.booleans(), is_behind=st.booleans())
    def sends(self, device: int, is_lost: bool, is_behind: bool) -> None:
        """Send the oldest message that waits. If the answer is lost, it goes on waiting."""
        if not self.devices[device].unsent:
            return
        client_id, text = self.devices[device].unsent[0]
        with _clock(is_behind), transaction():
            _, is_new = services.write_message(
                self.id, user_id=self.user_id, text=text, photo=None, client_id=client_id, now=utcnow()
            )
        assert is_new == (client_id not in self.taken)
        if is_new:
            self.taken[client_id] = len(self.said)
            self.said.append((Sender.PERSON, text))
        if not is_lost:
            self.devices[device].unsent.pop(0)

    @rule(is_repeated=st.booleans(), solves=st.booleans(), is_behind=st.booleans())
    def staff_answer(self, is_repeated: bool, solves: bool, is_behind: bool) -> None:
        self.written += 1
        answer: dict[str, Any] = {"text": f"answer {self.written}", "client_id": f"a-{self.written}"}
        for number in range(1 + is_repeated):
            with _clock(is_behind), transaction():
                _, is_new = staff_services.reply(
                    self.id, staff=self.staff, photo=None, seen_up_to=None, solves=solves, now=utcnow(), **answer
                )
            assert is_new == (number == 0)
        self.said.append((Sender.STAFF, answer["text"]))
        self.read_by_staff = len(self.said)

    @rule()
    def staff_note(self) -> None:
        with transaction():
            staff_services.note(self.id, staff=self.staff, text="note", photo=None, client_id=None, now=utcnow())

    @rule(device=DEVICES)
    def reads_on(self, device: int) -> None:
        self._read_on(device)

    @rule(device=DEVICES)
    def tells_what_was_read(self, device: int) -> None:
        newest = self.devices[device].newest
        if newest is not None:
            with transaction():
                services.mark_read(self.id, user_id=self.user_id, up_to=newest)
            self.read_by_person = max(self.read_by_person, len(self.devices[device].seen))

    @invariant()
    def each_is_there_once_and_in_one_order(self) -> None:
        if not hasattr(self, "id"):
            return
        kept = queries.newest_messages(self.id, with_notes=False)
        assert [(each.sender, each.text) for each in kept] == self.said
        for device in self.devices:
            assert device.seen == [(each.id, each.text) for each in kept[: len(device.seen)]]

    @invariant()
    def unread_is_exact(self) -> None:
        if not hasattr(self, "id"):
            return
        conversation = db.session.get_one(Conversation, self.id, populate_existing=True)
        [to_person] = queries.describe_for_person([conversation])
        [to_staff] = queries.describe_for_staff([conversation])
        by_staff = [sender for sender, _ in self.said[self.read_by_person :] if sender is not Sender.PERSON]
        by_person = [sender for sender, _ in self.said[self.read_by_staff :] if sender is Sender.PERSON]
        assert (to_person["unread"], to_staff["unread"]) == (len(by_staff), len(by_person))

    def _read_on(self, device: int) -> int:
        found = queries.message_page(
            self.id, with_notes=False, after=self.devices[device].newest, limit=2, cursor=None
        )["items"]
        self.devices[device].seen.extend((each.id, each.text) for each in found)
        return len(found)


class _clock:  # noqa: N801 (reads as a verb of the test)
    """Let the host that takes a message have a clock that is a minute behind."""

    def __init__(self, is_behind: bool) -> None:
        self.is_behind = is_behind

    def __enter__(self) -> None:
        if self.is_behind:
            threads.new_id = lambda: UUID(int=database.new_id().int - BEHIND)  # type: ignore[assignment]

    def __exit__(self, *_: object) -> None:
        threads.new_id = database.new_id  # type: ignore[assignment]


def test_three_devices_and_staff_agree_whatever_the_network_does(app: Flask, clean: None) -> None:
    Talk.app = app
    run_state_machine_as_test(
        Talk,
        settings=settings(
            max_examples=12, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
