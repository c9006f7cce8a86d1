"""`flask partners …`: what is done for partners from the command line."""

import click
from flask.cli import AppGroup

from powerbank.base import audit
from powerbank.base.db import db, transaction
from powerbank.partners.accruals import history

partners = AppGroup("partners", help="Venue partners.")


@partners.command("accrue-history")
def accrue_history() -> None:
    """Accrue the shares of what was earned before agreements were entered; running it again changes nothing."""
    after = history.find_begin()
    if after is None:
        click.echo("there are no agreements")
        return
    total, done, accrued = history.count_entries(after), 0, 0
    while entries := history.find_entries(after):
        db.session.rollback()  # the snapshot of the search ends before the work begins
        with transaction():
            accrued += history.accrue_history(entries)
        after, done = entries[-1], done + len(entries)
        click.echo(f"{done} of at most {total} entries, {accrued} accrued")
    with transaction():
        found = {"entries": done, "accrued": accrued}
        audit.record(
            actor="command", action="partners.accrue_history", object_kind="partners", object_id="all", new=found
        )
    click.echo(f"{accrued} movements of revenue were accrued")
