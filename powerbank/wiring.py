"""Plugs everything together: what domains give each other, who follows which event, the commands, and every route.

A program loads what it needs. Every program that knows the rules runs `RULES`; only a program that answers requests
runs `register_routes`, which alone imports the routes: `blueprints.py` has them by name.
"""

from collections.abc import Callable

from flask import Flask
from werkzeug.utils import import_string

from powerbank import blueprints, commands, startup, subscriptions
from powerbank.admin.people import services as people
from powerbank.analytics.buckets import proof
from powerbank.analytics.outlook import next_hours
from powerbank.auth import cleanup
from powerbank.auth.staff import queries as staff_queries
from powerbank.crew import hooks as crew
from powerbank.crew.tasks.needs import demand
from powerbank.kyc import services as kyc
from powerbank.ledger import queries as ledger_queries
from powerbank.ledger import revenue_changes, wallet_changes
from powerbank.ledger.books import reconciliation
from powerbank.ledger.movements import dues
from powerbank.ledger.movements import refunds as ledger_refunds
from powerbank.live import topics
from powerbank.notifications.broadcasts import targets
from powerbank.notifications.people import services as notices
from powerbank.notifications.staff import services as staff
from powerbank.outbox import operations
from powerbank.partners import memberships
from powerbank.partners import queries as partner_queries
from powerbank.partners import services as partners
from powerbank.partners.accruals import recount
from powerbank.partners.accruals import services as accruals
from powerbank.payments import gateways
from powerbank.payments.credit_alerts import services as credit_alerts
from powerbank.payments.dues import services as dues_collection
from powerbank.payments.options import scenarios
from powerbank.payouts.sending import providers as payout_providers
from powerbank.points import earnings, expiry, reversal
from powerbank.promotions import coupons
from powerbank.rentals import queries as rental_queries
from powerbank.rentals.charges import prices
from powerbank.rentals.reservations import queries as reservation_queries
from powerbank.stations.commands import firmware
from powerbank.stations.issues import photos
from powerbank.stations.registry import csv_import
from powerbank.stations.registry import queries as station_queries
from powerbank.support import queries as support
from powerbank.support import services as conversations
from powerbank.users import avatars, identifier_traces, lifecycle, referrals
from powerbank.users import queries as user_queries
from powerbank.users.queries import UsageTotal


def register_hooks(app: Flask) -> None:
    """Give each domain what later domains have for it, since it may not import them. Doing so twice changes nothing."""
    lifecycle.register_registration_steps(
        notices.notify_of_registration, earnings.request_signup_award, partners.join_invited
    )
    lifecycle.register_address_steps(partners.join_invited)
    lifecycle.register_account_end_checks(
        dues.refuse_to_leave_with_dues,
        rental_queries.refuse_user_with_open_rental,
        reservation_queries.refuse_user_with_reservation,
        crew.refuse_member_with_work,
    )
    lifecycle.register_account_end_steps(
        avatars.forget_avatar_of_user,
        identifier_traces.forget_devices_of_user,
        notices.delete_notices_of_user,
        cleanup.forget_sign_ins_of_user,
        kyc.forget_leaving_user,
        expiry.forfeit_points,
        photos.delete_photos_of_user,
        people.forget_notes_of_user,
        partners.forget_member,
        crew.forget_member,
        conversations.delete_contents_of_user,
    )
    referrals.register_referral_rules(
        identifier_traces.find_shared_identifier, identifier_traces.find_former_account, kyc.find_shared_number
    )
    coupons.register_has_rented(rental_queries.has_rented)
    user_queries.register_usage_totals(
        {
            UsageTotal.RENTALS: rental_queries.count_completed_rentals,
            UsageTotal.MINUTES: rental_queries.count_rented_minutes,
            UsageTotal.SPEND: ledger_queries.amount_spent_by_user,
            UsageTotal.POINTS: ledger_queries.points_of_user,
        }
    )
    wallet_changes.register_after_debit(credit_alerts.alert_after_debit)
    wallet_changes.register_after_credit_of_debtor(dues_collection.request_collection)
    ledger_refunds.register_reactions(reversal.request_reversal)
    revenue_changes.register_reactions(accruals.accrue_entries)
    reconciliation.register_checks(recount.find_wrong_payables, crew.find_wrong_payables, proof.find_wrong_figures)
    crew.register_hooks()
    demand.register_forecast(next_hours.NEXT_HOURS, next_hours.give_values)
    csv_import.register_known_partners(partner_queries.find_known_partners)
    scenarios.register_scenario("wallet_topup", scenarios.topup_amount, needs=("amount",), from_outside=True)
    scenarios.register_scenario("pre_payment", prices.price_before_rental, needs=("package_id",))
    scenarios.register_freed("pre_payment", reservation_queries.find_held_fee)
    scenarios.register_scenario("post_payment", prices.price_after_rental, needs=("rental_id",))
    targets.register_target("has_active_rental", rental_queries.users_with_open_rental)
    targets.register_target("min_rentals", rental_queries.users_with_completed_rentals)
    staff.register_directory(app, staff_queries.list_members_with_permission)
    topics.register_topics(
        {
            "me": topics.own_topic,
            "rental": rental_queries.find_rental_topic,
            "station": station_queries.find_station_topic,
            "console": topics.topic_for_staff("console", "system.read"),
            "stations": topics.topic_for_staff("stations", "stations.read"),
            "rentals": topics.topic_for_staff("rentals", "rentals.read"),
            "conversation": support.find_conversation_topic,
            "support": topics.topic_for_staff("support", "support.read"),
            "partner": memberships.find_partner_topic,
            "payouts": topics.topic_for_staff("payouts", "payouts.read"),
            "tasks": topics.topic_for_staff("tasks", "crew.read"),
        }
    )


RULES: tuple[Callable[[Flask], None], ...] = (
    startup.import_other_models,
    operations.init_app,
    gateways.init_app,
    payout_providers.init_app,
    firmware.init_app,
    register_hooks,
    subscriptions.init_app,
    commands.register,
)


def register_routes(app: Flask) -> None:
    """Import and register all routes and pages, and say how a sign-in is looked up."""
    from powerbank.admin import console_pages
    from powerbank.api.auth import register_staff_loader, register_user_loader
    from powerbank.api.openapi import api
    from powerbank.auth.people import blocked, sessions
    from powerbank.auth.staff import sessions as staff_sessions
    from powerbank.ops import dashboard_pages

    register_staff_loader(app, staff_sessions.find_signed_in_staff)
    register_user_loader(app, sessions.find_signed_in_user, blocked.find_blocked_user)
    for name in blueprints.API:
        api.register_blueprint(import_string(name))
    console_pages.init_app(app)
    dashboard_pages.init_app(app)
    for name in blueprints.PAGES:
        app.register_blueprint(import_string(name))
