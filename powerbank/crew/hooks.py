"""What the crew has for earlier domains, which may not import it. `powerbank.wiring` plugs it in."""

from powerbank.crew.earnings.payees import describe_earnings, find_crew
from powerbank.crew.earnings.recount import find_wrong_payables
from powerbank.crew.leaving import forget_member, refuse_member_with_work
from powerbank.crew.members.queries import name_holders
from powerbank.crew.tasks.settling import request_settling

__all__ = (
    "describe_earnings",
    "find_crew",
    "find_wrong_payables",
    "forget_member",
    "name_holders",
    "refuse_member_with_work",
    "request_settling",
)
