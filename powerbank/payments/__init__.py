from flask import Flask


def init_app(app: Flask) -> None:
    from powerbank.api.openapi import api
    from powerbank.ledger import services as ledger
    from powerbank.payments import (
        admin_routes,
        credit,
        gateways,
        option_routes,
        pages,
        refund_admin_routes,
        refund_routes,
        routes,
        scenarios,
    )

    gateways.init_app(app)
    api.register_blueprint(routes.blueprint)
    for each in (option_routes, refund_routes, refund_admin_routes, admin_routes):
        api.register_blueprint(each.blueprint)
    ledger.register_after_debit(credit.check_after_debit)
    scenarios.register_scenario("wallet_topup", scenarios.topup_amount, needs=("amount",), from_outside=True)
    app.register_blueprint(pages.pages)
