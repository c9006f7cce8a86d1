"""The language that a caller reads."""

from flask import Response, g, request

ENGLISH = "en"
LANGUAGES = (ENGLISH, "ne")


def wanted_language() -> str:
    """Give the first language of Accept-Language that we have; phones in Nepal ask for `ne-NP, en;q=0.8`."""
    g.language_was_asked = True
    for wanted, quality in request.accept_languages:
        language = wanted.lower().partition("-")[0]
        if quality > 0 and language in LANGUAGES:
            return language
    return ENGLISH


def add_vary_header(response: Response) -> None:
    """Let caches keep the answers in each language apart, wherever the language was looked at."""
    if "language_was_asked" in g:
        response.vary.add("Accept-Language")
