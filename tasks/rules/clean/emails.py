"""E-mail addresses: one lower-case address a row, its kind, and why nothing could be read."""

from functools import cache
from typing import Any

import numpy as np
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
    spread,
    stated,
    swap,
    without_blanks,
    without_numbering,
)  # fmt: skip

_LABEL = "[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_ADDRESS = rf"[a-z0-9_][a-z0-9._%+&'=~-]*@{_LABEL}(?:\.{_LABEL})*\.[a-z][a-z0-9-]*[a-z0-9]"
_WHOLE = rf"^{_ADDRESS}$"
# «zs@163@qq.com» holds no address: what touches a second @ is none.
_FIRST = rf"(?:^|[^a-z0-9_@])(?P<address>{_ADDRESS})(?:$|[^a-z0-9@-])"
# Applied in this order to what is no plain address.
_REWRITES = (
    (r"&(?:#0*64|#x0*40|commat);", "@"),  # as a page of HTML writes it
    (r"\s*(?:\((?:at|@)\)|\[(?:at|@)\]|\{at\}|＠)\s*", "@"),
    (r"^([a-z0-9._-]+) at ([a-z0-9-]+)((?: dot [a-z0-9-]+)+)$", r"\1@\2\3"),
    (r"^([a-z0-9._-]+) at ((?:[a-z0-9-]+\.)+[a-z]+)$", r"\1@\2"),
    (r"^([^@]*)%40([^@]*)$", r"\1@\2"),
    (r"(@\S*) dot ", r"\1."),
    (r"\s*(?:\(dot\)|\[dot\]|\{dot\}|\[\.\]|\(\.\)|。|｡)\s*", "."),
    (r"-+(\p{Han})", r" \1"),
    (r"mailto:", " "),
    (r"\s*@[\s@]*", "@"),
    (r"\s*\.[\s.]*", "."),
    (r"(@[a-z0-9.-]*),(com|cn|net|org|edu|gov)", r"\1.\2"),
    (r"(@[a-z0-9.-]*\.(?:com|net|org|edu|gov)),cn\b", r"\1.cn"),
)
# RFC 5321 (4.5.3.1.3) has room for no longer one; a longer text is no address, and no key that a base could hold.
_LONGEST = 254
_SPLIT = r"[\s,;/|、<>()\[\]{}\"':：!?，；|]+"


def read_emails(values: Text, roles: tuple[str, ...], placeholders: Text, blanks: Text) -> dict[str, Text]:
    """Return email, email_kind (personal, role, disposable) and email_bad for a column of cells (null = blank)."""
    lean = pc.utf8_lower(values)
    email = put(lean, stated(lean) & ~matches(lean, _WHOLE), _mend)
    email = choose(mask_of(pc.greater(pc.utf8_length(email), _LONGEST)), None, email)
    nobody = among(email, placeholders)
    email = choose(nobody, None, email)
    return {"email": email, "email_kind": _kind(email, roles), "email_bad": _fault(values, email, nobody, blanks)}


def _mend(cells: Text) -> Text:
    lean = half_width(without_numbering(cells))
    for pattern, replacement in _REWRITES:
        lean = swap(lean, pattern, replacement)
    single = mask_of(pc.equal(pc.count_substring(lean, "@"), 1)) & ~matches(lean, r"[<\"(,;/|、，；]|\p{Han}")
    lean = put(lean, single, lambda part: swap(part, r"[\s\p{Z}]+", ""))  # «zhang san@qq.com»
    return parts(swap(lean, _SPLIT, " "), _FIRST)["address"]


def _kind(email: Text, roles: tuple[str, ...]) -> Text:
    role = matches(email, rf"^(?:{one_of(role.lower() for role in roles)})\d{{0,3}}@") & bool(roles)
    kind = choose(role, "role", choose(stated(email), "personal", None))
    return choose(_disposable(email), "disposable", kind)


def _disposable(email: Text) -> Mask:
    """Tell where a domain, or the one above it (mx.mailinator.com), gives addresses for a day."""

    def known(domains: Text) -> dict[str, Any]:
        above = swap(domains, r"^[^.]+\.([^.]+\.)", r"\1")
        return {"found": (among(domains, _disposable_domains()) | among(above, _disposable_domains())).astype(float)}

    return np.asarray(spread(swap(email, "^.*@", ""), known)["found"] > 0)


def _fault(values: Text, email: Text, nobody: Mask, blanks: Text) -> Text:
    unread = stated(values) & ~stated(email) & ~nobody
    return choose(nobody, "placeholder", without_blanks(choose(unread, "text", None), values, blanks))


@cache
def _disposable_domains() -> Any:
    from disposable_email_domains import blocklist

    return flat(pa.array(sorted(blocklist), TEXT))
