"""The numbers of payout accounts come under a new key, and the old one can be taken away."""

from collections.abc import Callable
from typing import Any

import pytest
from click.testing import Result
from cryptography.fernet import InvalidToken
from flask import Flask

from powerbank.payouts.accounts import encryption
from tests.payouts.conftest import ACCOUNT, WALLET
from tests.people import change, rows

NEW, OTHER = "a new key of payouts", "a key of somebody else"


@pytest.fixture
def keys(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Run with these keys, of which `None` is the one that was there: `keys(NEW, None)`."""
    settings = app.config["SETTINGS"]
    [old] = settings.payout_secrets

    def put(*names: str | None) -> None:
        monkeypatch.setattr(encryption, "_secrets", lambda: [name or old for name in names])

    return put


def reencrypt(app: Flask) -> Result:
    return app.test_cli_runner().invoke(args=["payouts", "reencrypt"])


def test_numbers_are_put_under_the_first_key_and_read_as_before(
    app: Flask, venue: Callable[..., str], open_account: Callable[..., str], keys: Callable[..., None]
) -> None:
    open_account(venue("Bakery"), ACCOUNT)
    open_account(venue("Cafe"), WALLET)
    before = rows(app, "SELECT number, number_digest FROM payout_accounts ORDER BY id")
    keys(NEW, None)
    assert reencrypt(app).output.splitlines()[0] == "2 of 2 were put under the first key"
    assert "nothing is left that needs an old key" in reencrypt(app).output
    keys(NEW)
    after = rows(app, "SELECT number, number_digest FROM payout_accounts ORDER BY id")
    with app.app_context():
        numbers = [encryption.decrypt_number(bytes(row.number)) for row in after]
        assert numbers == [ACCOUNT["account_number"], WALLET["account_number"]]
        assert [bytes(row.number_digest) for row in after] == [encryption.digest_number(number) for number in numbers]
        with pytest.raises(InvalidToken):
            encryption.decrypt_number(bytes(before[0].number))


def test_what_no_key_opens_is_named_and_left(
    app: Flask, venue: Callable[..., str], open_account: Callable[..., str], keys: Callable[..., Any]
) -> None:
    open_account(venue("Bakery"), ACCOUNT)
    keys(OTHER)
    result = reencrypt(app)
    assert result.exit_code == 1
    assert "1 could not be read; keep the old keys" in result.output
    change(app, "UPDATE payout_accounts SET check_note = 'still writable'")
    keys(NEW, None)
    assert "1 of 1 were put under the first key" in reencrypt(app).output
