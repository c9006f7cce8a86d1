"""Whatever three devices, staff and the network do: each message is there once, all see one order, and unread is exact.

A device keeps what it has written until an answer comes, and sends it again if none did. Hosts have clocks that differ.
Staff merge the conversation into another one, also while a device still waits for an answer of the one before.
"""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from powerbank.auth.staff import administration
from powerbank.auth.staff import queries as staff_queries
from powerbank.auth.staff.roles import PERMISSIONS, Role
from powerbank.base import db as database
from powerbank.base.db import db, transaction, utcnow
from powerbank.support import queries, services, threads
from powerbank.support.lines import TEXTS
from powerbank.support.models import Conversation, Sender, Subject
from powerbank.support.sides import Writer
from powerbank.support.staff import services as staff_services
from tests.conftest import PASSWORD
from tests.databases import empty, superuser_url
from tests.examples import THOROUGH
from tests.ledger.conftest import make_person

DEVICES = st.integers(0, 2)
MOST_MERGED = 4  # conversations of one person
NOBODY = UUID(int=1)
BEHIND = 2**80 * 60_000  # a minute, in the bits of an id


class Device:
    """What one device has: what waits to be sent, and what it was given so far, in the order in which it came."""

    def __init__(self) -> None:
        self.unsent: list[tuple[UUID, str, str]] = []  # in which conversation, under which name, and what
        self.seen: dict[UUID, list[tuple[UUID, str]]] = defaultdict(list)

    def newest(self, conversation: UUID) -> UUID | None:
        seen = self.seen[conversation]
        return seen[-1][0] if seen else None


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
        self.said: dict[UUID, list[tuple[Sender, str]]] = {}  # what the person may see, as the server took it
        self.taken: set[str] = set()  # the names of messages that are there
        self.read_by_person: dict[UUID, int] = defaultdict(int)
        self.read_by_staff: dict[UUID, int] = defaultdict(int)
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
            self.id = made.id  # the one that goes on
        self.said[self.id] = [(Sender.PERSON, "Hello")]

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
            for conversation, said in self.said.items():
                shown = [[text for _, text in device.seen[conversation]] for device in self.devices]
                assert shown == [[text for _, text in said]] * 3
        finally:
            db.session.rollback()
            self.context.pop()

    @rule(device=DEVICES)
    def writes(self, device: int) -> None:
        self.written += 1
        self.devices[device].unsent.append((self.id, f"{device}-{self.written}", f"message {self.written}"))

    @rule(device=DEVICES, is_lost=st.booleans(), is_behind=st.booleans())
    def sends(self, device: int, is_lost: bool, is_behind: bool) -> None:
        """Send the oldest message that waits. If the answer is lost, it goes on waiting."""
        if not self.devices[device].unsent:
            return
        conversation, client_id, text = self.devices[device].unsent[0]
        with _clock(is_behind), transaction():
            _, is_new = services.write_message(
                conversation, user_id=self.user_id, text=text, photo=None, client_id=client_id, now=utcnow()
            )
        assert is_new == (client_id not in self.taken)
        if is_new:
            self.taken.add(client_id)
            self.said[self.id].append((Sender.PERSON, text))
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
        self.said[self.id].append((Sender.STAFF, answer["text"]))
        self.read_by_staff[self.id] = len(self.said[self.id])

    @rule()
    def staff_note(self) -> None:
        with transaction():
            staff_services.note(self.id, staff=self.staff, text="note", photo=None, client_id=None, now=utcnow())

    @precondition(lambda self: len(self.said) < MOST_MERGED)
    @rule(is_behind=st.booleans())
    def staff_merge(self, is_behind: bool) -> None:
        """Merge the conversation into another one of the same person. Devices go on in the one that they know."""
        self.written += 1
        with _clock(is_behind), transaction():
            writer, text = Writer(self.user_id), f"another {self.written}"
            other = services.find_or_make(
                writer, subject=Subject.STATION, subject_id=database.new_id(), language="en", now=utcnow()
            )
            services.write_message(other.id, user_id=self.user_id, text=text, photo=None, client_id=text, now=utcnow())
        with _clock(is_behind), transaction():
            into = staff_services.merge(self.id, into=other.id, staff=self.staff, now=utcnow()).id
        self.said[self.id].append((Sender.SYSTEM, TEXTS["merged_into"][0]))
        self.said[into] = [(Sender.PERSON, text), (Sender.SYSTEM, TEXTS["merged_from"][0])]
        self.id = into

    @precondition(lambda self: len(self.said) < MOST_MERGED)
    @rule(device=DEVICES)
    def staff_merge_before_an_answer_arrives(self, device: int) -> None:
        """Chance alone brings these four together too seldom."""
        self.writes(device)
        self.sends(device, is_lost=True, is_behind=False)
        self.staff_merge(is_behind=False)
        self.sends(device, is_lost=False, is_behind=False)

    @rule(device=DEVICES)
    def reads_on(self, device: int) -> None:
        self._read_on(device)

    @rule(device=DEVICES)
    def tells_what_was_read(self, device: int) -> None:
        for conversation, seen in self.devices[device].seen.items():
            newest = self.devices[device].newest(conversation)
            if newest is not None:
                with transaction():
                    services.mark_read(conversation, user_id=self.user_id, up_to=newest)
                self.read_by_person[conversation] = max(self.read_by_person[conversation], len(seen))

    @invariant()
    def each_is_there_once_and_in_one_order(self) -> None:
        if not hasattr(self, "id"):
            return
        for conversation, said in self.said.items():
            kept = queries.newest_messages(conversation, with_notes=False)
            assert [(each.sender, each.text) for each in kept] == said
            for device in self.devices:
                seen = device.seen[conversation]
                assert seen == [(each.id, each.text) for each in kept[: len(seen)]]
        db.session.rollback()  # the server ends who reads and then does nothing for ten seconds, as a busy machine does

    @invariant()
    def unread_is_exact(self) -> None:
        if not hasattr(self, "id"):
            return
        for id_, said in self.said.items():
            conversation = db.session.get_one(Conversation, id_, populate_existing=True)
            [to_person] = queries.describe_for_person([conversation])
            [to_staff] = queries.describe_for_staff([conversation])
            by_staff = [sender for sender, _ in said[self.read_by_person[id_] :] if sender is not Sender.PERSON]
            by_person = [sender for sender, _ in said[self.read_by_staff[id_] :] if sender is Sender.PERSON]
            assert (to_person["unread"], to_staff["unread"]) == (len(by_staff), len(by_person))
        db.session.rollback()

    def _read_on(self, device: int) -> int:
        """Read what is new, of one conversation after the other, and say how much it was."""
        count = 0
        for conversation in self.said:
            after = self.devices[device].newest(conversation)
            found = queries.message_page(conversation, with_notes=False, after=after, limit=2, cursor=None)["items"]
            self.devices[device].seen[conversation].extend((each.id, each.text) for each in found)
            count += len(found)
        db.session.rollback()
        return count


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
            max_examples=8 * THOROUGH, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
