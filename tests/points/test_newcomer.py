"""What a newcomer of the demonstration network sees, with real workers."""

from collections.abc import Callable

from flask import Flask
from flask.testing import FlaskClient

from tests.people import People
from tests.users.test_registration import bearer, my_code, register

Work = Callable[..., None]


def test_points_for_coming_by_a_friends_code_and_for_a_coupon(
    app: Flask, client: FlaskClient, people: People, work: Work
) -> None:
    assert app.test_cli_runner().invoke(args=["seed-demo"]).exit_code == 0
    sita = people.join("sita")
    headers = bearer(register(client, people, referral_code=my_code(client, sita.headers)))
    work()
    assert client.get("/api/points", headers=headers).get_json()["points"] == 50 + 50
    applied = client.post("/api/promotions/coupons/apply", json={"code": "points100"}, headers=headers)
    assert applied.status_code == 200
    work()
    assert client.get("/api/points", headers=headers).get_json()["points"] == 200
    me = client.get("/api/social/leaderboard?me=true&period=month", headers=headers).get_json()["me"]
    assert (me["rank"], me["score"], me["username"]) == (1, 20.0, "gita")
    reasons = [item["reason"] for item in client.get("/api/points/history", headers=headers).get_json()["items"]]
    assert sorted(reasons) == ["coupon", "referral_invitee", "signup"]
    shown = client.get("/api/social/achievements", headers=headers).get_json()["items"]
    assert next(item for item in shown if item["name"] == "Collector")["progress"] == 200
