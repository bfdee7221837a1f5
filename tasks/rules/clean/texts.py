"""Columns of text as Arrow arrays: taken out of a frame, tidied, put back.

Hot work runs over whole arrays (RE2, no call per row); what only Python can read is done once per distinct value.
"""

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

Text: TypeAlias = Any  # pyarrow.Array of large_string; pyarrow ships no types
Mask: TypeAlias = npt.NDArray[np.bool_]


def _octets(*spans: tuple[int, int]) -> Mask:
    """Return a table of the 256 bytes in which those from first to last of each span are marked."""
    table = np.zeros(256, dtype=bool)
    for first, last in spans:
        table[first : last + 1] = True
    return table


# A look at the bytes costs a tenth of a pattern, so it tells which rows a pattern need see at all.
# Han characters (U+4000 to U+9FFF) begin with 0xE4 to 0xE9 in UTF-8.
_OTHER = _octets((0xC2, 0xE3), (0xEA, 0xFF))  # neither ASCII nor Han
_HIDDEN = _octets((0x00, 0x08), (0x0E, 0x1F), (0x7F, 0x7F), (0xC2, 0xC2), (0xE2, 0xE2), (0xEF, 0xEF))
_SPACES = _octets((0x09, 0x0D), (0x20, 0x20), (0xC2, 0xC2), (0xE1, 0xE3))
NO_HAN = _octets((0x00, 0x7F)) | _OTHER
SIGNS = _octets((0x00, 0x2F), (0x3A, 0x40), (0x5B, 0x60), (0x7B, 0x7F)) | _OTHER
SMALL_LATIN = _octets((0x61, 0x7A))
FIGURES = _octets((0x30, 0x39))
# U+5000 to U+8FFF, of which every one is a letter, and what ASCII has.
_SURE_LETTERS = _octets((0x41, 0x5A), (0x61, 0x7A), (0xE5, 0xE8))
_SURE_WORDS = _SURE_LETTERS | FIGURES

TEXT = pa.large_string()
# Between two of these a space is padding, never a word break.
_HAN_AND = r"\p{Han}\p{Hiragana}\p{Katakana}（）〇·"
_UNEVEN = r"[\s\p{Z}]{2}|[\t\n\f\r\v]"
_INVISIBLE = "[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\x00-\x08\x0e-\x1f\x7f]"
PATTERNS = 1024  # kept as text, of all sets of rules together
_NOWHERE = r"[^\s\S]"
_NAMED = re.compile(r"\(\?P<(\w+)>")
# NFKC makes figures of the numbers of a list: ①20万 is no 120万.
_LISTED = r"[\x{2460}-\x{2473}\x{2776}-\x{2793}]"
_MAY_LIST = _octets((0xE2, 0xE2))
_DASHES = "[‐‑‒–—―−─﹣－⁃]"


def column(rows: pd.DataFrame, name: str) -> Text:
    """Return the column as one array, trimmed, with null for a blank or an absent column."""
    if name not in rows.columns:
        return pa.nulls(len(rows), TEXT)
    return tidy(flat(pa.array(rows[name], from_pandas=True)))


def tidy(values: Text) -> Text:
    """Return the array without invisible characters and outer white space; what is empty then is null."""
    values = put(values, holding(values, _HIDDEN), lambda part: swap(part, _INVISIBLE, ""))
    return blank_to_null(pc.utf8_trim_whitespace(values))


def flat(values: Any) -> Text:
    """Return one contiguous array of large strings."""
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    return values if values.type == TEXT else values.cast(TEXT)


def series(values: Text, index: pd.Index) -> pd.Series:
    """Return a pandas `str` series that shares the array's memory."""
    return pd.Series(extension(values), index=index)


def extension(values: Text) -> Any:
    """Return a pandas `str` array that shares the array's memory."""
    dtype = pd.StringDtype(na_value=np.nan)
    return pd.arrays.ArrowStringArray(pa.chunked_array([values]), dtype=dtype)  # type: ignore[call-arg]  # old stubs


def blank_to_null(values: Text) -> Text:
    """Return the array with null for the empty string."""
    empty = pc.equal(pc.binary_length(values), 0)
    return pc.if_else(empty, pa.scalar(None, TEXT), values) if pc.any(empty).as_py() else values


def holding(values: Text, table: Mask) -> Mask:
    """Return where a text holds a byte that is marked in the table."""
    found = np.zeros(len(values), dtype=bool)
    _, ends, data = values.buffers()
    if data is None or data.size == 0:
        return found
    places = np.frombuffer(ends, np.int64)[values.offset : values.offset + len(values) + 1]
    flags = np.take(table, np.frombuffer(data, np.uint8)[places[0] : places[-1]])
    if flags.any():
        starts, filled = places[:-1] - places[0], places[1:] > places[:-1]
        found[filled] = np.logical_or.reduceat(flags, starts[filled])
    return found


def matches(values: Text, pattern: str) -> Mask:
    """Return where the pattern is found; a null matches nothing."""
    if _empty(values):
        return np.zeros(len(values), dtype=bool)
    return mask_of(pc.match_substring_regex(values, pattern))


def mask_of(flags: Any) -> Mask:
    """Return a numpy mask; null counts as false."""
    known = pc.fill_null(flags, False) if flags.null_count else flags
    return np.asarray(known.to_numpy(zero_copy_only=False), dtype=bool)


def lettered(values: Text) -> Mask:
    """Return where a text holds a letter."""
    return _sure_or(values, _SURE_LETTERS, r"\p{L}")


def worded(values: Text) -> Mask:
    """Return where a text holds a letter or a figure."""
    return _sure_or(values, _SURE_WORDS, r"[\p{L}\p{N}]")


