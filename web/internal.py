"""The internal application: everything with personal data, for this machine alone or for whoever proves himself."""

from fastapi import FastAPI, Response

from web import arrivals, checks, handbook, leads, people, plans, pool, promise_list, record_api, reviews
from web.app import HEADERS, guard
from web.desk import Desk
from web.gate import keep_out_strangers

# one script of our own asks our own server
_POLICY = HEADERS["Content-Security-Policy"] + "; script-src 'self'; connect-src 'self'"


def internal_app(desk: Desk) -> FastAPI:
    """Make the internal application."""
    app = FastAPI(title="leadflow internal", docs_url=None, redoc_url=None, openapi_url="/openapi.json")
    app.state.desk = desk
    keep_out_strangers(app, desk)
    guard(app, HEADERS | {"Content-Security-Policy": _POLICY})
    for part in (leads, handbook, arrivals, checks, people, plans, pool, promise_list, record_api, reviews):
        app.include_router(part.routes(desk))

    @app.get("/healthz")
    def healthz() -> Response:
        """Whether it answers."""
        return Response("ok\n", media_type="text/plain")

    return app
