"""Which rows of a foreign file count, and in which order they stand: history rows, several versions of a record."""

from dataclasses import replace
from typing import Literal

import numpy as np
import pandas as pd

from config.history import History, HistoryFile
from tasks.rules.foreign.dates import read_moments
from tasks.rules.foreign.needs import meets
from tasks.rules.foreign.stages import stage_order
from tasks.rules.foreign.tables import Part, Problems, column_key


def counted_rows(part: Part, file: HistoryFile, history: History, business: str, problems: Problems) -> Part:
    """The rows that count (`only`), by what the mapping calls their order, the furthest stage last.

    business: the business time zone.
    """
    rows = part.rows
    kept = np.ones(len(rows), dtype=bool)
    for column, needs in file.only.items():
        key = _key(part, column, problems)
        if key is not None:
            kept &= meets(rows, column, rows[key], needs, problems)
    rows = rows[kept]
    keys = {}
    if file.order is not None and (key := _key(part, file.order, problems)) is not None:
        keys["\x00order"] = _ordinal(rows, file.order, rows[key], history, business, problems)
    if file.several == "furthest":
        keys = {"\x00stage": _places(part, rows, history, problems), **keys}
    # what has no date is as good as any other: it never takes the place of one that has
    blank: Literal["first", "last"] = "last" if file.several == "first" else "first"
    if keys:
        rows = rows.assign(**keys).sort_values(list(keys), kind="stable", na_position=blank).drop(columns=list(keys))
    return replace(part, rows=rows.reset_index(drop=True))


def _key(part: Part, column: str, problems: Problems) -> str | None:
    key = column_key(column)
    if key in part.columns:
        return key
    where = str(part.rows["file"].iloc[0]) if len(part.rows) else part.name
    problems.add(where, column, part.missing(column))
    return None


def _ordinal(
    rows: pd.DataFrame, column: str, cells: pd.Series, history: History, business: str, problems: Problems
) -> pd.Series:
    """What rows are ordered by: numbers where all are numbers, else times."""
    numbers = pd.to_numeric(cells.mask(cells == ""), errors="coerce")
    if bool((numbers.notna() | (cells == "")).all()):
        return numbers
    read = read_moments(cells, history.dates, history.zone or business, business)
    if read.fault:
        problems.add(str(rows["file"].iloc[0]), column, read.fault)
    else:
        problems.add_rows(rows, read.unread, column, "{} is no date or number to be ordered by", cells)
    return read.at


def _places(part: Part, rows: pd.DataFrame, history: History, problems: Problems) -> pd.Series:
    """How far the stage of each row lies; what is no stage of an open or won lead comes before all."""
    stage = history.stage
    named = [column_key(column.removeprefix(f"{part.name}.")) for column in stage.columns] if stage else []
    key = next((one for one in named if one in part.columns), None)
    if stage is None or key is None:
        where = str(rows["file"].iloc[0]) if len(rows) else part.name
        problems.add(where, "", "several: furthest needs a stage of which the column stands in this file")
        return pd.Series(-1, index=rows.index)
    said = {column_key(word): value for word, value in stage.map.items()}
    places = {column_key(one): place for place, one in enumerate(stage_order(history)[0])}
    once = {text: places.get(column_key(said.get(column_key(text), text)), -1) for text in rows[key].unique()}
    return rows[key].map(once).astype("int64")
