"""A simulated year: datasets equal to plain SQL on the base tables, and the same bytes whenever a month is built again.

The SQL knows nothing of cut-offs: it is asked when everything is known.
"""

import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import text

from config.loader import load_config
from flows.reviewing import build, open_review
from models import Base
from models.db import make_engine, read_frame, upgrade
from tasks.need_types import NEED_TYPES, need_types
from tasks.review_checks import check_datasets
from tasks.rules.reviews.spans import read_span
from tests.reviews.conftest import REVIEWED, Year
from tests.reviews.year import ZONE

MONTH = "2025-08"
_KINDS = load_config(None).rules.value(NEED_TYPES)
KNOWN = datetime(2026, 6, 1, 9, tzinfo=ZONE)
_IN = "BETWEEN '2025-08-01' AND '2025-08-31'"
# facts of leads: each by its last event, its first grade after verification, and its outcome
_FACT = """
WITH last AS (SELECT lead_id, max(id) AS id FROM lead_event GROUP BY 1),
verified AS (SELECT lead_id, min(id) AS id FROM lead_event WHERE kind = 'verified' GROUP BY 1),
fact AS (
SELECT l.id, l.number, e.verdict, e.verdict_rule, coalesce(CASE WHEN v.id IS NULL THEN e.grade ELSE g.grade END, '')
AS grade,
coalesce(e.owner, '') AS owner, date(l.opened_at, '+8 hours') AS made, coalesce(o.result,
CASE WHEN e.verdict = 'invalid' THEN 'invalid' ELSE 'open' END) AS result, date(o.at, '+8 hours') AS closed,
b.channel, s.mark, date(l.contact_at, '+8 hours') AS contact
FROM lead l JOIN last x ON x.lead_id = l.id JOIN lead_event e ON e.id = x.id LEFT JOIN verified v ON v.lead_id = l.id
LEFT JOIN lead_event g ON g.id = v.id LEFT JOIN outcome o ON o.lead_id = l.id
JOIN submission s ON s.id = l.origin_id JOIN batch b ON b.id = s.batch_id WHERE l.status <> 'joined')
"""
_MOVES = """
WITH told AS (SELECT e.id, e.lead_id, e.tier, datetime(e.at, '+8 hours') AS at FROM lead_event e
JOIN lead l ON l.id = e.lead_id WHERE e.tier IS NOT NULL AND l.status <> 'joined'),
moves AS (SELECT t.*, lag(tier) OVER (PARTITION BY lead_id ORDER BY at, id) AS before FROM told t),
stays AS (SELECT lead_id, tier, at, lead(at) OVER (PARTITION BY lead_id ORDER BY at, id) AS left,
lead(tier) OVER (PARTITION BY lead_id ORDER BY at, id) AS next FROM moves WHERE before IS NULL OR before <> tier)
"""
_TIERS = _MOVES + "SELECT tier, count(*) FROM stays WHERE at < '{day}' AND (left IS NULL OR left >= '{day}') GROUP BY 1"
_FLOW = f"""{_MOVES} SELECT count(DISTINCT lead_id),
count(DISTINCT CASE WHEN left >= '2025-08-01' AND left < '2025-09-01' AND next IN ('高意向', '成交')
THEN lead_id END) FROM stays WHERE tier = '意向' AND at < '2025-09-01' AND (left IS NULL OR left >= '2025-08-01')
"""
_CHANNELS = f"""{_FACT} SELECT channel, count(*), sum(verdict = 'valid'), sum(verdict = 'to_verify'),
sum(verdict = 'invalid'), sum(result = 'won') FROM fact WHERE made {_IN} GROUP BY 1"""
_PROMISES = f"""
SELECT c.policy, coalesce(c.person, (SELECT a.person FROM assignment a WHERE a.lead_id = c.lead_id AND a.since <=
c.due_at
ORDER BY a.since DESC, a.id DESC LIMIT 1), '') AS who, count(*), coalesce(sum(c.ending = 'met'), 0),
coalesce(sum(c.ending = 'late'), 0),
sum(c.ended_at IS NULL) FROM clock c JOIN lead l ON l.id = c.lead_id AND l.status <> 'joined'
WHERE date(c.due_at, '+8 hours') {_IN} AND coalesce(c.ending, '') <> 'void' GROUP BY 1, 2
"""
_OBJECTIONS = f"""
SELECT CASE WHEN o.category <> '' THEN o.category WHEN o.text LIKE '%报价%' THEN '价格' WHEN o.text LIKE '%效率%' THEN
'效果'
WHEN o.text LIKE '%同行%' THEN '竞品' WHEN o.text LIKE '%审批%' THEN '决策' ELSE '其他' END AS theme, count(*),
sum(o.planned_at IS NOT NULL), sum(EXISTS (SELECT 1 FROM clock c WHERE c.policy = 'K-OBJECTION' AND c.subject_id = o.id
AND c.ending = 'met')) FROM objection o WHERE date(o.at, '+8 hours') {_IN} GROUP BY 1
"""
_FOLLOW_UPS = f"""
SELECT f.person, count(*), count(DISTINCT f.lead_id), sum(f.outcome <> 'not_reached'), sum(f.next_action IS NOT NULL)
FROM follow_up f WHERE date(f.at, '+8 hours') {_IN} GROUP BY 1
"""
_INTENT = f"""{_MOVES} SELECT count(DISTINCT f.lead_id) FROM follow_up f JOIN stays m ON m.lead_id = f.lead_id
AND m.at < '2025-09-01' AND (m.left IS NULL OR m.left >= '2025-09-01') AND m.tier IN ('意向', '高意向')
WHERE date(f.at, '+8 hours') {_IN}
"""
_A_DAY = f"""
SELECT count(DISTINCT lead_id) FROM (SELECT f.lead_id FROM follow_up f WHERE date(f.at, '+8 hours') {_IN}
GROUP BY f.lead_id, date(f.at, '+8 hours') HAVING count(*) >= 2)
"""
_NEVER = f"""
SELECT count(*) FROM (SELECT f.lead_id FROM follow_up f WHERE date(f.at, '+8 hours') {_IN} GROUP BY 1
HAVING count(*) >= 2 AND sum(f.outcome <> 'not_reached') = 0)
"""
_SILENT = f"""{_FACT} SELECT count(*) FROM fact t WHERE t.result = 'open' AND t.owner <> '' AND t.made <= '2025-08-31'
AND
julianday('2025-09-01') - julianday(coalesce((SELECT max(datetime(f.at, '+8 hours')) FROM follow_up f
WHERE f.lead_id = t.id AND datetime(f.at, '+8 hours') < '2025-09-01'), t.made)) > 30"""
_ENTRIES = f"""
SELECT s.entry_team, count(*), sum(s.issues = '') FROM submission s JOIN batch b ON b.id = s.batch_id
WHERE date(b.as_of, '+8 hours') {_IN} GROUP BY 1
"""
_POOL = f"""
SELECT count(DISTINCT lead_id) FROM lead_event WHERE kind = '{{kind}}' AND date(at, '+8 hours') {_IN}
"""
_WOKEN = f"""
SELECT count(DISTINCT f.lead_id) FROM follow_up f JOIN lead l ON l.id = f.lead_id AND l.status <> 'joined'
WHERE f.pause_kind = 'reactivate' AND date(f.pause_until, '+8 hours') {_IN}
"""
_MARKS = f"""{_FACT} SELECT CASE mark WHEN '高意向' THEN '高' ELSE mark END AS level, grade, count(*), sum(verdict =
'valid'),
sum(result = 'won') FROM fact WHERE made {_IN} AND mark IS NOT NULL GROUP BY 1, 2"""
_CALIBRATION = f"""{_FACT} SELECT grade, count(*), sum(result = 'won') FROM fact
WHERE closed {_IN} AND result IN ('won', 'lost') GROUP BY 1"""
_CYCLE = f"""{_FACT} SELECT avg(julianday(closed) - julianday(coalesce(contact, made))) FROM fact
WHERE closed {_IN} AND result = 'won' AND julianday(closed) >= julianday(coalesce(contact, made))"""
_SCREENING = f"{_FACT} SELECT verdict_rule, count(*) FROM fact WHERE made {_IN} GROUP BY 1"


