"""The public application: forms, webhooks, and what a signed link opens. Nothing else with personal data is here."""

from collections.abc import Awaitable, Callable

from fastapi import FastAPI, Request, Response
from sqlalchemy import Engine

from config.schema import Config
from config.settings import Settings
from tasks.links import load_secret
from tasks.posts.inbox import open_inbox
from web import forms, hooks, mine, plan_page, pool, promised, verify
from web.desk import Desk
from web.problems import SCHEMA, answer_with_problems

# nothing is fetched from elsewhere, kept by anybody, framed, or told to where a link leads elsewhere
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self';"
    " frame-ancestors 'none'; base-uri 'none'",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    # told nowhere else; with no-referrer browsers would call our own pages strangers
    "Referrer-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
}


def make_desk(settings: Settings, config: Config, engine: Engine) -> Desk:
    """What the pages are made with; `engine` is at the newest tables."""
    return Desk(settings, config, engine, load_secret(settings), open_inbox(settings, engine))


def create_app(settings: Settings, config: Config, engine: Engine) -> FastAPI:
    """Make the public application; `engine` is at the newest tables."""
    return public_app(make_desk(settings, config, engine))


def public_app(desk: Desk) -> FastAPI:
    """Make the public application."""
    app = FastAPI(title="leadflow", docs_url=None, redoc_url=None, openapi_url="/openapi.json")
    for part in (forms, hooks, verify, promised, plan_page, mine):
        app.include_router(part.routes(desk))
    app.include_router(pool.signed_routes(desk))
    app.state.desk = desk
    guard(app, HEADERS)

    @app.get("/healthz")
    def healthz() -> Response:
        """Whether it answers."""
        return Response("ok\n", media_type="text/plain")

    return app


def guard(app: FastAPI, headers: dict[str, str]) -> None:
    """Let every answer bear the headers, and every fault be a problem."""
    answer_with_problems(app)
    plain = app.openapi

    def openapi() -> dict[str, object]:
        found = plain()
        found.setdefault("components", {}).setdefault("schemas", {})["Problem"] = SCHEMA
        return found

    app.openapi = openapi  # type: ignore[method-assign]

    @app.middleware("http")
    async def guarded(request: Request, go_on: Callable[[Request], Awaitable[Response]]) -> Response:
        answer = await go_on(request)
        for name, value in headers.items():
            answer.headers.setdefault(name, value)
        return answer
