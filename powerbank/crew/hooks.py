"""What the crew has for earlier domains, which may not import it. `powerbank.wiring` plugs it in."""

from powerbank.crew.earnings.payees import describe_earnings, find_crew
from powerbank.crew.earnings.recount import find_wrong_payables
from powerbank.crew.leaving import forget_member, refuse_member_with_work
from powerbank.crew.members.queries import name_holders
from powerbank.crew.tasks.settling import request_settling
from powerbank.payouts.payees import register_payees
from powerbank.payouts.states import PayeeKind
from powerbank.stations.availability.live_rows import register_reaction
from powerbank.stations.custody.holders import register_holder_names

__all__ = ("find_wrong_payables", "forget_member", "refuse_member_with_work", "register_hooks")


def register_hooks() -> None:
    """Let the crew hear of each change of a station, be paid out, and be called by name in a power bank's timeline."""
    register_reaction(request_settling)
    register_holder_names(name_holders)
    register_payees(PayeeKind.CREW, find_crew, describe_earnings)
