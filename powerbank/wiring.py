"""Plugs everything together: what domains give each other, who follows which event, the commands, and every route.

A program loads what it needs. Every program that knows the rules runs `RULES`; only a program that answers requests
runs `register_routes`. So the routes stand here by name, and `register_routes` alone imports them.
"""

from collections.abc import Callable

from flask import Flask
from werkzeug.utils import import_string

from powerbank import commands, startup, subscriptions
from powerbank.admin.people import services as people
from powerbank.analytics.buckets import proof
from powerbank.auth import cleanup
from powerbank.auth.staff import queries as staff_queries
from powerbank.crew import hooks as crew
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

# In the order of the API's document.
API = (
    "powerbank.api.operations:blueprint",
    "powerbank.live.routes:blueprint",
    "powerbank.content.routes:blueprint",
    "powerbank.content.staff_routes:blueprint",
    "powerbank.content.config_routes:blueprint",
    "powerbank.users.routes:blueprint",
    "powerbank.users.routes:avatar_blueprint",
    "powerbank.users.routes:picture_blueprint",
    "powerbank.users.routes:referral_blueprint",
    "powerbank.notifications.people.routes:blueprint",
    "powerbank.notifications.people.routes:device_blueprint",
    "powerbank.notifications.people.routes:web_push_blueprint",
    "powerbank.notifications.people.preference_routes:blueprint",
    "powerbank.notifications.staff.routes:blueprint",
    "powerbank.notifications.staff.device_routes:blueprint",
    "powerbank.notifications.templates.routes:blueprint",
    "powerbank.notifications.templates.rule_routes:blueprint",
    "powerbank.notifications.broadcasts.routes:blueprint",
    "powerbank.notifications.delivery.routes:blueprint",
    "powerbank.auth.people.routes:blueprint",
    "powerbank.auth.people.routes:identifier_blueprint",
    "powerbank.auth.staff.routes:blueprint",
    "powerbank.auth.staff.account_routes:blueprint",
    "powerbank.auth.staff.administration_routes:blueprint",
    "powerbank.kyc.routes:blueprint",
    "powerbank.kyc.staff.routes:blueprint",
    "powerbank.kyc.staff.routes:document_blueprint",
    "powerbank.ledger.routes:blueprint",
    "powerbank.ledger.books.routes:blueprint",
    "powerbank.ledger.adjustments.routes:blueprint",
    "powerbank.payments.topups.routes:blueprint",
    "powerbank.payments.options.routes:blueprint",
    "powerbank.payments.dues.routes:blueprint",
    "powerbank.payments.refunds.routes:blueprint",
    "powerbank.payments.dues.staff_routes:blueprint",
    "powerbank.payments.refunds.staff_routes:blueprint",
    "powerbank.payments.review.routes:blueprint",
    "powerbank.points.routes:blueprint",
    "powerbank.points.staff_routes:blueprint",
    "powerbank.promotions.routes:blueprint",
    "powerbank.promotions.staff_routes:blueprint",
    "powerbank.stations.public.routes:blueprint",
    "powerbank.stations.packages.routes:blueprint",
    "powerbank.stations.issues.routes:blueprint",
    "powerbank.stations.registry.routes:blueprint",
    "powerbank.stations.commands.routes:blueprint",
    "powerbank.stations.actions.routes:blueprint",
    "powerbank.stations.messages.routes:blueprint",
    "powerbank.stations.availability.routes:blueprint",
    "powerbank.stations.custody.routes:blueprint",
    "powerbank.stations.warehouses.routes:blueprint",
    "powerbank.stations.public.gbfs_routes:blueprint",
    "powerbank.partners.routes:blueprint",
    "powerbank.partners.staff_routes:blueprint",
    "powerbank.payouts.routes:blueprint",
    "powerbank.payouts.staff_routes:blueprint",
    "powerbank.payouts.statements.routes:blueprint",
    "powerbank.rentals.routes:blueprint",
    "powerbank.rentals.reservations.routes:blueprint",
    "powerbank.rentals.blocked_returns.routes:blueprint",
    "powerbank.rentals.blocked_returns.staff_routes:blueprint",
    "powerbank.rentals.staff.routes:blueprint",
    "powerbank.rentals.disputes.staff_routes:blueprint",
    "powerbank.stations.messages.gateway_routes:blueprint",
    *(f"powerbank.crew.{each}routes:blueprint" for each in ("", "staff_", "task_", "pay_", "figures.", "routing.")),
    "powerbank.social.routes:blueprint",
    "powerbank.social.staff_routes:blueprint",
    "powerbank.support.routes:blueprint",
    "powerbank.support.staff.routes:blueprint",
    "powerbank.admin.routes:user_blueprint",
    "powerbank.admin.people.routes:blueprint",
    "powerbank.analytics.routes:blueprint",
    "powerbank.analytics.reports.routes:blueprint",
    "powerbank.admin.search.routes:blueprint",
    "powerbank.admin.routes:audit_blueprint",
    "powerbank.admin.routes:approval_blueprint",
    "powerbank.ops.health_routes:blueprint",
    "powerbank.ops.routes:blueprint",
)

