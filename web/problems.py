"""What is wrong with a request, as problem+json (RFC 9457); never a trace, never a value."""

from collections.abc import Mapping, Sequence
from html import escape
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from starlette.exceptions import HTTPException


class Problem(Exception):  # noqa: N818 - an answer
    """The request is answered with this; `errors` name the fields that are wrong."""

    def __init__(
        self, status: int, code: str, detail: str, errors: Sequence[Mapping[str, str]] = (), wait: int = 0
    ) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail, self.errors, self.wait = status, code, detail, list(errors), wait

    def response(self, accept: str = "") -> Response:
        """The problem as an answer: to a person a page, to a program JSON."""
        if "text/html" in accept:
            page = _PAGE.format(title=HTTPStatus(self.status).phrase, detail=escape(self.detail))
            return HTMLResponse(page, self.status, {"Retry-After": str(self.wait)} if self.wait else None)
        said: dict[str, Any] = {
            "type": f"urn:leadflow:problem:{self.code}", "title": HTTPStatus(self.status).phrase,
            "status": self.status, "detail": self.detail,
        }  # fmt: skip
        if self.errors:
            said["errors"] = self.errors
        headers = {"Retry-After": str(self.wait)} if self.wait else {}
        return JSONResponse(said, self.status, headers, media_type="application/problem+json")


def answer_with_problems(app: FastAPI) -> None:
    """Let every fault of an application be answered with a problem."""

    @app.exception_handler(Problem)
    async def problem(request: Request, fault: Problem) -> Response:
        return fault.response(request.headers.get("accept", ""))

    @app.exception_handler(HTTPException)
    async def http(request: Request, fault: HTTPException) -> Response:
        answer = Problem(fault.status_code, "http", str(fault.detail)).response(request.headers.get("accept", ""))
        for name, value in (fault.headers or {}).items():
            answer.headers[name] = value
        return answer

    @app.exception_handler(RequestValidationError)
    async def invalid(_request: Request, fault: RequestValidationError) -> Response:
        errors = [{"field": ".".join(map(str, one["loc"][1:])), "detail": str(one["msg"])} for one in fault.errors()]
        return Problem(422, "invalid", "the request is not as it should be", errors).response()

    @app.exception_handler(Exception)
    async def fault(_request: Request, _fault: Exception) -> Response:
        return Problem(500, "fault", "something is wrong on our side; it was noted").response()


_PAGE = """<!DOCTYPE html><html><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><title>{title}</title></head>
<body style="font:16px/1.6 'PingFang SC','Microsoft YaHei',sans-serif;max-width:640px;margin:40px auto;padding:0 16px">
<h1 style="font-size:20px">{title}</h1><p role="alert">{detail}</p></body></html>
"""
#: How problems are told in the OpenAPI.
PROBLEMS: dict[int | str, dict[str, Any]] = {
    code: {
        "description": HTTPStatus(code).phrase,
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for code in (400, 401, 403, 404, 405, 408, 409, 410, 413, 415, 422, 429)
}
SCHEMA = {
    "title": "Problem", "type": "object", "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"}, "title": {"type": "string"}, "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {"type": "object", "properties": {"field": {"type": "string"}, "detail": {"type": "string"}}},
        },
    },
}  # fmt: skip
