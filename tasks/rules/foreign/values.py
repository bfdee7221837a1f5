"""Fields of foreign leads: taken from their columns, mapped, grouped; results and stages by rule."""

import re
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd

from config.history import FieldMap, History, Needs
from tasks.rules.foreign.amounts import read_amounts
from tasks.rules.foreign.tables import Joined, Problems, column_key, side_by_side

Mask = npt.NDArray[np.bool_]
#: Stages of leads that ended where the mapping names none for them.
CLOSED, WON = "closed", "won"
_TRUE = {"true", "yes", "y", "t", "1", "1.0", "是", "x", "√", "on"}
_FALSE = {"false", "no", "n", "f", "0", "0.0", "否", "off"}


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
            problems.add("mapping", name, f"column {column}: {joined.missing(column)}")
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
    found = text.map({one: wanted[key] for one in text.unique() if (key := column_key(one)) in wanted})
    unknown = (found.isna() & (text != "")).to_numpy(dtype=bool)
    if field.others == "refuse":
        problems.add_rows(joined.rows, unknown, told(name, field), "{} is not in its map", text)
    return found.fillna("" if field.others == "blank" else text).astype("str")


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
                problems.add("mapping", "result", f"column {column}: {joined.missing(column)}")
                return found
            asked.append(name)
            fits &= _meets(joined, column, joined.rows[name], needs, problems)
        found = found.mask(fits & (found == "").to_numpy(), rule.then)
    undecided = (found == "").to_numpy()
    if undecided.any():
        seen = joined.rows[list(dict.fromkeys(asked))]
        texts = side_by_side([seen[name] for name in seen.columns], " / ")
        asked_of = ", ".join(dict.fromkeys(column for rule in history.result for column in rule.when))
        problems.add_rows(joined.rows, undecided, f"{asked_of} (result)", "{} fits no rule of result", texts)
    return found


def _meets(joined: Joined, column: str, cells: pd.Series, needs: Needs, problems: Problems) -> Mask:
    fits = np.ones(len(cells), dtype=bool)
    if needs.among is not None:
        wanted = set().union(*({*_same(word)} for word in needs.among))
        fits &= cells.map({text: column_key(text) in wanted for text in cells.unique()}).to_numpy(dtype=bool)
    if needs.filled is not None:
        fits &= ((cells != "") == needs.filled).to_numpy()
    if needs.at_least is not None or needs.at_most is not None:
        amounts = read_amounts(cells.str.rstrip("%"))
        problems.add_rows(joined.rows, amounts.unread, column, "{} is no number", cells)
        with np.errstate(invalid="ignore"):
            fits &= amounts.values >= (needs.at_least if needs.at_least is not None else -np.inf)
            fits &= amounts.values <= (needs.at_most if needs.at_most is not None else np.inf)
    return fits


def _same(word: str) -> set[str]:
    """The texts that mean the same as a word of a mapping: true is also yes, 1 …; 1 is also 1.0."""
    key = column_key(word)
    if key in ("true", "false"):
        return _TRUE if key == "true" else _FALSE
    return {key, f"{key}.0"} if key.isdigit() else {key}


def stages(joined: Joined, history: History, result: pd.Series, problems: Problems) -> pd.DataFrame:
    """Stage and place of each lead; '' and -1 where none is said.

    A won lead has come to the last stage, or to the one of the won that is said. A lost one has the stage that is said
    of it, else `closed`.
    """
    nothing = pd.DataFrame({"stage": "", "place": -1}, index=joined.rows.index).astype({"stage": "str"})
    if history.stage is None:
        return nothing
    order, won = stage_order(history)
    said = value_of(joined, "stage", history.stage, problems)
    keys = {column_key(stage): stage for stage in order}
    stage = said.map({text: keys.get(column_key(text), "") for text in said.unique()}).astype("str")
    strange = ((stage == "") & (said != "")).to_numpy() & (result == "open").to_numpy()
    problems.add_rows(joined.rows, strange, told("stage", history.stage), "{} is not in its order", said)
    lost = (result == "lost") & ((stage == "") | stage.isin(won))
    stage = stage.mask(lost, CLOSED).mask((result == "won") & ~stage.isin(won), order[-1])
    places = {one: place for place, one in enumerate(order)}
    return pd.DataFrame({"stage": stage, "place": stage.map(places).fillna(-1).astype("int64")})


def stage_order(history: History) -> tuple[list[str], list[str]]:
    """All stages from the first to the last, and those that only won leads have, which stand last.

    Between them stands `closed`, for leads of which nothing is known but that they were lost: stages of the mapping's
    own for these are not told apart from it. It follows from the mapping alone: the same whatever the files hold.
    """
    stage = history.stage
    if stage is None:
        return [], []
    won = [one for one in stage.order if _is_of("won", one, history)]
    lost = [one for one in stage.order if _is_of("lost", one, history)]
    others = [one for one in stage.order if one not in won and one not in lost and one != CLOSED]
    won = won or [WON]
    return [*others, CLOSED, *won], won


def _is_of(result: str, stage: str, history: History) -> bool:
    """Whether a stage is one of won (lost) leads: by the rules of the result, else by its name."""
    if history.stage is None or stage == CLOSED:
        return False
    own = {column_key(column) for column in history.stage.columns}
    said = {column_key(word): column_key(value) for word, value in history.stage.map.items()}
    told = [
        (rule.then, {said.get(column_key(word), column_key(word)) for word in needs.among or ()})
        for rule in history.result
        for column, needs in rule.when.items()
        if len(rule.when) == 1 and column_key(column) in own
    ]
    then = {one for one, words in told if column_key(stage) in words}
    return then == {result} if then else bool(re.search(_NAMES[result], stage, re.IGNORECASE))


_NAMES = {
    "won": r"\bwon\b|\bwin\b|closed-?won|(?<!not )\bconverted\b|赢单|成交|签约成功",
    "lost": r"\blost\b|\bloss\b|closed-?lost|\bdead\b|\bdisqualified\b|\bnot converted\b|输单|流失|丢单|战败",
}
