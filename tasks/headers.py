"""What column headers mean, by the synonyms of a channel."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

# Columns that a receipt adds behind the sender's own, by language; a receipt that is dropped
# back is known by them.
ADDED = {
    "zh_CN": ("leadflow结果", "leadflow线索编号", "leadflow原因", "leadflow建议"),
    "en": ("leadflow result", "leadflow lead", "leadflow reasons", "leadflow advice"),
}

_MARKS = re.compile(r"[\[(<【](?:必填项?|必选|选填|可选|非必填|required|optional|\*)[\])>】]")
_IGNORED = re.compile(r"[\s_*:\-\u200b-\u200f\ufeff'\"]+")
_BRACKET = re.compile(r"^(.+?)\(([^()]*)\)$")
_UNIT = "unit."
_OTHER = "other"


def header_key(text: str) -> str:
    """A header as it is compared: NFKC, case-blind, without spaces, _ - * : and （必填）."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return _IGNORED.sub("", _MARKS.sub("", plain))


@dataclass(frozen=True)
class Headers:
    """Known headers: header_key -> field, piece ('contact.first') or 'other'; unit words -> unit."""

    names: Mapping[str, str]
    units: Mapping[str, str]
    pieces: tuple[str, ...]

    def meaning(self, header: str) -> str | None:
        """The field, piece or 'other' that a header means; a bracket behind it does not matter."""
        key = header_key(header)
        found = _BRACKET.match(key)
        return self.names.get(key) or (self.names.get(found[1]) if found else None)

    def unit(self, header: str) -> str | None:
        """The unit that a header states in brackets, 预算(万元)."""
        found = _BRACKET.match(header_key(header))
        return self.units.get(found[2]) if found else None


def known_headers(synonyms: Mapping[str, Sequence[str]]) -> Headers:
    """Index the synonyms of a channel; where two entries claim a header the first one wins."""
    names: dict[str, str] = {}
    units: dict[str, str] = {}
    for name, headers in synonyms.items():
        table, value = (units, name.removeprefix(_UNIT)) if name.startswith(_UNIT) else (names, name)
        for header in headers:
            table.setdefault(header_key(header), value)
    return Headers(names, units, tuple(name for name in synonyms if "." in name and not name.startswith(_UNIT)))


def is_field(meaning: str | None) -> bool:
    """Whether a meaning puts the column to use."""
    return meaning is not None and meaning != _OTHER


def is_added(header: str) -> bool:
    """Whether a column is one that a receipt adds."""
    key = header_key(header)
    return any(key == header_key(name) for names in ADDED.values() for name in names)
