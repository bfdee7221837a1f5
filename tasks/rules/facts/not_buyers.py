"""Who writes a need: a job seeker, a seller or a student rather than a buyer, by the points of what he writes.

Each word and each sign (tasks/rules/facts/signs.py) counts for or against; the title and the company of the writer
count too, but never one that is a signal by itself, so that a signal of the need stays independent of the others.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from config.schema import Rules
from tasks.rules.clean.texts import PATTERNS, Text, flat, matches
from tasks.rules.facts.signs import Places, Signs
from tasks.rules.facts.words import Folded, anywhere, shapes

#: Signal → the rule with its signs.
OF_RULE = {"need_job_seeker": "F-JOB-SEEKER", "need_seller": "F-SELLER", "need_student": "F-STUDENT"}
SIGNALS = tuple(OF_RULE)
_VALUES = ("F-BUYS", "F-SIGN-POINTS", "F-WORD-POINTS", "F-ASKED", "F-PRODUCT-NOUNS", "F-PRODUCT-WORDS", "F-PRODUCT-GAP",
           "F-TRADITIONAL")  # fmt: skip
_NOUN, _PRODUCT, _ASKS, _NAMED = "noun", "product", "asks", "named"
_CLAUSE = re.compile(r"[^，,。；;!！？?\n ]+")
_BETWEEN = re.compile(r"[\w ·、]*")
# what a word may be made of: Chinese letters, the border of a clause, the sign of a question, and 0 for any number
_ROW, _LATIN = re.compile(r"[\u4e00-\u9fff0，？]+"), re.compile(r"[a-z]+")
_BORDER, _NUMBER = re.compile(r"[,，。；;!！ \n、：:]+"), re.compile("0+")

Points = NDArray[np.int64]
Spans = list[tuple[int, int]]


def need_signals(rows: Folded, rules: Rules) -> Points:
    """The place in SIGNALS of each row's signal of the need, -1 where there is none; once per text of one shape."""
    coded = shapes(rows.text("need")).dictionary_encode()
    read = reader(rules)
    points = np.array([read.points(text) for text in flat(coded.dictionary).to_pylist()], dtype=np.int64)
    signals = np.full(len(rows.index), -1, dtype=np.int64)
    if not len(points):
        return signals
    places = np.asarray(coded.indices.fill_null(0).to_numpy(zero_copy_only=False))
    writers = rules.value("F-WRITERS")
    most = np.sum([np.maximum(_row(writer), 0) for writer in writers], axis=0)
    # only what the words leave open, or nearly so, is looked at with its writer
    near = np.flatnonzero((points + most >= 0).any(axis=1)[places] & np.asarray(coded.indices.is_valid()))
    if len(near):
        total = points[places[near]] + _writers(rows, near, writers)
        signals[near] = np.where(total.max(axis=1) >= 0, total.argmax(axis=1), -1)
    return signals


def reader(rules: Rules) -> "NeedReader":
    """The reader of these rules, made once for each set of values."""
    return _reader(tuple((rule_id, _hashable(rules.value(rule_id))) for rule_id in (*OF_RULE.values(), *_VALUES)))


@lru_cache(PATTERNS)
def _reader(values: tuple[tuple[str, Any], ...]) -> "NeedReader":
    return NeedReader({rule_id: _plain(value) for rule_id, value in values})


@dataclass(frozen=True)
class _Read:
    """What was found in a text: places of the signs, those that name a product, and what asks for something."""

    text: str
    places: Places
    products: Spans
    asked: Spans


