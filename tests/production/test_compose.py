"""The containers of one machine: every program runs, within limits, and nothing that is wanted is missing."""

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

import config
from scripts.production import settings_file
from scripts.stack.servers.postgres import EmbeddedPostgres

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy/compose"
COMPOSE: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
PROGRAMS = re.findall(r"^(\w+):", (ROOT / "Procfile").read_text(), re.MULTILINE)
STUB = f"""#!/bin/sh
# Stands in for docker: the same script, outside of a container; the keys of backups are not what is tried.
while [ "$1" != powerbank ]; do [ "$1" != --volume ] || folder=${{2%%:*}}; shift; done
touch "$folder/backup.key" "$folder/backup.pub"
exec {ROOT}/scripts/make-secrets --into "$folder/settings.env"
"""


@pytest.fixture(autouse=True)
def _test_database() -> None:
    """Need no database."""


@pytest.mark.parametrize("program", PROGRAMS)
def test_each_program_has_its_container(program: str) -> None:
    assert SERVICES[program]["command"] == [program]
    assert SERVICES[program]["image"] == "powerbank"


@pytest.mark.parametrize("name", SERVICES)
def test_each_container_has_limits_and_few_rights(name: str) -> None:
    service = SERVICES[name]
    assert service["mem_limit"]
    assert service["pids_limit"]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["restart"] == ("no" if name in ("migrate", "manage") else "unless-stopped")


def test_the_world_reaches_the_proxy_and_the_stations_listener_only() -> None:
    assert {name: each["ports"] for name, each in SERVICES.items() if "ports" in each} == {
        "network": ["80:80", "443:443", "8883:8883"]
    }


def test_what_is_mounted_or_waited_for_is_there() -> None:
    for name, service in SERVICES.items():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("./local/"):
                continue  # `prepare` writes it
            known = (FOLDER / source).exists() if source.startswith(".") else source in COMPOSE["volumes"]
            assert known, f"{name}: {source}"
        for other, how in service.get("depends_on", {}).items():
            if how["condition"] == "service_healthy":
                assert "healthcheck" in SERVICES[other], f"{name} waits for {other}"
        assert set(service.get("secrets", [])) <= COMPOSE["secrets"].keys()


def test_a_program_has_as_long_to_end_as_its_longest_job() -> None:
    """As systemd gives it (powerbank@.service)."""
    assert {SERVICES[name]["stop_grace_period"] for name in PROGRAMS if name.startswith("worker")} == {"2h"}


def test_postgres_understands_what_it_is_started_with(tmp_path: Path) -> None:
    [mounted] = [each for each in SERVICES["postgres"]["volumes"] if each.startswith("../postgresql.conf:")]
    inside = mounted.split(":")[1]
    given = [each.replace(inside, str(ROOT / "deploy/postgresql.conf")) for each in SERVICES["postgres"]["command"][1:]]
    postgres = EmbeddedPostgres(tmp_path).place.binaries / "postgres"
    asked = [postgres, "-C", "log_min_error_statement", "-D", tmp_path, *given]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "panic\n"), done.stderr


def test_prepare_writes_settings_with_which_production_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in config.Settings.model_fields:  # other tests of this process have settings of their own
        monkeypatch.delenv(name.upper(), raising=False)
    folder = tmp_path / "compose"
    folder.mkdir()
    script = folder / "prepare"
    script.write_text((FOLDER / "prepare").read_text())
    stub = tmp_path / "containers"
    stub.write_text(STUB)
    for each in (script, stub):
        each.chmod(0o755)
    written = []
    for _ in range(2):  # the second time nothing changes
        subprocess.run([script, "example.com"], env=os.environ | {"CONTAINERS": str(stub)}, check=True)
        written.append({path.name: path.read_text() for path in (folder / "local").iterdir()})
    assert written[0] == written[1]
    settings = config.load(settings_file.parse(written[0]["settings.env"]))
    assert settings.public_url == "https://example.com"
    targets = {volume.split(":")[1] for volume in SERVICES["manage"]["volumes"]}
    assert {str(settings.backup_dir), str(settings.documents_dir)} <= targets, "all else is read-only"
    assert written[0].keys() == {
        *("settings.env", "caddy.env", "broker_password", "backup.key", "backup.pub"),
        *(Path(each["file"]).name for each in COMPOSE["secrets"].values()),
    }
    assert (folder / "local").stat().st_mode & 0o777 == 0o700
