"""A whole network on this machine, as `./scripts/run` starts it, and two authors who work with it."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.examples.authors import Author, WithCurl, WithJavaScript
from tests.browser.examples.network import Network
from tests.databases import data_folder
from tests.stack.running import EMAIL, find_free_base, started

PASSWORD = "correct horse battery"


@pytest.fixture
def network() -> Iterator[Network]:
    base = find_free_base()
    with data_folder() as data, started(data, base, demo=True, ADMIN_PASSWORD=PASSWORD) as run:
        run.until("Ctrl-C stops all of it")
        yield Network(base, email=EMAIL, password=PASSWORD)


@pytest.fixture
def authors(network: Network, chromium: Any) -> Iterator[list[Author]]:
    # A page of ours may post no form to another host, which an app must do for eSewa.
    context = chromium.new_context(bypass_csp=True)
    context.set_default_timeout(20_000)
    yield [WithCurl(network.url), WithJavaScript(network.url, context.new_page())]
    context.close()
