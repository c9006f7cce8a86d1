"""The headers that every answer has, for security and for caches."""

from urllib.parse import urlsplit

from flask import Flask, Response, abort, request

from config import Settings
from powerbank.api.language import add_vary_header

# Scripts and styles are only ever our own files, and nothing is inline.
_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; font-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
# Somebody else's pages, by the beginnings of their addresses. Swagger UI writes inline styles. The scripts of
# rq-dashboard are inline, and its templates are compiled in the browser; it is behind a staff sign-in.
_INLINE_STYLES = ("style-src 'self'", "style-src 'self' 'unsafe-inline'")
_INLINE_SCRIPTS = ("script-src 'self'", "script-src 'self' 'unsafe-inline' 'unsafe-eval'")
_CSP_OF_OTHERS = {
    "/docs/try": _CSP.replace(*_INLINE_STYLES),
    "/docs/assets": _CSP.replace(*_INLINE_STYLES),
    "/ops/rq": _CSP.replace(*_INLINE_STYLES).replace(*_INLINE_SCRIPTS),
}
_ALWAYS = [
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),
    ("X-Frame-Options", "DENY"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
]
_HSTS = ("Strict-Transport-Security", "max-age=31536000; includeSubDomains")


def content_policy(settings: Settings, **more: str) -> str:
    """Write the policy of our own pages. `img_src="blob:"` lets a page load from there besides."""
    allowed = [("connect_src", _origin(settings.live_address))]
    if settings.map_style_url:  # maps load their ground from the operator's host, and draw its pictures from blobs
        host = _origin(settings.map_style_url)
        allowed += [("connect_src", host), ("img_src", f"blob: {host}")]
    directives = [each.partition(" ") for each in _CSP.split("; ")]
    for name, sources in [*allowed, *more.items()]:
        directive = name.replace("_", "-")
        if directive not in {each[0] for each in directives}:
            directives.append((directive, " ", "'self'"))
        directives = [(d, " ", f"{old} {sources}".strip() if d == directive else old) for d, _, old in directives]
    return "; ".join("".join(each) for each in directives)


def _origin(address: str) -> str:
    return "://".join(urlsplit(address)[:2])


def init_app(app: Flask) -> None:
    settings = app.config["SETTINGS"]
    policy = ("Content-Security-Policy", content_policy(settings))
    always = [policy, *_ALWAYS, *([_HSTS] if settings.public_url.startswith("https://") else [])]

    @app.before_request
    def nothing_is_called_nul() -> None:
        """Answer 404 to a path with NUL, for which PostgreSQL's text has no place."""
        if "\x00" in request.path:
            abort(404)

    @app.after_request
    def headers(response: Response) -> Response:
        add_vary_header(response)
        path, there = request.path, {name.lower() for name in response.headers.keys()}  # noqa: SIM118 (else pairs)
        of_others = next((policy for start, policy in _CSP_OF_OTHERS.items() if path.startswith(start)), None)
        if of_others is not None and "content-security-policy" not in there:
            response.headers["Content-Security-Policy"] = of_others
            there.add("content-security-policy")
        for name, value in always:
            if name.lower() not in there:
                response.headers.add(name, value)
        if "cache-control" not in there:  # it may be a person's; what is not says for how long it is good
            response.headers["Cache-Control"] = "no-store"
        return response


def policy_for_styles_with(nonce: str) -> str:
    """Write the policy of a page whose script makes style elements that carry this nonce, and brings a font in them."""
    return _CSP.replace("style-src 'self'", f"style-src 'self' 'nonce-{nonce}'").replace(
        "font-src 'self'", "font-src 'self' data:"
    )


def cacheable(response: Response, seconds: int) -> Response:
    """Let caches keep an answer for so many seconds, and answer 304 to a client that has it already."""
    response.cache_control.public = True
    response.cache_control.max_age = seconds
    response.add_etag()
    response.make_conditional(request)
    return response
