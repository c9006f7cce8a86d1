from flask import Flask


def init_routes(app: Flask) -> None:
    from powerbank.api.openapi import api
    from powerbank.content import admin_routes, config_routes, routes

    api.register_blueprint(routes.blueprint)
    api.register_blueprint(admin_routes.blueprint)
    api.register_blueprint(config_routes.blueprint)
