"""Python's collector of garbage, for programs that run for weeks."""

import gc


def keep_what_is_loaded() -> None:
    """To be called once everything is imported. The collector would otherwise go through all of that again and again:
    half a second in which a process answers nobody."""
    gc.freeze()
