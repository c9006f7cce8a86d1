from flask import Flask


def init_routes(app: Flask) -> None:
    from powerbank.admin import account, approval_routes, audit_routes, console, notice_pages, user_routes
    from powerbank.api.openapi import api

    console.init_app(app)
    app.register_blueprint(account.blueprint)
    app.register_blueprint(notice_pages.blueprint)
    api.register_blueprint(user_routes.blueprint)
    api.register_blueprint(audit_routes.blueprint)
    api.register_blueprint(approval_routes.blueprint)
