"""Fields of foreign leads: taken from their columns, mapped, grouped; results by rule."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from config.history import FieldMap, History
from tasks.rules.foreign.amounts import read_amounts
from tasks.rules.foreign.needs import meets
from tasks.rules.foreign.tables import MAPPING, Joined, Problems, column_key, side_by_side


def value_of(joined: Joined, name: str, field: FieldMap, problems: Problems) -> pd.Series:
    """The texts of a field, '' where nothing is said."""
    text = source_text(joined, name, field, problems)
    if field.bands:
        return _banded(joined, name, field, text, problems)
    return _mapped(joined, name, field, text, problems)


def told(name: str, field: FieldMap) -> str:
    """A field with the columns that it comes from, as problems name it."""
    columns = ", ".join(field.columns)
    return name if columns in ("", name) else f"{columns} ({name})"


def source_text(joined: Joined, name: str, field: FieldMap, problems: Problems) -> pd.Series:
    """What its columns say of a field: the first that is not blank, or all with the separator between them."""
    if field.value is not None:
        return pd.Series(field.value, index=joined.rows.index, dtype="str")
    text = pd.Series("", index=joined.rows.index, dtype="str")
    for column in field.columns:
        found = joined.find(column)
        if found is None:
            problems.add(MAPPING, name, f"column {column}: {joined.missing(column)}")
            continue
        cells = joined.rows[found]
        if field.separator is None:
            text = text.where(text != "", cells)
        else:
            text = text.where(cells == "", text.where(text == "", text + field.separator) + cells)
    return text


def _mapped(joined: Joined, name: str, field: FieldMap, text: pd.Series, problems: Problems) -> pd.Series:
    if not field.map:
        return text
    wanted = {column_key(key): value for key, value in field.map.items()}
    keys = {one: column_key(one) for one in text.unique()}
    unknown = (text.isin([one for one, key in keys.items() if key not in wanted]) & (text != "")).to_numpy(dtype=bool)
    if field.others == "refuse":
        problems.add_rows(joined.rows, unknown, told(name, field), "{} is not in its map", text)
    return text.map({one: wanted.get(key, "" if field.others == "blank" else one) for one, key in keys.items()})


def _banded(joined: Joined, name: str, field: FieldMap, text: pd.Series, problems: Problems) -> pd.Series:
    once = pd.Series(text.unique(), dtype="str")
    amounts = read_amounts(once)
    unread = text.isin(once[amounts.unread]).to_numpy(dtype=bool)
    problems.add_rows(joined.rows, unread, told(name, field), "{} is no number", text)
    place = np.searchsorted(np.array(field.bands), amounts.values, side="right") - 1
    labels = np.array([*_labels(field.bands), f"<{field.bands[0]:g}", ""], dtype=object)
    place = np.where(np.isnan(amounts.values), len(labels) - 1, np.where(place < 0, len(labels) - 2, place))
    return text.map(dict(zip(once, labels[place], strict=True))).astype("str")


def _labels(bands: Sequence[float]) -> list[str]:
    last = f"{bands[-1]:g}+"
    whole = all(float(bound).is_integer() for bound in bands)
    return [f"{low:g}-{high - 1 if whole else high:g}" for low, high in pairwise(bands)] + [last]


def results(joined: Joined, history: History, problems: Problems) -> pd.Series:
    """won, lost or open of each lead: the first rule that fits."""
    found = pd.Series("", index=joined.rows.index, dtype="str")
    if not history.result:
        return found.mask(found == "", "open")
    asked: list[str] = []
    for rule in history.result:
        fits = np.ones(len(joined.rows), dtype=bool)
        for column, needs in rule.when.items():
            name = joined.find(column)
            if name is None:
                problems.add(MAPPING, "result", f"column {column}: {joined.missing(column)}")
                return found
            asked.append(name)
            fits &= meets(joined.rows, column, joined.rows[name], needs, problems)
        found = found.mask(fits & (found == "").to_numpy(), rule.then)
    undecided = (found == "").to_numpy()
    if undecided.any():
        seen = joined.rows[list(dict.fromkeys(asked))]
        texts = side_by_side([seen[name] for name in seen.columns], " / ")
        asked_of = ", ".join(dict.fromkeys(column for rule in history.result for column in rule.when))
        problems.add_rows(joined.rows, undecided, f"{asked_of} (result)", "{} fits no rule of result", texts)
    return found
