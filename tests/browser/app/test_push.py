"""A rider lets the browser tell them, gets a push from the push service, presses it, and switches pushes off again."""

import json
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from tests.browser.app.conftest import Rider, Street, come_signed_in, ready_to_rent
from tests.browser.reader import ARGUMENTS, WIDE
from tests.nursery import wait_until

Riders = Callable[..., Rider]
DEVICES = "SELECT count(*) FROM devices WHERE web_push_keys IS NOT NULL AND ended_at IS NULL"

# A browser without the internet and without a hand can neither ask its person nor subscribe at the push service of its
# maker. The sandbox plays that service, and the test brings its messages to the browser. All after that is real: the
# browser gives them to the app's own service worker.
BROWSER = """
const kept = (name) => localStorage.getItem(`browser.${name}`);
Object.defineProperty(Notification, "permission", { get: () => kept("permission") || "default" });
Notification.requestPermission = async () => {
  localStorage.setItem("browser.permission", "granted");
  return "granted";
};
const read = () => kept("subscription") && {
  options: {},
  toJSON: () => JSON.parse(kept("subscription")),
  unsubscribe: async () => { localStorage.removeItem("browser.subscription"); return true; },
};
PushManager.prototype.getSubscription = async () => read();
PushManager.prototype.subscribe = async ({ applicationServerKey }) => {
  const given = await window.askPushService(btoa(String.fromCharCode(...applicationServerKey)));
  localStorage.setItem("browser.subscription", JSON.stringify(given));
  return read();
};
"""


# This watches the worker, because a browser without a screen does not keep the notices that it is told to show.
REMEMBER = """() => {
  self.shown = [];
  const show = registration.showNotification.bind(registration);
  registration.showNotification = async (title, options) => {
    await show(title, options);
    self.shown.push({ title, ...options });
  };
}"""
PRESS = """() => {
  const pressed = new ExtendableEvent("notificationclick");
  pressed.notification = { data: self.shown[0].data, close() {} };
  pressed.waitUntil = () => {};
  self.dispatchEvent(pressed);
}"""


@pytest.fixture
def browser(chromium: Any) -> Iterator[Any]:
    """Give the whole of Chromium: its shell hands no push to a service worker."""
    if (whole := shutil.which("chromium")) is None:
        pytest.skip("only the shell of Chromium is installed, which gets no pushes")
    browser = chromium.browser_type.launch(executable_path=whole, args=ARGUMENTS)
    yield browser
    browser.close()


def let_push(rider: Rider) -> list[str]:
    """Let the pushes of this rider's browser go through the sandbox. The list gets the addresses it subscribed with."""
    addresses: list[str] = []

    def ask_push_service(key: str) -> Any:
        wanted = key.replace("+", "-").replace("/", "_").rstrip("=")
        url = f"{rider.street.sandbox.url}/webpush/subscriptions"
        given = requests.post(url, json={"applicationServerKey": wanted}, timeout=10).json()
        addresses.append(given["endpoint"])
        return given

    rider.context.grant_permissions(["notifications"])
    rider.context.expose_function("askPushService", ask_push_service)
    rider.context.add_init_script(BROWSER)
    return addresses


def deliver(rider: Rider, content: dict[str, Any]) -> None:
    """Give a message to the service worker, as the browser does when its push service sends one."""
    session = rider.context.new_cdp_session(rider.page)
    registrations: list[str] = []

    def registered(told: dict[str, Any]) -> None:
        registrations.extend(each["registrationId"] for each in told["registrations"])

    session.on("ServiceWorker.workerRegistrationUpdated", registered)
    session.send("ServiceWorker.enable")
    while not registrations:
        rider.page.wait_for_timeout(50)
    told = {"origin": rider.street.site, "registrationId": registrations[-1], "data": json.dumps(content)}
    session.send("ServiceWorker.deliverPushMessage", told)


def test_a_push_arrives_and_leads_to_the_rental(street: Street, rider: Riders) -> None:
    """It is offered when there is something to wait for: the end of the time."""
    sita = rider()
    addresses = let_push(sita)
    ready_to_rent(sita)
    page = sita.page
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.click("[data-does=rent]")
    page.wait_for_selector(".stage.good .big")
    sita.shows("[data-does=push]")
    rental = page.url.rsplit("/", 1)[1]
    before = int(street.net.value(DEVICES))
    page.click("[data-does=push] button >> nth=0")
    page.wait_for_selector("[data-does=push]", state="detached")
    assert int(street.net.value(DEVICES)) == before + 1
    street.simulator.station(street.there.imei).return_bank(sorted(street.simulator.hands)[-1])
    got: list[dict[str, Any]] = []

    def arrived() -> bool:
        got[:] = [each["details"]["content"] for each in street.messages("push", addresses[0])]
        return any(each["data"].get("rental_id") == rental for each in got)

    wait_until(arrived, 60, "the push service got the push")
    content = next(each for each in got if each["data"].get("rental_id") == rental)
    page.goto("/app/wallet")
    page.wait_for_selector(".stage .big")
    (worker,) = sita.context.service_workers
    worker.evaluate(REMEMBER)
    deliver(sita, content)
    while not worker.evaluate("() => self.shown.length"):
        page.wait_for_timeout(50)
    (shown,) = worker.evaluate("() => self.shown")
    assert (shown["title"], shown["body"], shown["tag"]) == (content["title"], content["body"], rental)
    worker.evaluate(PRESS)
    page.wait_for_url(f"**/app/rentals/{rental}")
    page.wait_for_selector(".panel .facts")


def test_pushes_are_switched_on_and_off(street: Street, rider: Riders) -> None:
    sita = rider(WIDE, "ne")
    let_push(sita)
    come_signed_in(sita)
    page = sita.page
    before = int(street.net.value(DEVICES))
    page.goto("/app/preferences")
    with page.expect_response(lambda answer: answer.request.method == "POST" and answer.url.endswith("/devices")):
        page.click("button[data-does=push]")
    assert int(street.net.value(DEVICES)) == before + 1
    page.wait_for_selector(".row button")
    sita.look()
    with page.expect_response(lambda answer: answer.request.method == "DELETE"):
        page.click("button[data-does=push]")
    assert int(street.net.value(DEVICES)) == before
    page.wait_for_selector(".row button", state="detached")
