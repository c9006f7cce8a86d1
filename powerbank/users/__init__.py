from flask import Flask


def init_app(app: Flask) -> None:
    from powerbank.api.openapi import api
    from powerbank.users import avatar_routes, avatars, leaving, referral_routes, routes

    leaving.register_farewell(avatars.say_farewell)

    api.register_blueprint(routes.blueprint)
    api.register_blueprint(avatar_routes.blueprint)
    api.register_blueprint(avatar_routes.media)
    api.register_blueprint(referral_routes.blueprint)
