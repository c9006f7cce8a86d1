from flask import Flask


def init_app(app: Flask) -> None:
    from powerbank.ledger import wallet_changes
    from powerbank.payments import collecting, credit, gateways, scenarios

    gateways.init_app(app)
    wallet_changes.register_after_debit(credit.check_after_debit)
    wallet_changes.register_after_credit_of_debtor(collecting.ask_to_collect)
    scenarios.register_scenario("wallet_topup", scenarios.topup_amount, needs=("amount",), from_outside=True)


def init_routes(app: Flask) -> None:
    from powerbank.api.openapi import api
    from powerbank.payments import (
        admin_routes,
        due_admin_routes,
        due_routes,
        option_routes,
        pages,
        refund_admin_routes,
        refund_routes,
        routes,
    )

    for each in (routes, option_routes, due_routes, refund_routes, due_admin_routes, refund_admin_routes, admin_routes):
        api.register_blueprint(each.blueprint)
    app.register_blueprint(pages.pages)
