"""E-mail addresses: one lower-case address a row, its kind, and why nothing could be read."""

from functools import cache
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tasks.rules.clean.texts import (
    TEXT,
    Mask,
    Text,
    among,
    choose,
    flat,
    half_width,
    mask_of,
    matches,
    one_of,
    parts,
    put,
    stated,
    swap,
)  # fmt: skip

_LABEL = "[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_ADDRESS = rf"[a-z0-9_][a-z0-9._%+&'=~-]*@{_LABEL}(?:\.{_LABEL})*\.[a-z][a-z0-9-]*[a-z0-9]"
_WHOLE = rf"^{_ADDRESS}$"
_FIRST = rf"(?P<address>{_ADDRESS})"
# Applied in this order to what is no plain address.
_REWRITES = (
    (r"\s*(?:\(at\)|\[at\]|\{at\}|＠)\s*", "@"),
    (r"\s*(?:\(dot\)|\[dot\]|\{dot\}|。|｡)\s*", "."),
    (r"mailto:", " "),
    (r"\s*@[\s@]*", "@"),
    (r"\s*\.[\s.]*", "."),
    (r"(@[a-z0-9.-]*),(com|cn|net|org|edu|gov)", r"\1.\2"),
)
_SPLIT = r"[\s,;/|、<>()\[\]{}\"':：!?，；|]+"


def read_emails(values: Text, roles: tuple[str, ...], placeholders: Text, blanks: Text) -> dict[str, Text]:
    """Return email, email_kind (personal, role, disposable) and email_bad for a column of cells (null = blank)."""
    lean = pc.utf8_lower(values)
    email = put(lean, stated(lean) & ~matches(lean, _WHOLE), _mend)
    nobody = among(email, placeholders)
    email = choose(nobody, None, email)
    return {"email": email, "email_kind": _kind(email, roles), "email_bad": _fault(values, lean, email, nobody, blanks)}


def _mend(cells: Text) -> Text:
    lean = half_width(cells)
    for pattern, replacement in _REWRITES:
        lean = swap(lean, pattern, replacement)
    single = mask_of(pc.equal(pc.count_substring(lean, "@"), 1)) & ~matches(lean, r"[<\"(,;/|、，；]|\p{Han}")
    lean = put(lean, single, lambda part: swap(part, r"[\s\p{Z}]+", ""))  # «zhang san@qq.com»
    return parts(swap(lean, _SPLIT, " "), _FIRST)["address"]


def _kind(email: Text, roles: tuple[str, ...]) -> Text:
    role = matches(email, rf"^(?:{one_of(role.lower() for role in roles)})\d{{0,3}}@") & bool(roles)
    domain = parts(email, r"@(?P<domain>.+)$")["domain"]
    kind = choose(role, "role", choose(stated(email), "personal", None))
    return choose(among(domain, _disposable_domains()), "disposable", kind)


def _fault(values: Text, lean: Text, email: Text, nobody: Mask, blanks: Text) -> Text:
    unread = stated(values) & ~stated(email) & ~nobody
    if unread.any():
        unread &= matches(lean, r"[\p{L}\p{N}]") & ~among(lean, blanks)  # «无» and «-» are blanks, no fault
    return choose(nobody, "placeholder", choose(unread, "text", None))


@cache
def _disposable_domains() -> Any:
    from disposable_email_domains import blocklist

    return flat(pa.array(sorted(blocklist), TEXT))
