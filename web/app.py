"""The public application: what a signed link opens. Nothing else with personal data is served here."""

from collections.abc import Awaitable, Callable

from fastapi import FastAPI, Request, Response
from sqlalchemy import Engine

from config.schema import Config
from config.settings import Settings
from tasks.links import load_secret
from web import promised, verify
from web.verify import Desk

# nothing is fetched from elsewhere, kept by anybody, framed, or told to where a link leads
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self';"
    " frame-ancestors 'none'; base-uri 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}


def create_app(settings: Settings, config: Config, engine: Engine) -> FastAPI:
    """Make the application; `engine` is at the newest tables."""
    app = FastAPI(title="leadflow", docs_url=None, redoc_url=None, openapi_url=None)
    desk = Desk(settings, config, engine, load_secret(settings))
    for pages in (verify, promised):
        app.include_router(pages.routes(desk))

    @app.middleware("http")
    async def guarded(request: Request, go_on: Callable[[Request], Awaitable[Response]]) -> Response:
        answer = await go_on(request)
        for name, value in _HEADERS.items():
            answer.headers[name] = value
        return answer

    @app.get("/healthz")
    def healthz() -> Response:
        return Response("ok\n", media_type="text/plain")

    return app
