from flask import Flask


def init_app(app: Flask) -> None:
    from powerbank.api.openapi import api
    from powerbank.payments import gateways, pages, routes

    gateways.init_app(app)
    api.register_blueprint(routes.blueprint)
    app.register_blueprint(pages.pages)
