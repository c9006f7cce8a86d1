"""Programs load what they need and no more."""

import json
import subprocess
import sys
from pathlib import Path

from flask import Flask

from powerbank.auth import passwords
from powerbank.db import db

LOADED = """
import json, sys
from powerbank import create_app
from powerbank.db import db

create_app({options})
modules = sorted(name for name in sys.modules if name.startswith("powerbank."))
print(json.dumps({{"modules": modules, "tables": sorted(db.metadata.tables)}}))
"""


def loaded(options: str) -> tuple[list[str], list[str]]:
    done = subprocess.run(
        [sys.executable, "-c", LOADED.format(options=options)], cwd=Path(__file__).parents[1], capture_output=True,
        text=True, check=True,
    )  # fmt: skip
    told = json.loads(done.stdout)
    return told["modules"], told["tables"]


def test_a_worker_loads_rules_and_no_routes(app: Flask) -> None:
    modules, tables = loaded("routes=False")
    assert "powerbank.rentals.news" in modules
    assert not [name for name in modules if name.endswith("routes")]
    # Without the table that a foreign key leads to, a row could not be written.
    assert tables == sorted(name for name in db.metadata.tables if not name.startswith("test_"))


def test_a_scheduler_loads_no_rules() -> None:
    modules, _ = loaded("rules=False")
    assert not [name for name in modules if name.endswith(("routes", ".services"))]


def test_nobodys_password_is_as_costly_as_anybodys() -> None:
    assert not passwords._hasher.check_needs_rehash(passwords._NOBODY)
    assert len(passwords._NOBODY) == len(passwords.hashed("correct horse battery"))
    assert not passwords.matches(None, "correct horse battery")
