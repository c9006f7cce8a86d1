"""Every command of `flask --app wsgi`."""

from flask import Flask

from powerbank.admin.people import commands as people_commands
from powerbank.auth.staff import commands as auth_commands
from powerbank.kyc.documents import commands as kyc_commands
from powerbank.notifications import commands as notification_commands
from powerbank.ops import commands as ops_commands
from powerbank.partners.accruals import commands as partner_commands
from powerbank.payouts.accounts import commands as payout_commands
from powerbank.stations.registry import shell as station_commands


def register(app: Flask) -> None:
    app.cli.add_command(auth_commands.staff)
    app.cli.add_command(people_commands.people)
    app.cli.add_command(kyc_commands.documents)
    app.cli.add_command(notification_commands.web_push)
    app.cli.add_command(station_commands.stations)
    app.cli.add_command(partner_commands.partners)
    app.cli.add_command(payout_commands.payouts)
    app.cli.add_command(ops_commands.docs)
    app.cli.add_command(ops_commands.seed_demo)
