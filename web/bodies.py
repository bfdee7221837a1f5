"""Bodies as data: JSON, forms as browsers send them, and text in the charsets that pages are written in."""

import json
from collections.abc import Mapping
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any
from urllib.parse import parse_qsl

from fastapi import Request

from web.limits import read_body
from web.problems import Problem

_MOST_FIELDS = 200
_DEEPEST = 50


def kind_of(content_type: str) -> str:
    """The media type without its parameters."""
    return content_type.partition(";")[0].strip().lower()


def read_json(content: bytes) -> Any:
    """Read JSON; Problem where it is none."""
    try:
        found = json.loads(content.decode("utf-8-sig"), parse_constant=_refused)
    except (ValueError, RecursionError):
        raise Problem(400, "bad_json", "the body is no JSON in UTF-8") from None
    if _depth(found) > _DEEPEST:
        raise Problem(400, "too_deep", f"the body is nested deeper than {_DEEPEST} levels")
    return found


def read_form(content: bytes, content_type: str) -> dict[str, str]:
    """Read a form: urlencoded or multipart, in UTF-8 or GB18030; of a name that comes twice both are kept."""
    if kind_of(content_type) == "multipart/form-data":
        pairs = _multipart(content, content_type)
    else:
        pairs = _urlencoded(content)
    fields: dict[str, str] = {}
    for name, value in pairs:
        fields[name] = f"{fields[name]},{value}" if name in fields else value
    return fields


async def sent_form(request: Request, most_bytes: int) -> dict[str, str]:
    """Read the form that a page sent; Problem where it is too large or slow."""
    return read_form(await read_body(request, most_bytes), request.headers.get("content-type", ""))


def read_any(content: bytes, content_type: str) -> Any:
    """Read whatever a vendor sends: JSON, else a form; Problem where it is neither."""
    kind = kind_of(content_type)
    if kind in ("application/x-www-form-urlencoded", "multipart/form-data"):
        return read_form(content, content_type)
    if kind.endswith("json") or content.lstrip()[:1] in (b"{", b"["):
        return read_json(content)
    raise Problem(415, "media_type", "send application/json or application/x-www-form-urlencoded")


def _urlencoded(content: bytes) -> list[tuple[str, str]]:
    text = content.decode("latin-1")
    for encoding in ("utf-8", "gb18030"):
        try:
            return parse_qsl(
                text, keep_blank_values=True, encoding=encoding, errors="strict", max_num_fields=_MOST_FIELDS
            )
        except UnicodeDecodeError:
            continue
        except ValueError:
            raise Problem(400, "bad_form", f"a form has at most {_MOST_FIELDS} fields") from None
    return parse_qsl(text, keep_blank_values=True, errors="replace", max_num_fields=_MOST_FIELDS)


def _multipart(content: bytes, content_type: str) -> list[tuple[str, str]]:
    head = f"Content-Type: {content_type}\r\n\r\n".encode("latin-1", "replace")
    parts = [part for part in BytesParser(policy=HTTP).parsebytes(head + content).walk() if not part.is_multipart()]
    if len(parts) > _MOST_FIELDS:
        raise Problem(400, "bad_form", f"a form has at most {_MOST_FIELDS} fields")
    found = []
    for part in parts:
        name = part.get_param("name", header="content-disposition")
        payload = part.get_payload(decode=True)
        if isinstance(name, str) and part.get_filename() is None and isinstance(payload, bytes):
            found.append((name, _text(payload)))
    return found


def _text(content: bytes) -> str:
    for encoding in ("utf-8", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return content.decode("utf-8", "replace")


def _refused(_name: str) -> Any:
    raise ValueError("no number")


def _depth(value: Any) -> int:
    deepest, level = 0, [value]
    while level:
        deepest += 1
        if deepest > _DEEPEST + 1:
            break
        below: list[Any] = []
        for one in level:
            below.extend(one.values() if isinstance(one, Mapping) else one if isinstance(one, list) else ())
        level = below
    return deepest
