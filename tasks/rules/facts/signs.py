"""Signs of a text: words, and words that follow each other, found in one walk over its letters.

The texts are in small letters with 0 for every figure.

A sign is one or more parts with a space between them, each part one or more words with `|` between them: `想|来 上班`
is 想上班 or 来上班. `…6` between two parts lets up to six letters of one clause stand there, `~6` of one sentence.
`^` and `$` are the ends of a text, `#` or any figure is a figure, and `招聘!会` is 招聘 unless 会 follows.
In English the parts follow each other as words do, and `_` is the space within a part: `looking_for a|any job`.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product
from typing import TypeAlias

#: What was found: group → (first, last + 1) of each place.
Places: TypeAlias = dict[str, list[tuple[int, int]]]

_GAP = re.compile(r"([…~])(\d+)")
_ENDS = {"…": "。；;!！？?\n，,", "~": "。；;!！？?\n"}
_ENGLISH_ENDS = ".!?;\n"
_FIGURES = str.maketrans("#123456789", "0" * 10)
# words joined to one anchor at most
_MOST_JOINED = 64


@dataclass(frozen=True)
class _Sign:
    """One sign: its group, and its pattern where it is more than one word."""

    group: str
    pattern: re.Pattern[str] | None
    # words one of which stands in every text that has the sign
    anchors: tuple[str, ...]


class Signs:
    """The signs of some groups, ready to be found in texts."""

    def __init__(self, groups: Mapping[str, Iterable[str]]) -> None:
        signs = [_sign(group, written.lower()) for group, each in groups.items() for written in each]
        owners: dict[str, list[_Sign]] = {}
        for sign in signs:
            for word in sign.anchors:
                owners.setdefault(word, []).append(sign)
        # by its first letter each word that a sign cannot do without
        self._starts: dict[str, list[tuple[str, int, list[_Sign]]]] = {}
        for word, owned in owners.items():
            self._starts.setdefault(word[0], []).append((word, len(word), owned))

    def places(self, text: str) -> Places:
        """Where each group has signs in a text of small letters, in order and without overlaps."""
        found: dict[str, list[tuple[int, int]]] = {}
        asked: dict[int, _Sign] = {}
        for place, letter in enumerate(text):
            for word, length, signs in self._starts.get(letter, ()):
                if text.startswith(word, place):
                    for sign in signs:
                        if sign.pattern is None:
                            found.setdefault(sign.group, []).append((place, place + length))
                        else:
                            asked[id(sign)] = sign
        for sign in asked.values():
            spans = [match.span() for match in sign.pattern.finditer(text)] if sign.pattern else []
            if spans:
                found.setdefault(sign.group, []).extend(spans)
        return {group: _apart(spans) for group, spans in found.items()}


def _apart(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The first and longest of the places, none over another."""
    spans.sort(key=lambda span: (span[0], -span[1]))
    kept: list[tuple[int, int]] = []
    for span in spans:
        if span[0] < span[1] and (not kept or span[0] >= kept[-1][1]):
            kept.append(span)
    return kept


def _sign(group: str, written: str) -> _Sign:
    english = written.isascii() and any(letter.isalpha() for letter in written)
    tokens = written.split(" ")
    parts, pieces, joined = [], [], []
    for token in tokens:
        gap = _GAP.fullmatch(token)
        if gap:
            ends = _ENGLISH_ENDS if english else _ENDS[gap[1]]
            pieces.append(rf"[^{re.escape(ends)}]{{0,{gap[2]}}}?")
            joined.append(False)
            continue
        token = token.translate(_FIGURES)
        words = [word.replace("_", " ") if english else word for word in token.split("|")]
        if english and pieces and joined[-1]:
            pieces.append(r"\s+")
        pieces.append(_part(words))
        joined.append(True)
        parts.append(tuple(_letters(word) for word in words))
    plain = len(parts) == 1 and all(_is_plain(word) for word in tokens[0].split("|")) and not english
    text = "".join(pieces)
    pattern = None if plain else re.compile(rf"\b(?:{text})\b" if english else text)
    return _Sign(group, pattern, _anchors(parts, joined, " " if english else ""))


def _is_plain(word: str) -> bool:
    return bool(_letters(word)) and "!" not in word


def _letters(word: str) -> str:
    """The letters of a word that stand in every text that has it; none for an end of the text."""
    return "" if word in ("^", "$") else word.partition("!")[0]


def _part(words: Iterable[str]) -> str:
    return f"(?:{'|'.join(map(_word, sorted(words, key=len, reverse=True)))})"


def _word(word: str) -> str:
    if word in ("^", "$"):
        return word
    letters, mark, others = word.partition("!")
    return f"{re.escape(letters)}(?![{re.escape(others)}])" if mark else re.escape(letters)


def _anchors(parts: list[tuple[str, ...]], joined: list[bool], between: str) -> tuple[str, ...]:
    """The words of the most telling part or of parts that stand side by side."""
    choices: list[tuple[str, ...]] = []
    row: list[tuple[str, ...]] = []
    rest = iter(parts)
    for is_part in [*joined, False]:
        if is_part:
            words = next(rest)
            row = [*row, words] if all(words) else []
            choices.extend([words] if all(words) else [])
        else:
            row = []
        if len(row) > 1:
            ways = list(product(*row))
            if len(ways) <= _MOST_JOINED:
                choices.append(tuple(between.join(way) for way in ways))
    return max(choices, key=lambda words: min(map(len, words)), default=())
