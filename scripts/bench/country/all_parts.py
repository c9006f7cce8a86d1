"""All parts of a country, in the order in which they are made. What each of them makes is a file in `sql/`."""

from scripts.bench.country.filling import Part

_LARGE = (
    *("rentals", "rental_events", "rental_locations", "station_commands", "tally_events"),
    *("ledger_entries", "ledger_holds", "wallet_transactions", "payment_intents", "partner_accruals", "audit_log"),
)

PARTS = (
    Part("base", lambda _: 1),
    Part("partners", lambda size: size.partners, step=500),
    Part("crew", lambda size: size.crew, step=100),
    Part("open_tasks", lambda size: size.stations, step=50_000),
    Part("people", lambda size: size.people, begins_with="who", step=20_000),
    Part("accounts", lambda size: size.people, begins_with="who", step=20_000, tables=("ledger_accounts",)),
    Part("notices", lambda size: size.people, begins_with="who", step=20_000, tables=("notices", "deliveries")),
    Part("conversations", lambda size: size.conversations, step=20_000, tables=("conversations", "support_messages")),
    Part("stations", lambda size: size.stations, step=5_000),
    Part("banks", lambda size: size.banks, step=50_000),
    Part("reports", lambda size: size.reports, step=500_000, tables=("station_messages",)),
    Part("rentals", lambda size: size.rentals, begins_with="ride", step=50_000, tables=_LARGE),
    Part("custody", lambda size: size.rentals, begins_with="ride", step=50_000),
    Part("money", lambda size: size.rentals, begins_with="ride", step=50_000),
    Part("payments", lambda size: size.rentals, begins_with="ride", step=50_000),
    Part("payouts", lambda size: size.partners, step=2_000),
    Part("sealed", lambda _: 1),
    Part("written", lambda _: 1),
    Part("of_rentals", lambda size: size.rentals, step=50_000),
)
