"""The texts of pages in Nepali, under the English text that stands in the template or in the code.

`tests/pages/test_translations.py` finds a text that has no Nepali one, and a Nepali one that nobody shows.
"""

from types import MappingProxyType

from powerbank.pages.translations.account_ne import ACCOUNT
from powerbank.pages.translations.console.banks_ne import BANKS
from powerbank.pages.translations.console.crew_console_ne import CREW_CONSOLE
from powerbank.pages.translations.console.figures_ne import FIGURES
from powerbank.pages.translations.console.growth_ne import GROWTH
from powerbank.pages.translations.console.identity_ne import IDENTITY
from powerbank.pages.translations.console.machinery_ne import MACHINERY
from powerbank.pages.translations.console.map_ne import MAP
from powerbank.pages.translations.console.money_ne import MONEY
from powerbank.pages.translations.console.now_ne import NOW
from powerbank.pages.translations.console.partners_ne import PARTNERS
from powerbank.pages.translations.console.people_ne import PEOPLE
from powerbank.pages.translations.console.rentals_ne import RENTALS
from powerbank.pages.translations.console.search_ne import SEARCH
from powerbank.pages.translations.console.stations_ne import STATIONS
from powerbank.pages.translations.console.support_ne import SUPPORT
from powerbank.pages.translations.layout_ne import LAYOUT
from powerbank.pages.translations.operations_ne import OPERATIONS
from powerbank.pages.translations.people.crew_ne import CREW
from powerbank.pages.translations.people.partner_ne import PARTNER
from powerbank.pages.translations.people.sign_in_ne import SIGN_IN
from powerbank.pages.translations.people.support_ne import PEOPLE_SUPPORT

# One part for each section.
PARTS = (
    ACCOUNT,
    FIGURES,
    GROWTH,
    IDENTITY,
    BANKS,
    LAYOUT,
    MACHINERY,
    MAP,
    MONEY,
    PARTNER,
    PARTNERS,
    PEOPLE,
    RENTALS,
    SEARCH,
    NOW,
    SUPPORT,
    OPERATIONS,
    STATIONS,
    SIGN_IN,
    PEOPLE_SUPPORT,
    CREW,
    CREW_CONSOLE,
)
NEPALI = MappingProxyType({english: nepali for part in PARTS for english, nepali in part.items()})
