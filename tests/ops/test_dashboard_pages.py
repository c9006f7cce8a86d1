"""What `powerbank.ops.dashboard_pages` uses of the inside of rq-dashboard is there. After an update, read both anew."""

import inspect
from importlib.metadata import version

import rq_dashboard
from flask import Flask
from rq.serializers import DefaultSerializer, JSONSerializer
from rq_dashboard import web

from powerbank.ops import dashboard_pages


def test_the_version_is_the_one_whose_inside_was_read() -> None:
    assert version("rq-dashboard") == "0.9.0"


def test_it_has_one_function_before_each_request_and_reads_redis_from_the_application() -> None:
    assert inspect.getsource(web).count("@blueprint.before_request") == 1
    assert "current_app.redis_conn" in inspect.getsource(web.push_rq_connection)
    assert rq_dashboard.blueprint is web.blueprint


def test_our_functions_stand_in_its_chain_and_in_the_places_of_its_views(app: Flask) -> None:
    assert web.blueprint.before_request_funcs[None][0] is dashboard_pages._guard
    for name, view in (("requeue_job_view", web.requeue_job_view), ("requeue_all", web.requeue_all)):
        assert app.view_functions[f"rq_dashboard.{name}"].__module__ == dashboard_pages.__name__
        assert view.__module__ == web.__name__


def test_its_serializer_is_pickle_until_it_is_changed(app: Flask) -> None:
    assert inspect.getattr_static(web.Config, "serializer") is DefaultSerializer
    assert web.config.serializer is JSONSerializer


def test_every_argument_of_its_addresses_is_checked(app: Flask) -> None:
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("rq_dashboard.")]
    arguments = {name for rule in rules for name in rule.arguments} - {"filename"}
    assert arguments - {"queue_name", "key"} == set(dashboard_pages.ARGUMENTS)
