"""The commands `flask stations …`: make the live rows again, and write the files of the broker."""

import os
import signal
import time
from pathlib import Path
from typing import NoReturn

import click
from flask import current_app
from flask.cli import AppGroup
from sqlalchemy.exc import SQLAlchemyError

from powerbank.base.db import db, transaction
from powerbank.stations.availability import live_rows
from powerbank.stations.registry import broker_files

stations = AppGroup("stations", help="Stations and their broker.")

LOOK_EVERY = 2.0  # seconds


@stations.command("rebuild-live")
def rebuild_live() -> None:
    """Make what the app reads of stations again, from the registry, the slots and the banks."""
    with transaction():
        live_rows.refresh_live_rows(None)
    click.echo("live rows of all stations made again")


@stations.command("broker-files")
@click.option("--mosquitto", "folder", required=True, type=click.Path(path_type=Path, file_okay=False))
@click.option("--pid-file", type=click.Path(path_type=Path), help="Tell this broker to read them again.")
@click.option("--watch", is_flag=True, help="Go on, and write them whenever an account changes.")
def write_broker_files(folder: Path, pid_file: Path | None, watch: bool) -> None:
    """Write the password and rule files of a Mosquitto broker."""
    broker_url = current_app.config["SETTINGS"].mqtt_url
    if broker_url is None:
        raise click.ClickException("MQTT_URL must name the broker and the account of this service")
    if watch:
        _watch(folder, broker_url, pid_file)
    _write(folder, broker_url)
    _tell_broker(pid_file)


def _watch(folder: Path, broker_url: str, pid_file: Path | None) -> NoReturn:
    """Write the files whenever an account changes. It goes on while the database or the broker is away."""
    written, is_broker_told, shown_problem = -1, True, ""
    while True:
        problem = ""
        try:
            version = broker_files.find_accounts_version()
            if version != written:
                _write(folder, broker_url)
                written, is_broker_told = version, False
            if not is_broker_told:
                _tell_broker(pid_file)
                is_broker_told = True
            db.session.rollback()
        except (SQLAlchemyError, OSError, click.ClickException) as error:
            db.session.close()
            problem = str(error).splitlines()[0]
        if problem != shown_problem:
            shown_problem = problem
            click.echo(problem or "all is well again", err=bool(problem))
        time.sleep(LOOK_EVERY)


def _write(folder: Path, broker_url: str) -> None:
    count = broker_files.write_broker_files(folder, broker_url=broker_url)
    click.echo(f"{count} stations in {folder}")


def _tell_broker(pid_file: Path | None) -> None:
    if pid_file is None:
        return
    try:
        os.kill(int(pid_file.read_text()), signal.SIGHUP)
    except (OSError, ValueError) as error:
        raise click.ClickException(f"{pid_file} names no broker that runs: {error}") from None
