from flask import Flask


def init_app(app: Flask) -> None:
    from powerbank.api.openapi import api
    from powerbank.users import routes

    api.register_blueprint(routes.blueprint)
