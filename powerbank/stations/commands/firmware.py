"""Refuse firmware from hosts that the operator has not named, or that are not on the public internet."""

from flask import Flask, current_app

from powerbank.base.errors import InvalidFieldsError, UnavailableError
from powerbank.integrations.callbacks.client import PublicHosts
from powerbank.integrations.callbacks.errors import CallbackRefusedError
from powerbank.integrations.errors import VendorError
from powerbank.stations.commands.models import CommandName


def init_app(app: Flask) -> None:
    hosts = app.config["SETTINGS"].firmware_hosts.split(",")
    app.extensions["firmware_hosts"] = PublicHosts(host for host in hosts if host.strip())


def refuse_foreign_host(command: str, url: str | None) -> None:
    """Refuse an update of the firmware from a foreign host. It asks the resolver, so not inside a transaction."""
    if command != CommandName.UPDATE_FIRMWARE or url is None:
        return
    hosts: PublicHosts = current_app.extensions["firmware_hosts"]
    try:
        hosts.addresses_of(url)
    except CallbackRefusedError:
        errors = {"parameters": ["Firmware comes from hosts that were named for it, at public addresses only."]}
        raise InvalidFieldsError(errors) from None
    except VendorError:
        raise UnavailableError("unavailable", "The host of the firmware is not found; try again shortly.") from None
