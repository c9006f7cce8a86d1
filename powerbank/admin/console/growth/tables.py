"""The plain tables of the console, of growth, of support and of figures: what a list shows of each row.

The schemas say what can be filled in.
"""

from dataclasses import dataclass
from types import MappingProxyType

from powerbank.admin.console.sections import FIGURES, GROWTH, SUPPORT
from powerbank.analytics.schemas import HOLIDAYS
from powerbank.api.plain import PlainTable
from powerbank.content.tables import APP_VERSIONS, BANNERS, COUNTRIES, FAQ
from powerbank.pages import lists
from powerbank.pages.lists import ListPage
from powerbank.promotions.schemas import CAMPAIGNS
from powerbank.stations.packages.schemas import PACKAGES
from powerbank.support.staff.schemas import ALERT_RULES, SAVED_REPLIES


@dataclass(frozen=True)
class TablePages:
    """A table with the pages that it has."""

    table: PlainTable
    page: ListPage
    one: str  # what one row is called


WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def _is_active(row: object) -> str:
    return "active" if getattr(row, "active", True) else "switched off"


ACTIVE = lists.badge("State", _is_active, {"active": "good"})

TABLES = MappingProxyType(
    {
        "campaigns": TablePages(
            CAMPAIGNS,
            ListPage(
                "Campaigns",
                GROWTH,
                columns=(
                    lists.words("Name", "name"),
                    ACTIVE,
                    lists.amount("Budget", "budget"),
                    lists.amount("Spent", "spent"),
                    lists.moment("Begins", "starts_at"),
                    lists.moment("Ends", "ends_at"),
                ),
                empty=("No campaigns.", "A campaign holds coupons together that share a purpose and a budget."),
                api="/api/admin/campaigns",
                opens=lambda row: f"/console/growth/campaigns/{row.id}",
                template="console/growth/table.html",
                file="campaigns",
            ),
            "Campaign",
        ),
        "packages": TablePages(
            PACKAGES,
            ListPage(
                "Packages",
                GROWTH,
                columns=(
                    lists.words("Name", "name"),
                    ACTIVE,
                    lists.name("Payment", "payment_model"),
                    lists.number("Minutes", "duration_minutes"),
                    lists.amount("Price", "price"),
                    lists.number("Unit in minutes", "unit_minutes"),
                    lists.amount("Price of a unit", "unit_price"),
                ),
                empty=("No packages.", "A package says for how long and for how much a power bank is rented."),
                api="/api/admin/packages",
                opens=lambda row: f"/console/growth/packages/{row.id}",
                template="console/growth/table.html",
                file="packages",
            ),
            "Package",
        ),
        "faq": TablePages(
            FAQ,
            ListPage(
                "Questions",
                GROWTH,
                columns=(
                    lists.words("Question", "question", "long"),
                    ACTIVE,
                    lists.words("Language", "language"),
                    lists.number("Position", "position"),
                ),
                empty=("No questions.", "What people ask often, with its answer, is shown by the app in this order."),
                api="/api/admin/faq",
                opens=lambda row: f"/console/growth/faq/{row.id}",
                template="console/growth/table.html",
                file="faq",
            ),
            "Question",
        ),
        "banners": TablePages(
            BANNERS,
            ListPage(
                "Banners",
                GROWTH,
                columns=(
                    lists.words("Title", "title", "long"),
                    ACTIVE,
                    lists.words("Language", "language"),
                    lists.moment("Begins", "starts_at"),
                    lists.moment("Ends", "ends_at"),
                    lists.number("Position", "position"),
                ),
                empty=("No banners.", "A banner is shown on the app's first page while its time lasts."),
                api="/api/admin/banners",
                opens=lambda row: f"/console/growth/banners/{row.id}",
                template="console/growth/table.html",
                file="banners",
            ),
            "Banner",
        ),
        "app-versions": TablePages(
            APP_VERSIONS,
            ListPage(
                "Versions",
                GROWTH,
                columns=(
                    lists.words("Version", "version"),
                    lists.words("Platform", "platform"),
                    lists.badge("Update", lambda row: "required" if row.mandatory else "offered", {"required": "warn"}),
                    lists.moment("Released", "released_at"),
                    lists.words("Notes", "notes", "long"),
                ),
                empty=("No versions.", "The app compares itself with these, and says when it must be updated."),
                api="/api/admin/app-versions",
                opens=lambda row: f"/console/growth/app-versions/{row.id}",
                template="console/growth/table.html",
                file="app_versions",
            ),
            "Version",
        ),
        "countries": TablePages(
            COUNTRIES,
            ListPage(
                "Countries",
                GROWTH,
                columns=(
                    lists.words("Name", "name"),
                    ACTIVE,
                    lists.words("Code", "code"),
                    lists.words("Dial code", "dial_code"),
                    lists.words("Currency", "currency"),
                ),
                empty=("No countries.", "Numbers of these countries may sign in."),
                api="/api/admin/countries",
                opens=lambda row: f"/console/growth/countries/{row.id}",
                template="console/growth/table.html",
                file="countries",
            ),
            "Country",
        ),
        "replies": TablePages(
            SAVED_REPLIES,
            ListPage(
                "Saved replies",
                SUPPORT,
                columns=(
                    lists.words("Name", "name"),
                    ACTIVE,
                    lists.words("In English", "text_en", "long"),
                    lists.words("In Nepali", "text_ne", "long"),
                ),
                empty=("No saved replies.", "What staff send often stands here, once in each language."),
                api="/api/admin/support/replies",
                opens=lambda row: f"/console/growth/replies/{row.id}",
                template="console/growth/table.html",
                file="saved_replies",
            ),
            "Saved reply",
        ),
        "holidays": TablePages(
            HOLIDAYS,
            ListPage(
                "Holidays",
                FIGURES,
                columns=(
                    lists.words("Name", "name"),
                    lists.words("In Nepali", "name_ne"),
                    lists.words("Day", "day", "when"),
                    lists.name("Rents like a", lambda row: WEEKDAYS[row.like_weekday - 1]),
                ),
                empty=("No holidays.", "On a holiday people rent as on another weekday: the forecast reads it here."),
                api="/api/admin/analytics/holidays",
                opens=lambda row: f"/console/growth/holidays/{row.id}",
                template="console/growth/table.html",
                file="holidays",
            ),
            "Holiday",
        ),
        "alert-rules": TablePages(
            ALERT_RULES,
            ListPage(
                "Words to venues",
                SUPPORT,
                columns=(
                    lists.name("Cause", "cause"),
                    ACTIVE,
                    lists.words("In English", "text_en", "long"),
                    lists.words("In Nepali", "text_ne", "long"),
                ),
                empty=(
                    "No words to venues.",
                    "What a venue is written by itself when one of its stations is in trouble stands here.",
                ),
                api="/api/admin/support/alert-rules",
                opens=lambda row: f"/console/growth/alert-rules/{row.id}",
                template="console/growth/table.html",
                file="alert_rules",
            ),
            "Words to venues",
        ),
    }
)
