"""Calls one function of a contestant in the environment that it needs:

`job_call MODULE enqueue KIND COUNT` or `job_call MODULE work [WORKER]`.
"""

import importlib
import sys


def main() -> None:
    module, verb, *words = sys.argv[1:]
    function = getattr(importlib.import_module(f"scripts.bench.{module}"), verb)
    function(*(int(word) if word.isdigit() else word for word in words))


if __name__ == "__main__":
    main()
