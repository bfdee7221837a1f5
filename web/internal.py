"""The internal application: everything with personal data, for this machine alone or for whoever proves himself."""

from fastapi import FastAPI, Response

from web.app import HEADERS, guard
from web.desk import Desk


def internal_app(desk: Desk, host: str = "127.0.0.1") -> FastAPI:
    """Make the internal application."""
    app = FastAPI(title="leadflow internal", docs_url=None, redoc_url=None, openapi_url="/openapi.json")
    app.state.desk = desk
    guard(app, HEADERS)

    @app.get("/healthz")
    def healthz() -> Response:
        """Whether it answers."""
        return Response("ok\n", media_type="text/plain")

    return app
