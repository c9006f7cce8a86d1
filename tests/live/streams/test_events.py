from powerbank.live.streams.events import RETURNS_A_SECOND, pause_before_return


def test_ten_thousand_clients_come_back_one_after_the_other() -> None:
    pauses = [pause_before_return(10_000) for _ in range(10_000)]
    seconds = [sum(second * 1000 <= pause < (second + 1) * 1000 for pause in pauses) for second in range(60)]
    assert sum(seconds[:5]) == 0, "nobody comes back before a process can have been started again"
    assert max(seconds) < 1.5 * RETURNS_A_SECOND


def test_a_few_clients_come_back_within_seconds() -> None:
    assert all(5000 <= pause_before_return(3) <= 10_000 for _ in range(100))