@pytest.fixture(scope="module")
def month(played: Year) -> dict[str, pd.DataFrame]:
    """The datasets of a month, of which everything is known."""
    review = open_review(played.engine, played.settings, played.config, read_span("monthly", MONTH), KNOWN)
    return build(review).datasets


def by_sql(played: Year, statement: str) -> dict[Any, Any]:
    """What a statement gives: the first column (or columns of text) → the numbers behind it."""
    with played.engine.connect() as conn:
        rows = [tuple(row) for row in conn.execute(text(statement.replace(":", "\\:")))]
    found: dict[Any, Any] = {}
    for row in rows:
        keys = tuple(one for one in row if isinstance(one, str) or one is None)
        found[keys if len(keys) > 1 else (keys[0] if keys else None)] = row[len(keys) :]
    return found


def told(frame: pd.DataFrame, keys: list[str], columns: list[str]) -> dict[Any, Any]:
    """The same of a dataset."""
    rows = frame[[*keys, *columns]].itertuples(index=False)
    return {tuple(row[: len(keys)]) if len(keys) > 1 else row[0]: tuple(row[len(keys) :]) for row in rows}


def test_tiers_are_those_of_plain_sql(played: Year, month: dict[str, pd.DataFrame]) -> None:
    for column, day in (("before", "2025-08-01"), ("now", "2025-09-01")):
        stock = {tier: n for tier, (n,) in by_sql(played, _TIERS.format(day=day)).items()}
        assert {row["tier"]: row[column] for row in month["tiers"].to_dict("records") if row[column]} == stock
    [flow] = by_sql(played, _FLOW).values()
    line = month["tiers"].set_index("tier").loc["高意向"]
    assert (line["stood"], line["moved"]) == flow
    assert flow[1] > 0
    assert line["of_stock"] == line["now"] / month["tiers"].set_index("tier").loc["意向", "now"]


