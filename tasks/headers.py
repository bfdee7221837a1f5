"""What column headers mean, by the synonyms of a channel."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tasks.header_forms import both, is_of_record, is_question, numbered, plain, undressed

# Columns that a receipt adds behind the sender's own, by language; a receipt that is dropped
# back is known by them.
ADDED = {
    "zh_CN": ("leadflow结果", "leadflow线索编号", "leadflow原因", "leadflow建议"),
    "en": ("leadflow result", "leadflow lead", "leadflow reasons", "leadflow advice"),
}

_MARKS = re.compile(r"[\[(<【](?:必填项?|必选|选填|可选|非必填|required|optional|\*)[\])>】]")
_IGNORED = re.compile(r"[\s_*:\-\u200b-\u200f\ufeff'\"]+")
_BRACKET = re.compile(r"^(.+?)\(([^()]*)\)$")
_UNIT, _ASK = "unit.", "ask."
_OTHER = "other"
# what is longer is no name of a column
_LONGEST = 120


def header_key(text: str) -> str:
    """A header as it is compared: NFKC, case-blind, without spaces, _ - * : and （必填）."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return _IGNORED.sub("", _MARKS.sub("", plain))


@dataclass(frozen=True)
class Headers:
    """Known headers: header_key -> field, piece ('contact.first') or 'other'; unit words -> unit; field -> the words
    by which a question asks for it."""

    names: Mapping[str, str]
    units: Mapping[str, str]
    pieces: tuple[str, ...]
    asks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def meaning(self, header: str) -> str | None:
        """The field, piece or 'other' that a header means: as it stands, undressed, or as a question."""
        found = self._named(header)
        if found or not header.strip() or len(header) > _LONGEST:
            return found
        text = plain(header)
        forms = (self._named(form) for form in undressed(text))
        found = next(filter(None, forms), None) or self._of_both(text) or self._one_more(text) or self._asked(text)
        return None if found == "external_id" and not is_of_record(text) else found

    def unit(self, header: str) -> str | None:
        """The unit that a header states in brackets, 预算(万元)."""
        found = _BRACKET.match(header_key(header))
        return self.units.get(found[2]) if found else None

    def is_plain(self, header: str) -> bool:
        """Whether a header is known as it stands."""
        return header_key(header) in self.names

    def is_bracketed(self, header: str) -> bool:
        """Whether it is known but for a bracket behind it."""
        return not self.is_plain(header) and self._named(header) is not None

    def _named(self, header: str) -> str | None:
        """What a header means; a bracket behind it does not matter."""
        key = header_key(header)
        found = _BRACKET.match(key)
        return self.names.get(key) or (self.names.get(found[1]) if found else None)

    def _one_more(self, text: str) -> str | None:
        """The field of which a header numbers one more: of several phones all are kept, of e-mails the first counts."""
        found = self._named(numbered(text))
        return found if found in ("phone", "email") else None

    def _of_both(self, text: str) -> str | None:
        """The first of two fields that one header names; both must be known."""
        meanings = [self._named(part) for part in both(text)]
        return next(filter(is_field, meanings), None) if all(meanings) else None

    def _asked(self, text: str) -> str | None:
        """The one field that a question asks for; None where it may ask for several."""
        if not is_question(text):
            return None
        text = text.replace("_", " ")
        fields = [name for name, words in self.asks.items() if any(word in text for word in words)]
        return fields[0] if len(fields) == 1 else None


def known_headers(synonyms: Mapping[str, Sequence[str]]) -> Headers:
    """Index the synonyms of a channel; where two entries claim a header the first one wins."""
    names: dict[str, str] = {}
    units: dict[str, str] = {}
    asks = {name.removeprefix(_ASK): tuple(map(plain, words)) for name, words in synonyms.items() if _is_ask(name)}
    for name, headers in synonyms.items():
        if _is_ask(name):
            continue
        table, value = (units, name.removeprefix(_UNIT)) if name.startswith(_UNIT) else (names, name)
        for header in headers:
            table.setdefault(header_key(header), value)
    pieces = (name for name in synonyms if "." in name and not name.startswith((_UNIT, _ASK)))
    return Headers(names, units, tuple(pieces), asks)


def _is_ask(name: str) -> bool:
    return name.startswith(_ASK)


def is_field(meaning: str | None) -> bool:
    """Whether a meaning puts the column to use."""
    return meaning is not None and meaning != _OTHER


def is_added(header: str) -> bool:
    """Whether a column is one that a receipt adds."""
    key = header_key(header)
    return any(key == header_key(name) for names in ADDED.values() for name in names)
