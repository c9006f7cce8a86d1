from flask import Flask


def init_app(app: Flask) -> None:
    from powerbank.users import avatars, leaving, referrals, traces

    leaving.register_farewell(avatars.say_farewell)
    leaving.register_farewell(traces.forget)
    referrals.register_rule(traces.same_identifier)
    referrals.register_rule(traces.returning)


def init_routes(app: Flask) -> None:
    from powerbank.api.openapi import api
    from powerbank.users import avatar_routes, referral_routes, routes

    api.register_blueprint(routes.blueprint)
    api.register_blueprint(avatar_routes.blueprint)
    api.register_blueprint(avatar_routes.media)
    api.register_blueprint(referral_routes.blueprint)