def test_needs_are_told_apart_by_the_words_of_their_rows(played: Year, month: dict[str, pd.DataFrame]) -> None:
    told_types = need_types(pd.Series(["现有产线升级改造", "采购产线", "更换旧设备", "先了解"]), _KINDS)
    assert told_types.tolist() == ["升级改造", "新购新建", "替换更新", ""]
    cells = month["dimensions"]
    own = cells[(cells["dimension"] == "need_type") & (cells["view"] == "cohort")]
    assert own[["value", "leads"]].to_numpy().tolist() == [["新购新建", month["periods"]["leads"].iloc[-1]]]


def test_channels_tell_what_a_valid_lead_costs(played: Year, month: dict[str, pd.DataFrame]) -> None:
    channels = month["channels"]
    wanted = by_sql(played, _CHANNELS)
    found = told(channels[channels["leads"] > 0], ["channel"], ["leads", "valid", "to_verify", "invalid", "won"])
    assert found == wanted
    cost = channels.set_index("channel")["cost"]
    assert cost["fair"] == pytest.approx(31_000)
    assert {rule: n for rule, (n,) in by_sql(played, _SCREENING).items()} == (
        month["screening"].groupby("verdict_rule")["leads"].sum().to_dict()
    )
    for row in channels[channels["valid"] > 0].dropna(subset="cost").to_dict("records"):
        assert row["cost_per_valid"] == pytest.approx(row["cost"] / row["valid"])


def test_promises_and_follow_ups_are_those_of_plain_sql(played: Year, month: dict[str, pd.DataFrame]) -> None:
    mine = month["promises"][month["promises"]["by"] == "person"]
    assert told(mine, ["policy", "value"], ["due", "met", "late", "missed"]) == by_sql(played, _PROMISES)
    every = month["promises"]
    sums = every.groupby(["policy", "by"])["due"].sum().unstack()
    assert (sums["all"] == sums["person"]).all()
    assert (sums["all"] == sums["team"]).all()
    people = month["follow_ups"][month["follow_ups"]["by"] == "person"]
    assert told(people, ["value"], ["contacts", "leads", "answered", "with_next"]) == by_sql(played, _FOLLOW_UPS)
    whole = month["follow_ups"].iloc[0]
    assert whole["intent"] == by_sql(played, _INTENT)[None][0]
    assert whole["intent_share"] == whole["intent"] / whole["leads"]


def test_objections_and_patterns_are_those_of_plain_sql(played: Year, month: dict[str, pd.DataFrame]) -> None:
    found = told(month["objections"], ["theme"], ["objections", "planned", "planned_in_time"])
    assert found == by_sql(played, _OBJECTIONS)
    patterns = month["patterns"][month["patterns"]["by"] == "all"].set_index("pattern")["leads"]
    for pattern, statement in (("a_day", _A_DAY), ("unanswered", _NEVER), ("silent", _SILENT)):
        assert patterns.get(pattern, 0) == by_sql(played, statement)[None][0], pattern
    assert patterns["silent"] > 0


