"""What tests of the lockout do and look at."""

from collections.abc import Callable

import pyotp
from flask import Flask
from werkzeug.test import TestResponse

from powerbank.auth.staff import services
from powerbank.base.db import transaction, utcnow
from tests.conftest import ADMIN, PASSWORD
from tests.people import change, rows

HERE, ELSEWHERE = "127.0.0.1", "198.51.100.7"
LOGIN = "/api/admin/auth/login"
Try = Callable[..., TestResponse]


def code_of(answer: TestResponse) -> str:
    return str(answer.get_json(force=True)["code"])


def guess(app: Flask, *, right: bool = False, address: str = HERE) -> bool:
    """Guess once on a connection of its own, without the limits in Redis."""
    with app.app_context():
        proof = services.verify_password(email=ADMIN, password=PASSWORD if right else "wrong")
        with transaction():
            admitted = services.check_credentials(email=ADMIN, proof=proof, code=None, ip_address=address, now=utcnow())
            return admitted is not None


def locked_here(app: Flask, address: str = HERE) -> bool:
    query = "SELECT locked_until > now() AS locked FROM staff_addresses WHERE address = :address"
    return [bool(row.locked) for row in rows(app, query, address=address)] == [True]


def locks(app: Flask) -> list[str]:
    query = "SELECT new ->> 'locked' AS of FROM audit_log WHERE action = 'staff.lock' ORDER BY at, id"
    return [row.of for row in rows(app, query)]


class Authenticator:
    """The authenticator app of a member.

    A code is accepted once, so earlier codes are forgotten before the next one.
    """

    def __init__(self, app: Flask, secret: str) -> None:
        self.app, self.secret = app, secret

    def code(self) -> str:
        change(self.app, "UPDATE staff SET totp_last_step = 0")
        return pyotp.TOTP(self.secret).now()

    def wrong(self) -> str:
        return f"{(int(pyotp.TOTP(self.secret).now()) + 500_000) % 1_000_000:06d}"
