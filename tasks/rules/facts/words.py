"""Columns of words folded for comparing, word lists as patterns, and masks turned into columns of states."""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from tasks.rules.clean.texts import PATTERNS, TEXT, Mask, Text, blank_to_null, flat, one_of, series

Read: TypeAlias = Callable[[Text], npt.NDArray[Any]]
_SAMPLE = 4096
_SHAPE = np.arange(256, dtype=np.uint8)
_SHAPE[ord("0") : ord("9") + 1] = ord("0")


class Folded:
    """The columns of cleaned rows in small letters, each made when it is first asked for."""

    def __init__(self, cleaned: pd.DataFrame) -> None:
        self.cleaned = cleaned
        self._texts: dict[str, Text] = {}

    @property
    def index(self) -> pd.Index:
        """The index of the rows."""
        return self.cleaned.index

    def text(self, field: str) -> Text:
        """One column; null where it is blank or absent."""
        if field not in self._texts:
            self._texts[field] = self._folded(field)
        return self._texts[field]

    def equals(self, field: str, word: str) -> Mask:
        """Where a column of codes is the word."""
        if field not in self.cleaned:
            return np.zeros(len(self.cleaned), dtype=bool)
        return np.asarray((self.cleaned[field] == word).fillna(False), dtype=bool)

    def _folded(self, field: str) -> Text:
        if field not in self.cleaned:
            return pa.nulls(len(self.cleaned), TEXT)
        # Cleaned text is trimmed already, and only a-z have two sizes here.
        return blank_to_null(pc.ascii_lower(flat(pa.array(self.cleaned[field], from_pandas=True))))


def read_once(texts: Text, read: Read, null: Any = 0) -> npt.NDArray[Any]:
    """What `read` makes of each text, `null` for null: once per distinct text where texts repeat."""
    if _repeats(texts):
        coded = texts.dictionary_encode()
        found = np.append(read(flat(coded.dictionary)), null)
        places = pc.fill_null(coded.indices, len(coded.dictionary)).to_numpy(zero_copy_only=False)
        return np.asarray(found[places])
    found = np.array(read(texts.fill_null("")))
    found[np.asarray(texts.is_null())] = null
    return found


def shapes(texts: Text) -> Text:
    """Texts with every figure 0-9 as 0, for what tells one number from no other; most then stand there often."""
    _, ends, data = texts.buffers()
    if data is None or data.size == 0:
        return texts
    places = np.frombuffer(ends, np.int64)[texts.offset : texts.offset + len(texts) + 1]
    plain = np.take(_SHAPE, np.frombuffer(data, np.uint8)[places[0] : places[-1]])
    buffers = [None, pa.py_buffer((places - places[0]).tobytes()), pa.py_buffer(plain.tobytes())]
    shaped = pa.Array.from_buffers(TEXT, len(texts), buffers)
    return pc.if_else(texts.is_valid(), shaped, pa.scalar(None, TEXT)) if texts.null_count else shaped


def half_width(texts: Text) -> Text:
    """Texts with full-width letters and digits as plain ones; meant for distinct texts."""
    return pc.utf8_lower(pc.utf8_normalize(texts, "NFKC"))


def whole(words: Iterable[str]) -> str:
    """A pattern for a text that is one of the words and nothing else."""
    return rf"^(?:{_lowered(words)})$"


def anywhere(words: Iterable[str]) -> str:
    """A pattern for one of the words in a text; a word of letters a-z must stand by itself."""
    return _anywhere(tuple(words))


@lru_cache(PATTERNS)
def _anywhere(words: tuple[str, ...]) -> str:
    latin = [word for word in words if word.isascii() and word[:1].isalnum()]
    rest = [word for word in words if word not in latin]
    parts = [_lowered(rest)] if rest or not latin else []
    if latin:
        parts.append(rf"\b(?:{_lowered(latin)})\b")
    return f"(?:{'|'.join(parts)})"


def pick(states: Sequence[str], masks: Sequence[Mask], otherwise: str, index: pd.Index) -> pd.Series:
    """A `str` column of the first state whose mask holds, else `otherwise`."""
    places = np.full(len(index), len(states), dtype=np.int8)
    for place in range(len(states) - 1, -1, -1):
        places[masks[place]] = place
    return series(pa.array([*states, otherwise], TEXT).take(pa.array(places)), index)


def _repeats(texts: Text) -> bool:
    """Whether a sample says that reading each distinct text once is worth finding the distinct ones."""
    step = max(1, len(texts) // _SAMPLE)
    sample = texts.take(pa.array(np.arange(0, len(texts), step)))
    return bool(2 * pc.count_distinct(sample).as_py() < len(sample) + 1)


def _lowered(words: Iterable[str]) -> str:
    return _small(tuple(words))


@lru_cache(PATTERNS)
def _small(words: tuple[str, ...]) -> str:
    return one_of(word.lower() for word in words)
