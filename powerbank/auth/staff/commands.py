"""`flask staff …`: how accounts of staff are managed from the command line, above all the first one."""

import os
import re

import click
from flask.cli import AppGroup
from sqlalchemy import select

from powerbank.auth.staff import administration, passwords
from powerbank.auth.staff.models import StaffMember
from powerbank.auth.staff.roles import Role
from powerbank.base import audit
from powerbank.base.db import db, transaction
from powerbank.base.errors import AppError

staff = AppGroup("staff", help="Staff accounts.")


@staff.command("ensure")
@click.option("--email", required=True)
@click.option("--role", type=click.Choice([role.value for role in Role]), default=Role.SUPERADMIN.value)
@click.option("--set-password", is_flag=True, help="Give it this password also if it is there with another one.")
def ensure(email: str, role: str, set_password: bool) -> None:
    """Make the account if there is none, with the password in ADMIN_PASSWORD."""
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", email):
        raise click.ClickException(f"{email} is no e-mail address")
    password = os.environ.get("ADMIN_PASSWORD") or click.prompt("Password", hide_input=True)
    try:
        with transaction():
            made = administration.ensure_staff(email=email, password=password, role=Role(role))
            if made:
                _record("staff.create", email, new={"role": role})
            differs = not passwords.matches_hash(_get_member(email).password_hash, password)
            if differs and set_password:
                administration.set_password(email, password)
                _record("staff.set_password", email)
    except AppError as refused:
        raise click.ClickException(refused.detail) from None
    there = "is there" if not differs else "has the new password" if set_password else "is there, with another password"
    click.echo(f"{email}: {'made' if made else there}")


@staff.command("list")
def list_all() -> None:
    """Show every account: e-mail, role, state, second factor."""
    for member in db.session.scalars(select(StaffMember).order_by(StaffMember.email)):
        state = "active" if member.active else "disabled"
        click.echo(f"{member.email}\t{member.role}\t{state}\t{'TOTP' if member.has_totp else 'no TOTP'}")


@staff.command("reset")
@click.option("--email", required=True)
def reset(email: str) -> None:
    """Give a new password (shown once); take away second factor, locks and sessions."""
    with transaction():
        _, password, _ = administration.reset_member(_get_member(email).id, actor="command")
    click.echo(f"{email}: the password is now {password} and must be changed at sign-in")


@staff.command("disable")
@click.option("--email", required=True)
def disable(email: str) -> None:
    """Let the member in no more."""
    try:
        with transaction():
            administration.change_member(_get_member(email).id, {"active": False}, actor="command")
    except AppError as refused:
        raise click.ClickException(refused.detail) from None
    click.echo(f"{email}: disabled")


@staff.command("reencrypt")
def reencrypt() -> None:
    """Put the TOTP secrets under the first of STAFF_KEY; afterwards the old key is needed for recovery codes only."""
    with transaction():
        changed, unused = administration.reencrypt_totp_secrets()
        if changed:
            audit.record(
                actor="command",
                action="staff.reencrypt",
                object_kind="staff",
                object_id="all",
                new={"secrets": changed},
            )
    click.echo(
        f"{changed} secrets are under the first key now; {unused} recovery codes need the key they were made under"
    )


def _get_member(email: str) -> StaffMember:
    member = administration.find_member_by_email(email)
    if member is None:
        raise click.ClickException(f"there is no member of staff {email}")
    return member


def _record(action: str, email: str, **values: dict[str, object]) -> None:
    audit.record(actor="command", action=action, object_kind="staff", object_id=_get_member(email).id, **values)