class NeedReader:
    """Reads needs one at a time, in small letters: how many points over its least each signal has."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._tables = [values["F-SIGN-POINTS"][signal] for signal in SIGNALS]
        self._words: dict[str, tuple[int, ...]] = values["F-WORD-POINTS"]
        self._lengths = sorted({len(word) for word in self._words if not word.isascii()})
        self._gap = int(values["F-PRODUCT-GAP"])
        self._after: tuple[str, ...] = values["F-ASKED"]["after"]
        self._simple = str.maketrans(values["F-TRADITIONAL"] | dict.fromkeys("123456789", "0") | {"?": "？"})
        groups = {
            f"{signal}.{name}": words for signal, rule_id in OF_RULE.items() for name, words in values[rule_id].items()
        }
        self._signs = Signs(
            groups
            | {f"buys.{name}": words for name, words in values["F-BUYS"].items()}
            | {
                _NOUN: values["F-PRODUCT-NOUNS"],
                _PRODUCT: values["F-PRODUCT-WORDS"],
                _ASKS: values["F-ASKED"]["before"],
            }
        )

    def points(self, text: str) -> list[int]:
        """The points of each signal over its least."""
        text = text.translate(self._simple)
        said = [self._words[word] for word in self._known(text)]
        read = self._read(text)
        return [
            sum(points[number] for points in said) + self._of(signal, self._tables[number], read)
            for number, signal in enumerate(SIGNALS)
        ]

    def words(self, text: str, signal: str) -> list[str]:
        """The words of a text that speak for a signal, those of its signs first."""
        plain = text.translate(self._simple)
        read, number = self._read(plain), SIGNALS.index(signal)
        spans = [
            span
            for name, row in self._tables[number]["signs"].items()
            for span in self._counted(f"{signal}.{name}", row, read)[: row["most"]]
        ]
        known = (word.strip("，？0") for word in self._known(plain) if self._words[word][number] > 0)
        more = sorted(word for word in known if len(word) > 1 and word in text)
        return list(dict.fromkeys([*(text[first:end] for first, end in spans), *more]))

    def _known(self, text: str) -> set[str]:
        """The known words of a text: rows of letters, «，» at either end of a clause, English words and pairs."""
        latin = _LATIN.findall(text)
        found = {*latin, *(f"{first} {then}" for first, then in pairwise(latin))}
        clauses = _NUMBER.sub("0", _BORDER.sub("，", text).strip("，"))
        for row in _ROW.findall(f"，{clauses}，"):
            for length in self._lengths:
                found.update(row[first : first + length] for first in range(len(row) - length + 1))
        return found & self._words.keys()

    def _read(self, text: str) -> _Read:
        places = self._signs.places(text)
        asks = places.pop(_ASKS, [])
        products = list(_named(text, places.pop(_NOUN, []), places.pop(_PRODUCT, []), self._gap))
        return _Read(text, places, products, list(self._asked(text, asks)))

    def _of(self, signal: str, table: Mapping[str, Any], read: _Read) -> int:
        points = -int(table["least"])
        for name, row in table["signs"].items():
            points += row["points"] * _count(read.text, self._counted(f"{signal}.{name}", row, read), row["most"])
        for name, row in table["less"].items():
            spans = read.products if name == _NAMED else read.places.get(f"buys.{name}", [])
            points -= row["points"] * _count(read.text, spans, row["most"])
        return points

    def _counted(self, group: str, row: Mapping[str, Any], read: _Read) -> Spans:
        """The places of a group that count: none of a product, of what is asked for, or of one who wants to buy."""
        spans = read.places.get(group)
        if not spans or (
            "wants" in row["unless"] and any(f"buys.{name}" in read.places for name in ("wants", "needs"))
        ):
            return []
        out = [*read.products, *(read.asked if "asked" in row["unless"] else [])]
        return [span for span in spans if not any(first <= span[0] < end for first, end in out)]

    def _asked(self, text: str, asks: Spans) -> Iterator[tuple[int, int]]:
        """Where somebody asks for something: from such a word to the end of its clause, or a clause that is asked."""
        for clause in _CLAUSE.finditer(text):
            first, end = clause.span()
            starts = [first] if clause.group().endswith(self._after) else [one for one, _ in asks if first <= one < end]
            if starts:
                yield min(starts), end


def _count(text: str, spans: Spans, most: int) -> int:
    return min(len({text[first:end] for first, end in spans}), int(most)) if spans else 0


def _named(text: str, nouns: Spans, products: Spans, gap: int) -> Iterator[tuple[int, int]]:
    """Where a product is named: a noun, and behind it within a few letters or in it what makes it a product."""
    for first, end in nouns:
        for start, last in products:
            if end <= start <= end + gap and _BETWEEN.fullmatch(text, end, start):
                yield first, last
                break
            if first <= start and last <= end:
                yield first, end
                break


def _writers(rows: Folded, near: Points, writers: tuple[Mapping[str, Any], ...]) -> Points:
    points = np.zeros((len(near), len(SIGNALS)), dtype=np.int64)
    for writer in writers:
        texts: Text = rows.text(writer["field"]).take(pa.array(near))
        points[matches(texts, anywhere(writer["words"]))] += _row(writer)
    return points


def _row(writer: Mapping[str, Any]) -> Points:
    return np.array(writer["points"], dtype=np.int64)


def _hashable(value: Any) -> Any:
    return _Pairs((key, _hashable(item)) for key, item in value.items()) if isinstance(value, dict) else value


def _plain(value: Any) -> Any:
    return {key: _plain(item) for key, item in value} if isinstance(value, _Pairs) else value


class _Pairs(tuple[tuple[Any, Any], ...]):
    """A mapping that can be a key."""
