from flask import Flask


def init_app(app: Flask) -> None:
    from powerbank.api.openapi import api
    from powerbank.users import avatar_routes, avatars, leaving, referral_routes, referrals, routes, traces

    leaving.register_farewell(avatars.say_farewell)
    leaving.register_farewell(traces.forget)
    referrals.register_rule(traces.same_identifier)

    api.register_blueprint(routes.blueprint)
    api.register_blueprint(avatar_routes.blueprint)
    api.register_blueprint(avatar_routes.media)
    api.register_blueprint(referral_routes.blueprint)
