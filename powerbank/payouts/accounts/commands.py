"""`flask payouts …`: what is done for payouts from the command line."""

from uuid import UUID

import click
from flask.cli import AppGroup

from powerbank.base import audit
from powerbank.base.db import db, transaction
from powerbank.payouts.accounts import reencryption
from powerbank.payouts.accounts.reencryption import Report

payouts = AppGroup("payouts", help="Payouts to partners and crew.")
FIRST = UUID(int=0)


@payouts.command("reencrypt")
def reencrypt() -> None:
    """Put the number of every payout account under the first of PAYOUT_KEYS; run it until nothing is left."""
    report, after = Report(), FIRST
    while found := reencryption.find_accounts(after):
        db.session.rollback()  # the snapshot of the search ends before the work begins
        for account_id in found:
            with transaction():
                reencryption.reencrypt_account(account_id, report)
        after = found[-1]
    if report.renewed:
        with transaction():
            new = {"seen": report.seen, "renewed": report.renewed, "unreadable": len(report.unreadable)}
            audit.record(actor="command", action="payouts.reencrypt", object_kind="payouts", object_id="all", new=new)
    for problem in report.unreadable:
        click.echo(problem, err=True)
    click.echo(f"{report.renewed} of {report.seen} were put under the first key")
    if report.unreadable:
        raise click.ClickException(f"{len(report.unreadable)} could not be read; keep the old keys")
    if not report.renewed:
        click.echo("nothing is left that needs an old key")
