"""Python's collector of garbage, for programs that run for weeks."""

import gc


def keep_what_is_loaded() -> None:
    """To be called once everything is imported. The collector would otherwise go through all of that again and again:
    half a second in which a process answers nobody. And a batch, or a large answer, is thousands of small objects that
    live until its end; there is no use in looking at them after each 700 of them."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)
