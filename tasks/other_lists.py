"""A second list below the first one: its header is no lead, and its rows are not read by the first header."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from config.schema import Channel
from tasks.headers import Headers, is_field, known_headers
from tasks.layout import CELL_SEPARATOR, Layout, header_hits
from tasks.tables import Tables

# the fields in which a header is looked for: all else may hold the name of a column as its value
_PEOPLE = ("company", "contact", "phone", "email")
_ENOUGH = 2


def without_other_lists(frames: Iterable[pd.DataFrame], tables: Tables, channel: Channel) -> Iterator[pd.DataFrame]:
    """Mark the rows of further lists with other headers as `other_list`; drop what only repeats the list's own."""
    headers = known_headers(channel.synonyms)
    layouts = {layout.sheet: layout for layout in tables.layouts}
    words = pa.array(sorted(_words(channel)), pa.large_string())
    begun: dict[str, bool] = {}
    for frame in frames:
        heading = _headings(frame, words) | _repeats(frame, layouts)
        if not heading.any() and not any(begun.values()):
            yield frame
            continue
        yield _marked(frame, heading, headers, layouts, begun)


def _words(channel: Channel) -> set[str]:
    """The headers of columns of people, as they are mostly written."""
    words = {word for field in _PEOPLE for word in channel.synonyms.get(field, ())}
    return words | {word.title() for word in words} | {word.upper() for word in words}


def _repeats(frame: pd.DataFrame, layouts: dict[str, Layout]) -> np.ndarray:
    """Where a row is the header of its list once more, letter by letter."""
    headers = [CELL_SEPARATOR.join(layout.header) for layout in layouts.values()]
    return np.asarray(frame["raw"].isin(headers), dtype=bool)


def _headings(frame: pd.DataFrame, words: pa.Array) -> np.ndarray:
    """Where several columns of people hold the name of one."""
    found = np.zeros(len(frame), dtype=np.int8)
    for name in _PEOPLE:
        if name in frame.columns:
            column = pc.utf8_trim_whitespace(pa.array(frame[name], pa.large_string()))
            found += pc.is_in(column, words).to_numpy(zero_copy_only=False)
    return np.asarray(found >= _ENOUGH)


def _marked(
    frame: pd.DataFrame, heading: np.ndarray, headers: Headers, layouts: dict[str, Layout], begun: dict[str, bool]
) -> pd.DataFrame:
    """Mark a frame; `begun` (sheet -> whether another list goes on in it) is brought up to its end."""
    sheets, raw = frame["sheet"].to_numpy(), frame["raw"].to_numpy()
    other, repeated = np.zeros(len(frame), dtype=bool), np.zeros(len(frame), dtype=bool)
    for sheet in dict.fromkeys(sheets.tolist()):
        here = sheets == sheet
        other[here] = begun.get(sheet, False)
        for at in np.flatnonzero(heading & here):
            cells = raw[at].split(CELL_SEPARATOR)
            if not header_hits(cells, headers):
                continue
            begun[sheet] = not _same(cells, layouts[sheet], headers)
            other[at:][here[at:]] = begun[sheet]
            repeated[at] = not begun[sheet]
    return frame.assign(other_list=other)[~repeated].reset_index(drop=True)


def _same(cells: list[str], layout: Layout, headers: Headers) -> bool:
    """Whether a header has its fields where the layout has them."""
    meanings = {index: meaning for index, cell in enumerate(cells) if (meaning := headers.meaning(cell))}
    known = {index: meaning for index, meaning in meanings.items() if is_field(meaning)}
    own = {index: meaning for index, cell in enumerate(layout.header) if is_field(meaning := headers.meaning(cell))}
    return all(own.get(index) == meaning for index, meaning in known.items())
