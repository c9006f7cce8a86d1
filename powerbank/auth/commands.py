"""`flask staff …`: accounts made from the shell, the first one above all."""

import os

import click
from flask.cli import AppGroup

from powerbank import audit
from powerbank.auth import services
from powerbank.auth.roles import Role
from powerbank.db import transaction
from powerbank.errors import AppError

staff = AppGroup("staff", help="Staff accounts.")


@staff.command("ensure")
@click.option("--email", required=True)
@click.option("--role", type=click.Choice([role.value for role in Role]), default=Role.SUPERADMIN.value)
def ensure(email: str, role: str) -> None:
    """Makes the account if there is none, with the password in ADMIN_PASSWORD."""
    password = os.environ.get("ADMIN_PASSWORD") or click.prompt("Password", hide_input=True)
    try:
        with transaction():
            made = services.ensure_staff(email=email, password=password, role=Role(role))
            if made:
                audit.record(actor="command", action="staff.create", object_kind="staff", object_id=email,
                             new={"role": role})  # fmt: skip
    except AppError as refused:
        raise click.ClickException(refused.detail) from None
    click.echo(f"{email}: {'made' if made else 'is there'}")
