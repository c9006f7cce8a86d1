"""The letterhead of papers, as staff have configured it."""

from powerbank.content import app_config
from powerbank.papers.paper import Letterhead


def current_letterhead() -> Letterhead:
    rules = app_config.current()
    return Letterhead(rules.letterhead_name, rules.letterhead_address, rules.letterhead_pan, rules.letterhead_contact)
