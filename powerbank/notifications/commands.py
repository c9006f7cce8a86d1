"""`flask web-push …` makes what pushes to browsers need."""

import click
from flask.cli import AppGroup

from powerbank.integrations.webpush import vapid

web_push = AppGroup("web-push", help="Pushes to browsers.")


@web_push.command("make-key")
def make_key() -> None:
    """Make a private key for WEB_PUSH_KEY."""
    click.echo(vapid.make_private_key())
