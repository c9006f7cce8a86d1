"""A venue's owner, who is of the crew, too, writes to staff from both pages, and reads the answer without pressing."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image

from powerbank.auth.pages.session import COOKIE
from tests.browser.reader import PHONE, WIDE, Reader
from tests.partners.conftest import agree, finance, make_station, venue  # noqa: F401
from tests.people import Headers, People
from tests.support.test_sides import host, join  # noqa: F401

Fixture = Callable[..., Any]


@pytest.mark.parametrize("view", [(PHONE, "ne"), (WIDE, "en")], indirect=True, ids="-".join)
def test_a_venue_and_the_crew_write_to_staff(
    app: Flask,
    client: FlaskClient,
    reader: Reader,
    people: People,
    finance: Headers,  # noqa: F811
    staff_headers: Callable[..., Headers],
    make_station: Fixture,  # noqa: F811
    venue: Fixture,  # noqa: F811
    agree: Fixture,  # noqa: F811
) -> None:
    make_station("A", name="Thamel Chowk")
    bakery = venue()
    agree(bakery, "A")
    owner = people.join("owner_rai", "owner@example.com")
    invite = {"email": "owner@example.com", "role": "owner"}
    client.post(f"/api/admin/partners/{bakery}/members", json=invite, headers=finance)
    client.post("/api/admin/crew", json={"user_id": str(owner.id)}, headers=staff_headers("operations"))
    reader.page.context.add_cookies([{"name": COOKIE, "value": owner.refresh_token, "url": reader.site}])
    page = reader.open("/partner/support?station=A")
    if reader.language == "ne":
        reader.send(".languages button[value=ne]")
    reader.look()
    page.fill("#answer", "The light of the cabinet is red.")
    picture = io.BytesIO()
    Image.effect_noise((1200, 900), 90).convert("RGB").save(picture, "JPEG", quality=95)
    chosen = {"name": "cabinet.jpg", "mimeType": "image/jpeg", "buffer": picture.getvalue()}
    page.set_input_files("[name=photo]", chosen)
    page.wait_for_function("() => document.querySelector('[name=photo]').files[0].name === 'photo.jpg'")
    reader.send("main form.panel button")
    page.wait_for_function("() => document.querySelector('.thread img')?.naturalWidth > 0")
    reader.look()
    conversation = page.url.partition("#")[0].rpartition("/")[2]
    page.fill("#answer", "Still red")
    address = f"/api/admin/support/conversations/{conversation}"
    support = staff_headers("support")
    client.post(f"{address}/reply", json={"text": "Somebody is on the way."}, headers=support)
    page.evaluate("document.body.dispatchEvent(new Event('changed'))")
    page.wait_for_selector(".thread li.staff")
    assert page.input_value("#answer") == "Still red", "what one is writing stays"
    client.post(f"{address}/solve", headers=support)
    reader.open(f"/partner/support/{conversation}")
    page.check("[name=score][value='5']")
    reader.send("main form:has([name=score]) button")
    reader.open("/crew/support")
    page.fill("[name=station]", "A")
    page.fill("#answer", "Its door hangs.")
    page.click("main form.panel button")
    page.wait_for_url("**/crew/support/*-*")
    reader.look()
