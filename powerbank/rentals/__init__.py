from flask import Flask


def init_app(app: Flask) -> None:
    from powerbank.notifications import targets
    from powerbank.payments import scenarios
    from powerbank.promotions import first_rental
    from powerbank.rentals import prices, queries
    from powerbank.users import leaving, usage

    leaving.register_refusal(queries.refuse_to_leave)
    first_rental.register(queries.has_rented)
    usage.register_total(usage.Total.RENTALS, queries.rentals_of)
    usage.register_total(usage.Total.MINUTES, queries.minutes_of)
    targets.register_target("has_active_rental", queries.have_open_rental)
    targets.register_target("min_rentals", queries.have_rented_so_often)
    scenarios.register_scenario("pre_payment", prices.before, needs=("package_id",))
    scenarios.register_scenario("post_payment", prices.after, needs=("rental_id",))


def init_routes(app: Flask) -> None:
    from powerbank.api.openapi import api
    from powerbank.rentals import admin_routes, internal_routes, routes

    for each in (routes, admin_routes, internal_routes):
        api.register_blueprint(each.blueprint)
