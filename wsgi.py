"""gunicorn's entry."""

from powerbank import create_app

app = create_app()
