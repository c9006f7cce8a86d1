"""After a change of keys everything is put under the new one, and the old one can go."""

from collections.abc import Callable

import pytest
from click.testing import Result
from flask import Flask
from pydantic import SecretStr

from powerbank.kyc.documents import encryption, reencryption
from tests.kyc.conftest import Desk

Work = Callable[..., None]
OLD, NEW = "o" * 32, "n" * 32


@pytest.fixture
def keys(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    def use(keys: str) -> None:
        changed = app.config["SETTINGS"].model_copy(update={"document_keys": SecretStr(keys)})
        monkeypatch.setitem(app.config, "SETTINGS", changed)

    use(OLD)
    return use


def reencrypt(app: Flask) -> Result:
    return app.test_cli_runner().invoke(args=["documents", "reencrypt"])


def test_everything_is_put_under_the_new_key_and_read_as_before(
    app: Flask, desk: Desk, work: Work, keys: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reencryption, "BATCH", 1)
    stored = desk.submitted(desk.join("sita"), "27-01-70-11111")
    work()
    staged = desk.submitted(desk.join("gita"), "27-01-70-22222")
    pictures = [desk.view(each, side).data for each in (stored, staged) for side in ("front", "back")]
    keys(f"{NEW},{OLD}")
    first = reencrypt(app)
    assert (first.exit_code, first.output.splitlines()[0]) == (0, "6 of 6 were put under the first key")
    again = reencrypt(app)
    assert again.output.splitlines() == ["0 of 6 were put under the first key", "nothing is left that needs an old key"]
    keys(NEW)
    assert [desk.view(each, side).data for each in (stored, staged) for side in ("front", "back")] == pictures
    assert {item["citizenship_number"] for item in desk.queue()} == {"27-01-70-11111", "27-01-70-22222"}
    work()
    assert desk.view(staged).data == pictures[2]
    assert desk.rows("SELECT action, new ->> 'renewed' AS renewed FROM audit_log WHERE action LIKE 'documents%'") == [
        ("documents.reencrypt", "6")
    ]


def test_what_no_key_opens_is_named_and_left(app: Flask, desk: Desk, work: Work, keys: Callable[[str], None]) -> None:
    desk.submitted(desk.join())
    work()
    (one, _) = desk.files()
    before = one.read_bytes()
    one.write_bytes(b"nonsense")
    keys(f"{NEW},{OLD}")
    result = reencrypt(app)
    assert result.exit_code == 1
    assert "2 of 3 were put under the first key" in result.output
    assert "1 could not be read; keep the old keys" in result.output
    assert one.read_bytes() == b"nonsense"
    one.write_bytes(before)
    assert "1 of 3 were put under the first key" in reencrypt(app).output


def test_one_that_is_forgotten_meanwhile_does_not_come_back(
    app: Flask, desk: Desk, work: Work, keys: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = desk.join()
    desk.submitted(headers)
    work()
    keys(f"{NEW},{OLD}")
    renewed = encryption.reencrypt

    def forgetting(token: bytes) -> bytes | None:
        if desk.files() and len(token) > 400:  # a picture, not the number
            assert desk.client.delete("/api/users/me", headers=headers).status_code in (204, 401)
            work()
        return renewed(token)

    monkeypatch.setattr(encryption, "reencrypt", forgetting)
    reencrypt(app)
    work()
    assert desk.files() == []
