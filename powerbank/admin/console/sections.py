"""The sections of the console whose lists have tabs, and who may read each list."""

from powerbank.pages.lists import Section, Tab

PEOPLE = Section(
    "People",
    (
        Tab("People", "users.read", "/console/people"),
        Tab("Identity checks", "kyc.read", "/console/identity"),
    ),
)
RENTALS = Section(
    "Rentals",
    (
        Tab("Rentals", "rentals.read", "/console/rentals"),
        Tab("Cases", "rentals.read", "/console/cases"),
        Tab("Refused starts", "rentals.read", "/console/refused-starts"),
    ),
)
GROWTH = Section(
    "Growth",
    (
        Tab("Campaigns", "promotions.read", "/console/growth/campaigns"),
        Tab("Coupons", "promotions.read", "/console/growth/coupons"),
        Tab("Packages", "packages.read", "/console/growth/packages"),
        Tab("Achievements", "achievements.read", "/console/growth/achievements"),
        Tab("Broadcasts", "system.read", "/console/growth/broadcasts"),
        Tab("Messages", "templates.read", "/console/growth/messages"),
        Tab("Content", "content.read", "/console/growth/content"),
        Tab("Questions", "content.read", "/console/growth/faq"),
        Tab("Banners", "content.read", "/console/growth/banners"),
        Tab("Versions", "content.read", "/console/growth/app-versions"),
        Tab("Countries", "content.read", "/console/growth/countries"),
    ),
)
MACHINERY = Section(
    "Machinery",
    (
        Tab("Overview", "system.read", "/console/machinery", has_pages_below=False),
        Tab("Queues", "system.read", "/console/machinery/queues"),
        Tab("Jobs", "system.read", "/console/machinery/jobs"),
        Tab("Schedule", "system.read", "/console/machinery/schedule"),
        Tab("Programs", "system.read", "/console/machinery/programs"),
        Tab("Alerts", "system.read", "/console/machinery/alerts"),
        Tab("Configuration", "config.read", "/console/machinery/configuration"),
        Tab("Staff", "staff.read", "/console/machinery/staff"),
        Tab("Audit log", "audit.read", "/console/machinery/audit-log"),
        Tab("Exports", "audit.read", "/console/machinery/exports"),
        Tab("In Redis", "system.read", "/ops/rq/"),
    ),
)
SUPPORT = Section(
    "Support",
    (
        Tab("Conversations", "support.read", "/console/support", has_pages_below=False),
        Tab("Saved replies", "support.read", "/console/growth/replies"),
        Tab("Who takes what", "support.read", "/console/support/members"),
        Tab("Words to venues", "support.read", "/console/growth/alert-rules"),
        Tab("Hours", "support.read", "/console/support/hours"),
        Tab("Figures", "support.read", "/console/support/figures"),
    ),
)
FIGURES = Section(
    "Figures",
    (
        Tab("Dashboard", "analytics.read", "/console/figures", has_pages_below=False),
        Tab("Stations compared", "analytics.read", "/console/figures/stations"),
        Tab("Hours of the week", "analytics.read", "/console/figures/week"),
        Tab("Money lost", "analytics.read", "/console/figures/losses"),
        Tab("People", "analytics.read", "/console/figures/people"),
        Tab("Fleet", "analytics.read", "/console/figures/fleet"),
        Tab("From where to where", "analytics.read", "/console/figures/returns"),
        Tab("Reports", "analytics.read", "/console/figures/reports"),
        Tab("Holidays", "analytics.read", "/console/growth/holidays"),
        Tab("Definitions", "analytics.read", "/console/figures/definitions"),
        Tab("Make again", "analytics.write", "/console/figures/again"),
    ),
)
MONEY = Section(
    "Money",
    (
        Tab("To decide", "refunds.read", "/console/money/decisions"),
        Tab("Top-ups", "payments.read", "/console/money/top-ups"),
        Tab("From gateways", "payments.read", "/console/money/gateway-events"),
        Tab("Refunds", "refunds.read", "/console/money/refunds"),
        Tab("Adjustments", "ledger.read", "/console/money/adjustments"),
        Tab("Dues", "payments.read", "/console/money/dues"),
        Tab("Chargebacks", "payments.read", "/console/money/chargebacks"),
        Tab("Comparison", "payments.read", "/console/money/comparisons"),
        Tab("Accounts", "ledger.read", "/console/money/accounts"),
        Tab("Entries", "ledger.read", "/console/money/entries"),
        Tab("Recounts", "ledger.read", "/console/money/recounts"),
        Tab("Rates", "payments.read", "/console/money/exchange-rates"),
    ),
)

STATIONS = Section(
    "Stations",
    (
        Tab("Stations", "stations.read", "/console/stations"),
        Tab("Issues", "stations.read", "/console/station-issues"),
        Tab("Discrepancies", "stations.read", "/console/discrepancies"),
        Tab("QR codes", "stations.read", "/console/station-codes"),
    ),
)

CREW = Section(
    "Crew",
    (
        Tab("Board", "crew.read", "/console/crew", has_pages_below=False),
        Tab("Tasks", "crew.read", "/console/crew/tasks"),
        Tab("To verify", "crew.read", "/console/crew/verify"),
        Tab("Members", "crew.read", "/console/crew/members"),
        Tab("Shifts", "crew.read", "/console/crew/shifts"),
        Tab("Warehouses", "stations.read", "/console/crew/warehouses"),
        Tab("Pay plans", "crew.read", "/console/crew/plans"),
        Tab("Rules", "crew.read", "/console/crew/rules"),
        Tab("Figures", "crew.read", "/console/crew/figures"),
    ),
)
PARTNERS = Section(
    "Partners",
    (
        Tab("Partners", "partners.read", "/console/partners"),
        Tab("Payouts", "payouts.read", "/console/payouts"),
        Tab("Runs", "payouts.read", "/console/payout-runs"),
        Tab("Bank files", "payouts.read", "/console/payout-files"),
        Tab("Payout accounts", "payouts.read", "/console/payout-accounts"),
    ),
)

POWER_BANKS = Section("Power banks", (Tab("Power banks", "stations.read", "/console/powerbanks"),))
