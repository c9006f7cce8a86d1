from flask import Flask


def init_app(app: Flask) -> None:
    from powerbank.ops import commands

    app.cli.add_command(commands.docs)
    app.cli.add_command(commands.seed_demo)


def init_routes(app: Flask) -> None:
    from powerbank.api.openapi import api
    from powerbank.ops import dashboard, health, pages, routes

    api.register_blueprint(health.blueprint)
    api.register_blueprint(routes.blueprint)
    dashboard.init_app(app)
    app.register_blueprint(pages.blueprint)
