"""What every answer has: security headers, and a body that is JSON where JSON is promised."""

from flask import Flask, Response, request

# Swagger UI writes inline styles; scripts are only ever our own files.
_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; font-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
# rq-dashboard is somebody else's page and writes its scripts inline; it is behind a staff sign-in.
_CSP_DASHBOARD = _CSP.replace("script-src 'self'", "script-src 'self' 'unsafe-inline'")


def init_app(app: Flask) -> None:
    secure = app.config["SETTINGS"].public_url.startswith("https://")
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.json.sort_keys = False  # type: ignore[attr-defined]

    @app.after_request
    def headers(response: Response) -> Response:
        csp = _CSP_DASHBOARD if request.path.startswith("/ops/rq") else _CSP
        response.headers.setdefault("Content-Security-Policy", csp)
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "same-origin")
        response.headers.setdefault("X-Frame-Options", "DENY")
        response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        if secure:
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
        if "Cache-Control" not in response.headers and request.path.startswith(("/api/admin", "/console")):
            response.headers["Cache-Control"] = "no-store"
        return response


def cacheable(response: Response, seconds: int) -> Response:
    """Adds an ETag and answers 304 to who has it already."""
    response.cache_control.public = True
    response.cache_control.max_age = seconds
    response.add_etag()
    response.make_conditional(request)
    return response
