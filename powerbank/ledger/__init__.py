from flask import Flask


def init_app(app: Flask) -> None:
    from powerbank.ledger import dues, queries
    from powerbank.users import leaving, usage

    leaving.register_refusal(dues.refuse_to_leave)
    usage.register_total(usage.Total.SPEND, queries.spent)
    usage.register_total(usage.Total.POINTS, queries.points)


def init_routes(app: Flask) -> None:
    from powerbank.api.openapi import api
    from powerbank.ledger import adjustment_routes, admin_routes, routes

    api.register_blueprint(routes.blueprint)
    api.register_blueprint(admin_routes.blueprint)
    api.register_blueprint(adjustment_routes.blueprint)
