"""A command of staff, from the request to what the station does: with a broker, a daemon, a worker, and firmware that
carries commands out or does not."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient

from powerbank.auth.staff import sessions as staff_sessions
from powerbank.auth.staff.models import StaffMember
from powerbank.auth.staff.roles import Role
from powerbank.base.db import transaction, utcnow
from powerbank.integrations.callbacks.client import PublicHosts
from scripts.simulation import Simulator, StationSpec, generate
from tests.stations.network import Network

pytestmark = pytest.mark.faults

FIRMWARE = {"url": "https://firmware.example.com/2.1.0.bin", "sha256": "ab" * 32, "version": "2.1.0"}


@pytest.fixture(autouse=True)
def _test_database() -> None:
    """Need no shared database: these tests have servers of their own."""


class Operator:
    """A member of staff at the API."""

    def __init__(self, net: Network) -> None:
        self._net = net
        self._client: FlaskClient = net.app.test_client()
        named = PublicHosts(["firmware.example.com"], resolve=lambda _host: ["93.184.216.34"])
        net.app.extensions["firmware_hosts"] = named
        with net.app.app_context():
            member = StaffMember(email="o@example.com", password_hash="unused", role=Role.OPERATIONS)
            with transaction() as session:
                session.add(member)
                session.flush()
                session.refresh(member)
                begun = staff_sessions.begin_session(member, kind="api", user_agent=None, ip_address=None, now=utcnow())
                self._headers = {"Authorization": f"Bearer {staff_sessions.issue_tokens(begun, member).access_token}"}

    def order(self, spec: StationSpec, command: str, **parameters: Any) -> str:
        answer = self._client.post(
            f"/api/admin/stations/{spec.sn}/remote-command",
            json={"command": command, "parameters": parameters},
            headers=self._headers | {"Idempotency-Key": str(uuid4())},
        )
        assert answer.status_code == 202, answer.text
        return str(answer.get_json()["command_id"])

    def outcome(self, spec: StationSpec, command_id: str) -> tuple[str, str | None]:
        shown = self._client.get(f"/api/admin/stations/{spec.sn}/commands?limit=50", headers=self._headers).get_json()
        [command] = [each for each in shown["items"] if each["command_id"] == command_id]
        return command["status"], (command["response"] or {}).get("error")

    def sees(self, spec: StationSpec) -> dict[str, Any]:
        shown: dict[str, Any] = self._client.get(f"/api/admin/stations/{spec.sn}", headers=self._headers).get_json()
        return shown

    def slot(self, spec: StationSpec, number: int) -> str:
        return next(each["state"] for each in self.sees(spec)["slots"] if each["slot_number"] == number)

    def waits_for(self, spec: StationSpec, command_id: str, status: str, error: str | None = None) -> None:
        self._net.wait(
            lambda: self.outcome(spec, command_id) == (status, error),
            f"{status} {error}; it is {self.outcome(spec, command_id)}",
        )


def test_a_station_carries_out_what_staff_request(net: Network, played: Callable[..., Simulator]) -> None:
    [spec] = generate(1, seed=11).stations
    station = played([spec]).station(spec.imei)
    staff = Operator(net)

    def done(command: str, **parameters: Any) -> None:
        staff.waits_for(spec, staff.order(spec, command, **parameters), "succeeded")

    done("lock_slot", slot_number=2)
    net.wait(lambda: staff.slot(spec, 2) == "locked", "staff see the locked slot")
    done("unlock_slot", slot_number=2)
    net.wait(lambda: staff.slot(spec, 2) != "locked", "staff see it open")

    station.fault("stuck_slot", times=1)
    jammed = staff.order(spec, "eject_powerbank", slot_number=1, powerbank_sn=spec.serials[0])
    staff.waits_for(spec, jammed, "failed", "slot_jammed")
    net.wait(lambda: staff.slot(spec, 1) == "faulty", "staff see the faulty slot")
    done("reset_slot", slot_number=1)
    net.wait(lambda: staff.slot(spec, 1) == "bank", "it is in use again")

    done("maintenance_mode", enable=True)
    refused = staff.order(spec, "eject_powerbank", slot_number=1, powerbank_sn=spec.serials[0])
    staff.waits_for(spec, refused, "failed", "maintenance")
    done("maintenance_mode", enable=False)

    before = station.boot_id
    done("reboot")
    net.wait(lambda: station.boot_id > before, "it has booted")

    done("update_firmware", **FIRMWARE)
    net.wait(lambda: staff.sees(spec)["firmware"] == "2.1.0", "staff see the new version")
    assert net.value("SELECT count(*) FROM station_commands WHERE attempts <> 1") == 0


def test_commands_that_a_station_does_not_carry_out_fail_with_a_reason(
    net: Network, played: Callable[..., Simulator]
) -> None:
    [spec] = generate(1, seed=12).stations
    station = played([spec]).station(spec.imei)
    staff = Operator(net)
    version = staff.sees(spec)["firmware"]

    station.fault("bad_download", times=1)
    staff.waits_for(spec, staff.order(spec, "update_firmware", **FIRMWARE), "failed", "checksum_mismatch")
    station.fault("refuse", times=1)
    staff.waits_for(spec, staff.order(spec, "update_firmware", **FIRMWARE), "failed", "refused")
    assert staff.sees(spec)["firmware"] == version
    staff.waits_for(spec, staff.order(spec, "lock_slot", slot_number=199), "failed", "invalid_parameters")

    station.fault("no_answer", times=1)
    silent = staff.order(spec, "lock_slot", slot_number=2)
    net.wait(lambda: staff.outcome(spec, silent)[0] == "sent", "it is sent")
    station.fault("offline", times=1, seconds=4)
    net.wait(lambda: staff.sees(spec)["status"] == "offline", "the broker says that it is gone")
    while_offline = staff.order(spec, "lock_slot", slot_number=3)
    net.wait(lambda: staff.outcome(spec, while_offline)[0] == "sent", "it is sent to a station that is away")
    staff.waits_for(spec, while_offline, "succeeded")
    net.wait(lambda: staff.slot(spec, 3) == "locked", "it was done once the station was back")
    assert staff.slot(spec, 2) != "locked"
    assert staff.outcome(spec, silent) == ("sent", None)
