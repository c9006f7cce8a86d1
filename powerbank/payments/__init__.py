from flask import Flask


def init_app(app: Flask) -> None:
    from powerbank.api.openapi import api
    from powerbank.payments import (
        admin_routes,
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
    scenarios.register_scenario("wallet_topup", scenarios.topup_amount, needs=("amount",), from_outside=True)
    app.register_blueprint(pages.pages)
