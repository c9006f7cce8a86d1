from flask import Flask


def init_app(app: Flask) -> None:
    from powerbank.admin import console

    console.init_app(app)
