"""The language that a caller reads."""

from flask import request

LANGUAGES = ("en", "ne")


def wanted_language() -> str:
    """The first of Accept-Language that we have, whatever its country: phones in Nepal ask for `ne-NP, en;q=0.8`."""
    for wanted, quality in request.accept_languages:
        language = wanted.lower().partition("-")[0]
        if quality > 0 and language in LANGUAGES:
            return language
    return "en"