def _sure_or(values: Text, sure: Mask, pattern: str) -> Mask:
    """Return where the pattern is found; a text with a byte that is sure to mean so need not be looked at."""
    found = holding(values, sure)
    rest = stated(values) & ~found
    if rest.any():
        found[rest] = matches(values.filter(pa.array(rest)), pattern)
    return found


def among(values: Text, words: Text) -> Mask:
    """Return where the text is one of the words."""
    return mask_of(pc.is_in(values, value_set=words))


def without_blanks(faults: Text, values: Text, blanks: Text) -> Text:
    """Return the faults of values without those of a blank: one of the words for it («无»), or only signs («-»)."""

    def real(part: Text) -> Text:
        lean = pc.utf8_lower(half_width(values.filter(pa.array(found))))
        return choose(among(lean, blanks) | ~worded(lean), None, part)

    found = stated(faults)
    return put(faults, found, real)


def stated(values: Text) -> Mask:
    """Return where a text stands."""
    return np.asarray(values.is_valid().to_numpy(zero_copy_only=False), dtype=bool)


def swap(values: Text, pattern: str, replacement: str) -> Text:
    """Return the array with every match replaced."""
    return values if _empty(values) else pc.replace_substring_regex(values, pattern, replacement)


def half_width(values: Text) -> Text:
    """Return NFKC text with one kind of dash (NFKC leaves — and – alone)."""
    return put(values, holding(values, _OTHER), lambda part: swap(pc.utf8_normalize(part, "NFKC"), _DASHES, "-"))


def without_numbering(values: Text) -> Text:
    """Return the texts without the encircled numbers of a list."""
    return put(values, holding(values, _MAY_LIST), lambda part: swap(part, _LISTED, " "))


def one_line(values: Text) -> Text:
    """Return free text with each run of white space as one space."""

    def close(part: Text) -> Text:
        return put(part, matches(part, _UNEVEN), lambda uneven: swap(uneven, r"[\s\p{Z}]+", " "))

    return put(values, holding(values, _SPACES), close)


def without_padding(values: Text) -> Text:
    """Return names without the spaces that somebody put between Chinese characters («刘 建军»)."""

    def close(part: Text) -> Text:
        part = swap(part, r"[\s\p{Z}]+", " ")
        for _ in range(2):  # a match eats both neighbours, so «制 造 业» needs a second turn
            part = swap(part, rf"([{_HAN_AND}()]) ([{_HAN_AND}()])", r"\1\2")
        return part

    return put(values, holding(values, _SPACES), close)


def put(values: Text, where: Mask, change: Callable[[Text], Text]) -> Text:
    """Return the array with `change` applied to the marked part only."""
    if not where.any():
        return values
    return placed(values, where, change(values.filter(pa.array(where))))


def placed(values: Text, where: Mask, part: Text) -> Text:
    """Return the array with the marked places taken, in order, from `part`."""
    return flat(pc.replace_with_mask(values, pa.array(where), flat(part)))


def choose(where: Mask, then: Any, otherwise: Any) -> Text:
    """Return `then` where marked, else `otherwise` (arrays, texts or None)."""
    return flat(pc.if_else(pa.array(where), _operand(then), _operand(otherwise)))


def spread(values: Text, read: Callable[[Text], dict[str, Any]]) -> dict[str, Any]:
    """Return the columns that `read` makes of the distinct texts, laid out over the rows again.

    `read` gets distinct texts that are stated and returns arrays (Arrow or numpy floats) of their length.
    """
    coded = values.dictionary_encode()
    found = read(flat(coded.dictionary))
    rows = coded.indices
    last = len(coded.dictionary)
    places = np.asarray(pc.fill_null(rows, last).to_numpy(zero_copy_only=False), dtype=np.int64)
    return {name: _laid_out(part, rows, places) for name, part in found.items()}


def mapped(values: Text, read: Callable[[str], str | None]) -> Text:
    """Return what `read` makes of each distinct text."""

    def each(texts: Text) -> dict[str, Any]:
        return {"found": pa.array([read(text) for text in texts.to_pylist()], TEXT)}

    return flat(spread(values, each)["found"])


def parts(values: Text, pattern: str) -> dict[str, Text]:
    """Return the named groups of the pattern, null where the text does not match or the group is empty."""
    names = _NAMED.findall(pattern)
    if _empty(values):
        return dict.fromkeys(names, pa.nulls(len(values), TEXT))
    found = pc.extract_regex(values, pattern)
    return {name: blank_to_null(flat(pc.struct_field(found, name))) for name in names}


def numbers(values: Text, missing: float = np.nan) -> npt.NDArray[np.float64]:
    """Return the array of plain decimal texts as floats, `missing` for null."""
    found = pc.fill_null(values.cast(pa.float64()), missing).to_numpy(zero_copy_only=False)
    return np.array(found, dtype=np.float64)


def one_of(words: Iterable[str]) -> str:
    """Return a pattern that matches any of the words, the longest first; without words it matches nothing."""
    return _alternatives(tuple(words))


@lru_cache(PATTERNS)
def _alternatives(words: tuple[str, ...]) -> str:
    return "|".join(re.escape(word) for word in sorted(set(words), key=lambda word: (-len(word), word))) or _NOWHERE


def _empty(values: Text) -> bool:
    """Tell whether nothing stands in a column: then compiling a pattern would cost more than all the rest."""
    return bool(values.null_count == len(values))


def _laid_out(part: Any, rows: Any, places: npt.NDArray[np.int64]) -> Any:
    if not isinstance(part, np.ndarray):
        return part.take(rows)
    return np.concatenate([part, [np.nan]])[places]


def _operand(value: Any) -> Any:
    return pa.scalar(value, TEXT) if value is None or isinstance(value, str) else value