def test_entries_pool_marks_and_grades_are_those_of_plain_sql(played: Year, month: dict[str, pd.DataFrame]) -> None:
    assert told(month["entries"], ["team"], ["rows", "complete"]) == by_sql(played, _ENTRIES)
    pool = month["pool"].set_index("kind")["leads"]
    assert pool["reactivated"] == by_sql(played, _WOKEN)[None][0]
    for kind in ("pooled", "claimed"):
        assert pool[kind] == by_sql(played, _POOL.format(kind=kind))[None][0]
    assert told(month["marks"], ["mark", "grade"], ["leads", "valid", "won"]) == by_sql(played, _MARKS)
    closed = by_sql(played, _CALIBRATION)
    grades = told(month["calibration"], ["grade"], ["leads", "won"])
    assert {grade: counts for grade, counts in grades.items() if counts[0]} == {
        grade: counts for grade, counts in closed.items() if grade in "ABC" and grade
    }
    assert month["periods"]["cycle_mean_days"].iloc[-1] == pytest.approx(by_sql(played, _CYCLE)[None][0])


def test_every_dataset_passes_its_checks_and_a_false_one_does_not(month: dict[str, pd.DataFrame]) -> None:
    assert check_datasets(month) == []
    false = month | {"promises": month["promises"].assign(due=month["promises"]["due"] + 1)}
    assert check_datasets(false)


def test_each_month_built_again_into_an_empty_folder_has_the_bytes_that_were_sent(played: Year, tmp_path: Path) -> None:
    shutil.copytree(played.folder / "home", tmp_path / "home")
    engine = make_engine(f"sqlite:///{tmp_path / 'home' / 'leadflow.db'}")
    assert {label for label, _ in played.files} == set(REVIEWED)
    for (label, scope), sent in played.files.items():
        span = read_span("monthly", label)
        again = build(open_review(engine, played.settings, played.config, span, played.cut(span)), scope).files
        assert [name for name in sent if sent[name] != again[name]] == [], (label, scope)
        assert sent.keys() == again.keys()
    with engine.connect() as conn:
        # and it is no wonder: what came later would have changed them
        past = read_frame(conn, "SELECT count(*) AS n FROM clock_past")["n"].iloc[0]
        late = read_frame(conn, "SELECT count(*) AS n FROM lead_event WHERE tier IS NOT NULL AND at < recorded_at")
    assert past > 100
    assert late["n"].iloc[0] > 100
    engine.dispose()


def test_what_became_known_later_is_restated(played: Year) -> None:
    span = read_span("monthly", "2025-09")
    review = open_review(played.engine, played.settings, played.config, span, played.cut(span))
    found = build(review).datasets["restatements"]
    assert len(found)
    line = found.iloc[0]
    column = "opened_at" if line["figure"] == "leads" else "at"
    result = f"o.result = '{line['figure']}' AND " if column == "at" else ""
    query = f"""SELECT count(*) FROM outcome o WHERE {result} strftime('%Y-%m', o.at, '+8 hours') = '{line["month"]}'
    AND o.recorded_at <= '{review.as_of.astimezone(ZONE):%Y-%m-%d}'"""
    assert by_sql(played, query)[None][0] == line["now"]
    assert line["now"] != line["before"]


def test_postgresql_gives_the_bytes_of_sqlite(played: Year, postgres_url: str) -> None:
    engine = make_engine(postgres_url)
    upgrade(engine)
    with played.engine.connect() as source, engine.begin() as target:
        for table in Base.metadata.sorted_tables:
            target.execute(table.delete()) if table.name != "lead_event" else None
            rows = [dict(row) for row in source.execute(table.select()).mappings()]
            if rows and table.name not in ("review", "review_row"):
                target.execute(table.insert(), rows)
    label = REVIEWED[1]
    span = read_span("monthly", label)
    review = open_review(engine, played.settings, played.config, span, played.cut(span))
    files = build(review).files
    sent = played.files[label, ""]
    assert [name for name in sent if sent[name] != files[name]] == []
    engine.dispose()
