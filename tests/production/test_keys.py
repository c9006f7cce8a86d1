"""A key changes without anything becoming unreadable meanwhile, and the old one goes once nothing needs it."""

from pathlib import Path

import pytest
from sqlalchemy import text

from config import load
from powerbank import create_app
from powerbank.auth.staff import totp
from powerbank.base.db import db, new_id, transaction
from scripts.production import __main__ as manage
from scripts.production import settings_file
from tests.production.conftest import Production

OLD = "an old key of staff that is long enough: 0123456789"


@pytest.fixture
def settings(production: Production, tmp_path: Path) -> Path:
    production.environment["STAFF_KEY"] = OLD
    path = tmp_path / "settings.env"
    path.write_text("# kept\n" + "".join(f"{name}={value}\n" for name, value in production.environment.items()))
    return path


def rotate(path: Path, monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    for name, value in settings_file.parse(path.read_text()).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.argv", ["manage", "--settings", str(path), "rotate-keys", *words, "--no-restart"])
    return manage.main()


def read_secret(path: Path, key: str, monkeypatch: pytest.MonkeyPatch) -> str | None:
    """Read the only member's TOTP secret with this key alone."""
    app = create_app(load(settings_file.parse(path.read_text()) | {"STAFF_KEY": key}), routes=False)
    with app.app_context():
        encrypted = db.session.scalar(text("SELECT totp_secret FROM staff"))
        secret: str | None = totp.decrypt_secret(encrypted)
        db.engine.dispose()
    return secret


def add_member(path: Path, *, recovery_codes: int) -> None:
    app = create_app(load(settings_file.parse(path.read_text())), routes=False)
    with app.app_context():
        with transaction() as session:
            member = new_id()
            session.execute(
                text(
                    "INSERT INTO staff (id, email, password_hash, role, totp_secret, totp_last_step)"
                    " VALUES (:id, 'asha@example.com', 'x', 'viewer', :secret, 0)"
                ),
                {"id": member, "secret": totp.encrypt_secret("JBSWY3DPEHPK3PXP")},
            )
            for _ in range(recovery_codes):
                session.execute(
                    text("INSERT INTO staff_recovery_codes (id, staff_id, digest) VALUES (:id, :member, 'x')"),
                    {"id": new_id(), "member": member},
                )
        db.engine.dispose()


def test_the_old_key_goes_once_everything_is_under_the_new_one(
    settings: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    add_member(settings, recovery_codes=0)
    assert rotate(settings, monkeypatch, "STAFF_KEY") == 0
    key = settings_file.parse(settings.read_text())["STAFF_KEY"]
    assert key != OLD
    assert "," not in key
    assert read_secret(settings, key, monkeypatch) == "JBSWY3DPEHPK3PXP"
    assert settings.read_text().startswith("# kept\n")
    assert "Start every program anew" in capsys.readouterr().out


def test_both_keys_stay_while_something_needs_the_old_one(
    settings: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    add_member(settings, recovery_codes=1)
    assert rotate(settings, monkeypatch, "STAFF_KEY") == 0
    new, old = settings_file.parse(settings.read_text())["STAFF_KEY"].split(",")
    assert old == OLD
    assert read_secret(settings, new, monkeypatch) == "JBSWY3DPEHPK3PXP"
    assert "so both stay" in capsys.readouterr().out


def test_a_key_whose_change_ends_something_is_changed_only_on_purpose(
    settings: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = settings_file.parse(settings.read_text())
    assert rotate(settings, monkeypatch, "OTP_KEY") == 1
    assert "voids the one-time codes" in capsys.readouterr().err
    assert rotate(settings, monkeypatch, "OTP_KEY", "--yes") == 0
    after = settings_file.parse(settings.read_text())
    assert len(after.pop("OTP_KEY")) >= 48
    before.pop("OTP_KEY", None)
    assert after == before
    assert rotate(settings, monkeypatch, "DOCUMENT_DIGEST_KEY", "--yes") == 1
    assert "cannot be changed" in capsys.readouterr().err