# Pages for browsers are not in the API's document.
CREW, GROWTH = "powerbank.admin.console.crew", "powerbank.admin.console.growth"
PAGES = (
    "powerbank.guides.pages:blueprint",
    "powerbank.guides.pages:files",
    "powerbank.pages.app_pages:blueprint",
    "powerbank.stations.public.pages:blueprint",
    "powerbank.auth.pages.pages:blueprint",
    *(f"powerbank.crew.pages.{each}_pages:blueprint" for each in ("today", "file", "task", "route", "bank", "money")),
    "powerbank.admin.account_pages:blueprint",
    "powerbank.admin.notice_pages:blueprint",
    "powerbank.admin.console.identity.pages:blueprint",
    "powerbank.admin.console.search.pages:blueprint",
    "powerbank.admin.console.people.pages:blueprint",
    "powerbank.admin.console.support.pages:blueprint",
    "powerbank.admin.console.support.action_pages:blueprint",
    "powerbank.admin.console.support.hour_pages:blueprint",
    "powerbank.admin.console.rentals.pages:blueprint",
    "powerbank.admin.console.rentals.case_pages:blueprint",
    "powerbank.admin.operation_pages:blueprint",
    "powerbank.admin.console.money.payment_pages:blueprint",
    "powerbank.admin.console.money.gateway_pages:blueprint",
    "powerbank.admin.console.money.decision_pages:blueprint",
    "powerbank.admin.console.money.due_pages:blueprint",
    "powerbank.admin.console.money.book_pages:blueprint",
    "powerbank.payouts.pages.pages:blueprint",
    "powerbank.payouts.pages.office_pages:blueprint",
    "powerbank.admin.console.partners.partner_pages:blueprint",
    "powerbank.admin.console.partners.agreement_pages:blueprint",
    "powerbank.admin.console.partners.account_pages:blueprint",
    "powerbank.admin.console.partners.payout_pages:blueprint",
    "powerbank.admin.console.partners.run_pages:blueprint",
    "powerbank.admin.console.partners.file_pages:blueprint",
    "powerbank.admin.console.map.pages:blueprint",
    "powerbank.admin.console.figures.pages:blueprint",
    "powerbank.admin.console.figures.report_pages:blueprint",
    "powerbank.ops.now.pages:blueprint",
    *(
        f"{GROWTH}.{each}_pages:blueprint"
        for each in ("table", "coupon", "achievement", "broadcast", "message", "content")
    ),
    "powerbank.admin.console.machinery.config_pages:blueprint",
    "powerbank.admin.console.machinery.audit_pages:blueprint",
    "powerbank.admin.console.machinery.staff_pages:blueprint",
    "powerbank.ops.machinery.pages:blueprint",
    "powerbank.admin.console.stations.list_pages:blueprint",
    "powerbank.admin.console.stations.pages:blueprint",
    "powerbank.admin.console.stations.message_pages:blueprint",
    "powerbank.admin.console.stations.registry_pages:blueprint",
    "powerbank.admin.console.stations.code_pages:blueprint",
    "powerbank.admin.console.stations.action_pages:blueprint",
    "powerbank.admin.console.stations.issue_pages:blueprint",
    "powerbank.admin.console.stations.discrepancy_pages:blueprint",
    "powerbank.admin.console.banks.pages:blueprint",
    *(f"{CREW}.{each}_pages:blueprint" for each in ("board", "task", "member", "warehouse", "plan")),
    "powerbank.ops.pages:blueprint",
    "powerbank.ops.job_pages:blueprint",
)


def register_routes(app: Flask) -> None:
    """Import and register all routes and pages, and say how a sign-in is looked up."""
    from powerbank.admin import console_pages
    from powerbank.api.auth import register_staff_loader, register_user_loader
    from powerbank.api.openapi import api
    from powerbank.auth.people import sessions
    from powerbank.auth.staff import sessions as staff_sessions
    from powerbank.ops import dashboard_pages

    register_staff_loader(app, staff_sessions.find_signed_in_staff)
    register_user_loader(app, sessions.find_signed_in_user)
    for name in API:
        api.register_blueprint(import_string(name))
    console_pages.init_app(app)
    dashboard_pages.init_app(app)
    for name in PAGES:
        app.register_blueprint(import_string(name))
