"""Migrates, makes sure of the administrator and seeds the demo network: in one process, for each that starts needs
seconds to import the product."""

import argparse
import sys

from flask import Flask
from flask.cli import ScriptInfo
from sqlalchemy.exc import OperationalError

from powerbank import create_app, startup


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--email", required=True)
    parser.add_argument("--set-password", action="store_true")
    parser.add_argument("--seed", action="store_true")
    asked = parser.parse_args()
    ensure = ["staff", "ensure", "--email", asked.email, *(["--set-password"] if asked.set_password else [])]
    app = create_app(routes=False)
    startup.init_migrations(app)
    for words in (["db", "upgrade"], ensure, *([["seed-demo"]] if asked.seed else [])):
        print(f"flask {' '.join(words)}", flush=True)
        try:
            _run(app, words)
        except OperationalError as away:
            print(f"Error: {str(away.orig).strip()}", flush=True)
            return 1
    return 0


def _run(app: Flask, words: list[str]) -> None:
    """As its own program would: with its words for what is wrong, and without what comes after it."""
    try:
        app.cli.main(args=words, prog_name="flask", obj=ScriptInfo(create_app=lambda: app))
    except SystemExit as ended:
        if ended.code:
            raise


if __name__ == "__main__":
    sys.exit(main())
