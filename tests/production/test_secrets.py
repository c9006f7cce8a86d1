"""A production's secrets: made once, never changed by the script, and read from files as well."""

import stat
from pathlib import Path

import pytest

import config
from scripts.production import make_secrets, settings_file


@pytest.fixture(autouse=True)
def _test_database() -> None:
    """Need no database."""


def make(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr("sys.argv", ["make-secrets", *words])
    return make_secrets.main()


def test_production_starts_with_the_secrets_that_were_made(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert make(monkeypatch) == 0
    made = settings_file.parse(capsys.readouterr().out)
    for name in config.Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    kept = {
        "POWERBANK_ENV": "production",
        "DATABASE_URL": "postgresql://app@127.0.0.1/powerbank",
        "PUBLIC_URL": "https://example.com",
        "DOCUMENTS_DIR": "/var/lib/powerbank/documents",
    }
    assert config.load(kept | made).production
    with pytest.raises(config.ConfigurationError, match="JWT_SECRET_KEY"):
        config.load(kept | made | {"JWT_SECRET_KEY": "short"})


def test_a_file_gets_what_it_lacks_and_keeps_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "settings.env"
    path.write_text("# mine\nSECRET_KEY=one that is there\nPUBLIC_URL='https://example.com'\n")
    path.chmod(0o640)
    make(monkeypatch, "--into", str(path))
    first = path.read_text()
    assert first.startswith("# mine\nSECRET_KEY=one that is there\nPUBLIC_URL='https://example.com'\n")
    assert set(make_secrets.MAKERS) <= settings_file.parse(first).keys()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    make(monkeypatch, "--into", str(path))
    assert path.read_text() == first


def test_a_new_file_is_its_owners_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(monkeypatch, "--into", str(tmp_path / "new.env"))
    assert stat.S_IMODE((tmp_path / "new.env").stat().st_mode) == 0o600


def test_settings_may_be_files_of_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://app@db/powerbank")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    monkeypatch.delenv("SMS_TOKEN", raising=False)
    monkeypatch.setenv("SMS_SENDER", "of the environment")
    (tmp_path / "SMS_TOKEN").write_text("of a file\n")
    (tmp_path / "setting_OTP_KEY").write_text("as systemd names it")
    (tmp_path / "SMS_SENDER").write_text("of a file")
    settings = config.load()
    assert settings.sms_token.get_secret_value() == "of a file"
    assert settings.otp_key.get_secret_value() == "as systemd names it"
    assert settings.sms_sender == "of the environment"


def test_values_may_stand_in_quotes() -> None:
    text = "A=plain $x\nB='with space'\nC=\"two words\"\n# D=4\n\nE=\n"
    assert settings_file.parse(text) == {"A": "plain $x", "B": "with space", "C": "two words", "E": ""}
