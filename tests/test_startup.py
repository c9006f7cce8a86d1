"""Programs load what they need and no more."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from flask import Flask

from powerbank.auth.staff import passwords
from powerbank.base.db import db

LOADED = """
import json, sys
from powerbank import create_app
from powerbank.base.db import db

create_app({options})
modules = sorted(name for name in sys.modules if name.startswith("powerbank."))
print(json.dumps({{"modules": modules, "tables": sorted(db.metadata.tables)}}))
"""


def plugged(*applications: str) -> dict[str, object]:
    """Return each list and table of functions that a process with these applications has."""
    found: dict[str, object] = run("tests/programs/plugged.py", *applications)
    return found


def loaded(options: str) -> tuple[list[str], list[str]]:
    told = run("-c", LOADED.format(options=options))
    return told["modules"], told["tables"]


def run(*arguments: str) -> Any:
    done = subprocess.run(
        [sys.executable, *arguments], cwd=Path(__file__).parents[1], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def test_a_worker_loads_rules_and_no_routes(app: Flask) -> None:
    modules, tables = loaded("routes=False")
    assert "powerbank.rentals.notices" in modules
    assert not [name for name in modules if name.endswith("routes")]
    # Without the table that a foreign key leads to, a row could not be written.
    assert tables == sorted(name for name in db.metadata.tables if not name.startswith("test_"))


def test_a_worker_has_the_hooks_that_the_web_has() -> None:
    worker, web = plugged("worker"), plugged("web")
    assert "powerbank.users.lifecycle._registration_steps" in worker
    assert "extensions.subscriptions" in worker
    assert {name: web.get(name) for name in worker} == worker
    # Only the web loads these, as they belong to routes.
    modules, _ = loaded("routes=False")
    assert not {name.rpartition(".")[0] for name in web.keys() - worker.keys()} & {*modules}


def test_a_second_application_plugs_nothing_in_twice() -> None:
    assert plugged("worker", "worker") == plugged("worker")


def test_a_scheduler_loads_no_rules() -> None:
    modules, _ = loaded("rules=False")
    assert not [name for name in modules if name.endswith(("routes", ".services"))]


def test_nobodys_password_is_as_costly_as_anybodys() -> None:
    assert not passwords._hasher.check_needs_rehash(passwords._DECOY_HASH)
    assert len(passwords._DECOY_HASH) == len(passwords.hash_password("correct horse battery"))
    assert not passwords.matches_hash(None, "correct horse battery")
