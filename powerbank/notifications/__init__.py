from flask import Flask


def init_app(app: Flask) -> None:
    from powerbank.notifications import services
    from powerbank.users import joining, leaving

    joining.register_part(services.welcome)
    leaving.register_farewell(services.forget)


def init_routes(app: Flask) -> None:
    from powerbank.api.openapi import api
    from powerbank.notifications import (
        broadcast_routes,
        delivery_routes,
        preference_routes,
        routes,
        rule_routes,
        staff_device_routes,
        staff_routes,
        template_routes,
    )

    api.register_blueprint(routes.blueprint)
    api.register_blueprint(routes.device_blueprint)
    api.register_blueprint(preference_routes.blueprint)
    api.register_blueprint(staff_routes.blueprint)
    api.register_blueprint(staff_device_routes.blueprint)
    api.register_blueprint(template_routes.blueprint)
    api.register_blueprint(rule_routes.blueprint)
    api.register_blueprint(broadcast_routes.blueprint)
    api.register_blueprint(delivery_routes.blueprint)
