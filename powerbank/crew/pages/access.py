"""Who may see the crew's pages: people who are members now. Whoever leaves is refused with the next page."""

from powerbank.auth.pages.session import page_person
from powerbank.crew.members.models import Member
from powerbank.crew.members.queries import find_own_member


def page_member() -> Member:
    """Give the member of the crew who looks at a page."""
    return find_own_member(page_person().id)
