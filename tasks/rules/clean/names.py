"""Contact names: one to show, and a full name to recognise a person by.

王总, 李经理 or 郭女士 is a form of address that many people share: it is shown, but it is no key. A title behind a
full name (王小明经理) is taken off the key.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow.compute as pc

from tasks.rules.clean.texts import (
    NO_HAN,
    SIGNS,
    SMALL_LATIN,
    Text,
    among,
    blank_to_null,
    choose,
    half_width,
    holding,
    lettered,
    mask_of,
    matches,
    one_of,
    put,
    stated,
    swap,
    without_padding,
)  # fmt: skip

_NOTE = r"\([^()]*\)|\[[^\[\]]*\]|【[^】]*】"
_OUTER = r"^[\s\p{Z}。.,，、;；:：'\"`#=/-]+|[\s\p{Z}。,，、;；:：'\"`#/-]+$"


@dataclass(frozen=True)
class NameWords:
    """The patterns of V-COURTESY and V-TEST-NAME."""

    address: str
    title: str
    latin: str
    nobody: str

    @classmethod
    def of(cls, courtesy: Mapping[str, Any], test: Mapping[str, Any]) -> "NameWords":
        """Compile both values."""
        family = rf"(?:{one_of(courtesy['double'])}|\p{{Han}}|[a-z]{{1,12}})"
        titles, short, latin = one_of(courtesy["titles"]), one_of(courtesy["short"]), one_of(courtesy["latin"])
        address = (
            rf"^(?:{family}\s*(?:{titles}|{short})|(?:{one_of(courtesy['before'])})\p{{Han}}"
            rf"|{family}\s*(?:总|董|工)?\s*(?:{titles})|(?:{latin})\s*[a-z]+|{family})$"
        )
        nobody = rf"^(?:{one_of(word.lower() for word in test['whole'])})$|{one_of(test['part'])}"
        return cls(address, rf"\s*(?:{titles})$", rf"^(?:{latin})\s+", nobody)


def read_names(values: Text, words: NameWords, blanks: Text) -> dict[str, Text]:
    """Return contact (to show) and contact_key for a column of cells."""
    contact = without_padding(half_width(values))
    contact = blank_to_null(put(contact, holding(contact, SIGNS), lambda part: swap(part, _OUTER, "")))
    empty = among(pc.utf8_lower(contact), blanks) | (stated(contact) & ~lettered(contact))
    contact = choose(empty, None, contact)
    return {"contact": contact, "contact_key": _key(contact, words)}


def _key(contact: Text, words: NameWords) -> Text:
    key = put(pc.utf8_lower(contact), holding(contact, NO_HAN), _without_notes)
    key = choose(matches(key, words.nobody) | matches(key, words.address), None, key)
    titled = matches(key, words.title)
    key = put(key, titled, lambda part: swap(part, words.title, ""))
    latin = holding(key, SMALL_LATIN)
    key = put(key, latin, lambda part: swap(part, words.latin, ""))
    # only what has been shortened may have become a form of address
    key = put(key, titled | latin, lambda part: choose(matches(part, words.address), None, part))
    key = put(key, holding(key, NO_HAN), lambda part: swap(part, r"[^\p{L}]+", ""))
    return choose(mask_of(pc.less(pc.utf8_length(key), 2)), None, key)


def _without_notes(part: Text) -> Text:
    """Take off what stands in brackets, a second person, and figures («张先生 138…»)."""
    for pattern in (_NOTE, r"[/、,，;；&|].*$", r"[\d+]+"):
        part = swap(part, pattern, "")
    return pc.utf8_trim_whitespace(part)
