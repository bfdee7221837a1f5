"""How far foreign leads came: the stages of their mapping, in order, and the one that each has reached."""

import re

import pandas as pd

from config.history import History
from tasks.rules.foreign.tables import MAPPING, Joined, Problems, column_key
from tasks.rules.foreign.values import told, value_of

#: Stages of leads that ended where the mapping names none for them.
CLOSED, WON = "closed", "won"


def stages(joined: Joined, history: History, result: pd.Series, problems: Problems) -> pd.DataFrame:
    """Stage and place of each lead; '' and -1 where none is said.

    A won lead has come to the last stage, or to the one of the won that is said. A lost one has the stage that is said
    of it, else `closed`.
    """
    nothing = pd.DataFrame({"stage": "", "place": -1}, index=joined.rows.index).astype({"stage": "str"})
    if history.stage is None:
        return nothing
    order, won = stage_order(history)
    if history.stage.entered:
        said = _furthest(joined, history, result, problems)
    else:
        said = value_of(joined, "stage", history.stage, problems)
    keys = {column_key(stage): stage for stage in order}
    stage = said.map({text: keys.get(column_key(text), "") for text in said.unique()}).astype("str")
    strange = ((stage == "") & (said != "")).to_numpy() & (result == "open").to_numpy()
    problems.add_rows(joined.rows, strange, told("stage", history.stage), "{} is not in its order", said)
    lost = (result == "lost") & ((stage == "") | stage.isin(won))
    stage = stage.mask(lost, CLOSED).mask((result == "won") & ~stage.isin(won), order[-1])
    places = {one: place for place, one in enumerate(order)}
    return pd.DataFrame({"stage": stage, "place": stage.map(places).fillna(-1).astype("int64")})


def _furthest(joined: Joined, history: History, result: pd.Series, problems: Problems) -> pd.Series:
    """The furthest stage of which the column is filled; those of won leads say nothing of the others."""
    entered = history.stage.entered if history.stage else {}
    order, won = stage_order(history)
    said = pd.Series("", index=joined.rows.index, dtype="str")
    for stage in sorted(entered, key=lambda one: order.index(one) if one in order else -1):
        found = joined.find(entered[stage])
        if found is None:
            problems.add(MAPPING, "stage", f"column {entered[stage]}: {joined.missing(entered[stage])}")
        elif stage in order:
            counts = (joined.rows[found] != "") & ((result == "won") | (stage not in won))
            said = said.mask(counts, stage)
    return said


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
    # a stage of which the column is filled only where a lead was won
    said_by = column_key(history.stage.entered.get(stage, ""))
    told += [
        (rule.then, {column_key(stage)})
        for rule in history.result
        for column, needs in rule.when.items()
        if len(rule.when) == 1 and needs.filled and column_key(column) == said_by
    ]
    then = {one for one, words in told if column_key(stage) in words}
    return then == {result} if then else bool(re.search(_NAMES[result], stage, re.IGNORECASE))


_NAMES = {
    "won": r"\bwon\b|\bwin\b|closed[-_]?won|(?<!not )\bconverted\b|赢单|成交|签约成功|"
    r"gewonnen|\bganad[oa]|\bganho|\bgagn|\bvint[oa]\b",
    "lost": r"\blost\b|\bloss\b|closed[-_]?lost|\bdead\b|\bdisqualified\b|\bnot converted\b|输单|流失|丢单|战败|"
    r"verloren|\bperdid[oa]|\bperdu|\bpers[oa]\b",
}
