"""Plays the outside vendors for development and tests. Nothing in powerbank or jobs may import it.

`python -m scripts.sandbox` starts it; a test starts one in its own process with `scripts.sandbox.testing.running()`.
"""

from scripts.sandbox.server import Sandbox

__all__ = ["Sandbox"]
