"""Columns of text as Arrow arrays: taken out of a frame, tidied, put back.

Hot work runs over whole arrays (RE2, no call per row); what only Python can read is done once per distinct value.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

Text: TypeAlias = Any  # pyarrow.Array of large_string; pyarrow ships no types
Mask: TypeAlias = npt.NDArray[np.bool_]

TEXT = pa.large_string()
# Between two of these a space is padding, never a word break.
_WIDE = r"\p{Han}\p{Hiragana}\p{Katakana}（）〇·"
_INVISIBLE = "[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\x00-\x08\x0e-\x1f\x7f]"
_CONTROLS = np.isin(np.arange(256), [*range(9), *range(0x0E, 0x20), 0x7F])
_HIDDEN_LEADS = (b"\xe2\x80", b"\xe2\x81", b"\xef\xbb\xbf", b"\xc2\xad")
_DASHES = "[‐‑‒–—―−─﹣－⁃]"


def column(rows: pd.DataFrame, name: str) -> Text:
    """Return the column as one array, trimmed, with null for a blank or an absent column."""
    if name not in rows.columns:
        return pa.nulls(len(rows), TEXT)
    return tidy(flat(pa.array(rows[name], from_pandas=True)))


def tidy(values: Text) -> Text:
    """Return the array without invisible characters and outer white space; what is empty then is null."""
    if _may_hide(values) and has_any(values, _INVISIBLE):
        values = swap(values, _INVISIBLE, "")
    return blank_to_null(pc.utf8_trim_whitespace(values))


def flat(values: Any) -> Text:
    """Return one contiguous array of large strings."""
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    return values if values.type == TEXT else values.cast(TEXT)


def series(values: Text, index: pd.Index) -> pd.Series:
    """Return a pandas `str` series that shares the array's memory."""
    dtype = pd.StringDtype(na_value=np.nan)
    array = pd.arrays.ArrowStringArray(pa.chunked_array([values]), dtype=dtype)  # type: ignore[call-arg]  # old stubs
    return pd.Series(array, index=index)


def blank_to_null(values: Text) -> Text:
    """Return the array with null for the empty string."""
    return pc.if_else(pc.equal(pc.binary_length(values), 0), pa.scalar(None, TEXT), values)


def has_any(values: Text, pattern: str) -> bool:
    """Tell whether any text matches."""
    return bool(pc.any(pc.match_substring_regex(values, pattern)).as_py())


def matches(values: Text, pattern: str) -> Mask:
    """Return where the pattern is found; a null matches nothing."""
    return mask_of(pc.match_substring_regex(values, pattern))


def mask_of(flags: Any) -> Mask:
    """Return a numpy mask; null counts as false."""
    return np.asarray(pc.fill_null(flags, False).to_numpy(zero_copy_only=False), dtype=bool)


def among(values: Text, words: Text) -> Mask:
    """Return where the text is one of the words."""
    return mask_of(pc.is_in(values, value_set=words))


def stated(values: Text) -> Mask:
    """Return where a text stands."""
    return np.asarray(values.is_valid().to_numpy(zero_copy_only=False), dtype=bool)


def swap(values: Text, pattern: str, replacement: str) -> Text:
    """Return the array with every match replaced."""
    return pc.replace_substring_regex(values, pattern, replacement)


def half_width(values: Text) -> Text:
    """Return NFKC text with one kind of dash (NFKC leaves — and – alone)."""
    return swap(pc.utf8_normalize(values, "NFKC"), _DASHES, "-")


def one_line(values: Text) -> Text:
    """Return free text with each run of white space as one space."""
    found = matches(values, r"[\s\p{Z}]{2}|[\t\n\f\r\v]")
    return put(values, found, lambda part: swap(part, r"[\s\p{Z}]+", " "))


def without_padding(values: Text) -> Text:
    """Return names without the spaces that somebody put between Chinese characters («刘 建军»)."""

    def close(part: Text) -> Text:
        part = swap(part, r"[\s\p{Z}]+", " ")
        for _ in range(2):  # a match eats both neighbours, so «制 造 业» needs a second turn
            part = swap(part, rf"([{_WIDE}()]) ([{_WIDE}()])", r"\1\2")
        return part

    return put(values, matches(values, r"[\s\p{Z}]"), close)


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
    found = pc.extract_regex(values, pattern)
    names = re.compile(r"\(\?P<(\w+)>").findall(pattern)
    return {name: blank_to_null(flat(pc.struct_field(found, name))) for name in names}


def numbers(values: Text, missing: float = np.nan) -> npt.NDArray[np.float64]:
    """Return the array of plain decimal texts as floats, `missing` for null."""
    found = pc.fill_null(values.cast(pa.float64()), missing).to_numpy(zero_copy_only=False)
    return np.array(found, dtype=np.float64)


def one_of(words: Iterable[str]) -> str:
    """Return a pattern that matches any of the words, the longest first."""
    return "|".join(re.escape(word) for word in sorted(set(words), key=lambda word: (-len(word), word)))


def _may_hide(values: Text) -> bool:
    """Tell from the bytes, a tenth of the cost of a pattern, whether an invisible character is possible."""
    data = values.buffers()[2]
    if data is None or data.size == 0:
        return False
    raw = data.to_pybytes()
    return any(lead in raw for lead in _HIDDEN_LEADS) or bool(_CONTROLS[np.frombuffer(raw, np.uint8)].any())


def _laid_out(part: Any, rows: Any, places: npt.NDArray[np.int64]) -> Any:
    if not isinstance(part, np.ndarray):
        return part.take(rows)
    return np.concatenate([part, [np.nan]])[places]


def _operand(value: Any) -> Any:
    return pa.scalar(value, TEXT) if value is None or isinstance(value, str) else value
