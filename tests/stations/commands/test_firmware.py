"""Firmware comes only from hosts that the operator has named."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from powerbank.integrations.callbacks.client import PublicHosts
from tests.people import rows as found_rows
from tests.stations.conftest import Make


class TestFirmware:
    """Stations load it from hosts that the operator named, which lead to the public internet."""

    def send(self, client: FlaskClient, headers: dict[str, str], url: str) -> tuple[int, str]:
        parameters = {"url": url, "sha256": "ab" * 32, "version": "2.1.0"}
        answer = client.post(
            "/api/admin/stations/A/remote-command",
            json={"command": "update_firmware", "parameters": parameters},
            headers=headers,
        )
        return answer.status_code, str(answer.get_json().get("errors", answer.get_json().get("code")))

    @pytest.fixture
    def leads_to(self, app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
        def lead(*addresses: str) -> None:
            hosts = PublicHosts(["firmware.example.com"], resolve=lambda _host: list(addresses))
            monkeypatch.setitem(app.extensions, "firmware_hosts", hosts)

        return lead

    def test_firmware_comes_from_a_host_that_was_named(
        self,
        client: FlaskClient,
        make_station: Make,
        staff_headers: Callable[..., dict[str, str]],
        leads_to: Callable[..., None],
    ) -> None:
        make_station("A")
        headers = staff_headers()
        leads_to("93.184.216.34")
        assert self.send(client, headers, "https://firmware.example.com/2.1.0.bin")[0] == 202
        for url in (
            "https://elsewhere.example.com/2.1.0.bin",
            "https://firmware.example.com.evil.example/x",
            "https://firmware.example.com@evil.example/x",
            "https://93.184.216.34/x",
            "https://firmware.example.com:8443/x",
        ):
            assert self.send(client, headers, url)[0] == 422, url

    @pytest.mark.parametrize("addresses", [("10.0.0.7",), ("93.184.216.34", "127.0.0.1"), ("169.254.169.254",)])
    def test_firmware_comes_from_public_addresses_only(
        self,
        client: FlaskClient,
        make_station: Make,
        staff_headers: Callable[..., dict[str, str]],
        leads_to: Callable[..., None],
        addresses: tuple[str, ...],
        app: Flask,
    ) -> None:
        make_station("A")
        leads_to(*addresses)
        status, said = self.send(client, staff_headers(), "https://firmware.example.com/2.1.0.bin")
        assert (status, "public addresses only" in said) == (422, True)
        leads_to()
        assert self.send(client, staff_headers("operations"), "https://firmware.example.com/x") == (503, "unavailable")
        assert found_rows(app, "SELECT FROM station_commands") == []

    def test_without_a_named_host_there_is_no_firmware(
        self, client: FlaskClient, make_station: Make, staff_headers: Callable[..., dict[str, str]]
    ) -> None:
        make_station("A")
        assert self.send(client, staff_headers(), "https://firmware.example.com/2.1.0.bin")[0] == 422
