"""Migrates, makes sure of the administrator and seeds the demo network: in one process, for each that starts needs
seconds to import the product."""

import sys

from flask import Flask
from flask.cli import ScriptInfo

from powerbank import create_app, startup


def main(email: str, *more: str) -> int:
    app = create_app(routes=False)
    startup.migrations(app)
    for words in (["db", "upgrade"], ["staff", "ensure", "--email", email], *([each] for each in more)):
        print(f"flask {' '.join(words)}", flush=True)
        _run(app, words)
    return 0


def _run(app: Flask, words: list[str]) -> None:
    """As its own program would: with its words for what is wrong, and without what comes after it."""
    try:
        app.cli.main(args=words, prog_name="flask", obj=ScriptInfo(create_app=lambda: app))
    except SystemExit as ended:
        if ended.code:
            raise


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
