"""`flask people …`: what is kept of a person, taken along or deleted from the command line."""

from uuid import UUID

import click
from flask.cli import AppGroup

from powerbank.admin.people import personal_data, queries
from powerbank.base import audit
from powerbank.base.db import transaction, utcnow
from powerbank.base.errors import AppError
from powerbank.users import lifecycle

people = AppGroup("people", help="What is kept of people.")


@people.command("export")
@click.argument("user_id", type=click.UUID)
def export(user_id: UUID) -> None:
    """Write everything that is kept of a person, one row in each line as JSON."""
    try:
        with transaction():
            queries.get_person(user_id)
            _record("user.export_data", user_id, None)
    except AppError as refused:
        raise click.ClickException(refused.detail) from None
    for line in personal_data.write_lines(user_id):
        click.echo(line, nl=False)


@people.command("erase")
@click.argument("user_id", type=click.UUID)
@click.option("--reason", required=True)
@click.option("--yes", is_flag=True, help="Do not ask.")
def erase(user_id: UUID, reason: str, yes: bool) -> None:
    """End the account and forget the person. Records of money stay, and name nobody."""
    try:
        name = queries.get_person(user_id).username
        if not yes:
            click.confirm(f"Delete everything about {name}? It cannot be taken back.", abort=True)
        with transaction():
            lifecycle.end_account(user_id, now=utcnow())
            _record("erasure.command", user_id, {"reason": reason})
    except AppError as refused:
        raise click.ClickException(refused.detail) from None
    click.echo(f"{user_id}: nothing is kept that names the person")


def _record(action: str, user_id: UUID, new: dict[str, object] | None) -> None:
    audit.record(actor="command", action=action, object_kind="user", object_id=user_id, new=new)
