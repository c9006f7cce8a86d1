"""The simulation of growth is believed only where it gives again what was measured."""

import pytest

from scripts.bench import growth


@pytest.fixture(autouse=True)
def _test_database() -> None:
    """Need no database."""


def test_it_gives_again_what_was_measured() -> None:
    assert len(growth.check()) == 2 + len(growth.MEASURED)


def test_it_refuses_to_go_on_where_it_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growth, "MEASURED", growth.MEASURED | {"request answered": (5, 9)})
    with pytest.raises(SystemExit, match="differ too much: request answered"):
        growth.check()


def test_more_than_the_processors_can_do_queues_without_end() -> None:
    calm, busy = (growth.Simulation(growth.HERE, rate) for rate in (10, 60))
    for each in (calm, busy):
        each.run(400, 50)
    waits = [growth.quantile(each.waits["rental made until active"], 0.99) for each in (calm, busy)]
    assert waits[0] < 400 < waits[1]
