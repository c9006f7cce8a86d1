"""`flask documents …`: what is done to people's documents from the command line."""

import click
from flask.cli import AppGroup

from powerbank.base import audit
from powerbank.base.db import transaction, utcnow
from powerbank.kyc.documents import reencryption
from powerbank.kyc.documents.reencryption import Report

documents = AppGroup("documents", help="Identity documents.")


@documents.command("reencrypt")
def reencrypt() -> None:
    """Put every number and picture under the first of DOCUMENT_KEYS; run it until nothing is left."""
    report = Report()
    for submission_id in reencryption.iterate_numbers():
        with transaction():
            reencryption.reencrypt_number(submission_id, report)
    for document_id in reencryption.iterate_staged_documents():
        with transaction():
            reencryption.reencrypt_staged_document(document_id, report)
    for document_id in reencryption.iterate_stored_documents():
        if reencryption.reencrypt_stored_document(document_id, report):
            with transaction():
                reencryption.delete_if_forgotten(document_id, now=utcnow())
    if report.renewed:
        with transaction():
            found = {"seen": report.seen, "renewed": report.renewed, "unreadable": len(report.unreadable)}
            audit.record(
                actor="command", action="documents.reencrypt", object_kind="documents", object_id="all", new=found
            )
    for problem in report.unreadable:
        click.echo(problem, err=True)
    click.echo(f"{report.renewed} of {report.seen} were put under the first key")
    if report.unreadable:
        raise click.ClickException(f"{len(report.unreadable)} could not be read; keep the old keys")
    if not report.renewed:
        click.echo("nothing is left that needs an old key")
