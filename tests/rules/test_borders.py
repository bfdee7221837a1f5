"""Promises that begin anew with each contact, where contacts are told otherwise: merged, shifted, parted."""

import pandas as pd
import pytest

from tasks.rules.borders import Span, told_anew

#: spans (start, end, ending), borders before and after, what is given: (id, start, end, ending, new).
CASES = {
    "the last border gone: what ended there runs on": (
        [(1, 5, "met"), (5, 0, "")], {1, 5}, {1}, [(0, 1, 0, "", False), (1, 5, 5, "void", False)],
    ),
    "one between others gone: what ended there goes on to the next": (
        [(1, 5, "met"), (5, 8, "late"), (8, 0, "")], {1, 5, 8}, {1, 8},
        [(0, 1, 8, "late", False), (1, 5, 5, "void", False)],
    ),
    "the first border gone: what began there begins with the next": (
        [(1, 0, "")], {1}, {3}, [(0, 3, 0, "", False)],
    ),
    "the first border gone and no other: nothing was promised": ([(1, 0, "")], {1}, set(), [(0, 1, 1, "void", False)]),
    "a border a little later is the same one": (
        [(1, 5, "met"), (5, 0, "")], {1, 5}, {1, 6}, [(0, 1, 6, "met", False), (1, 6, 0, "", False)],
    ),
    "beyond another one it is taken away here and put there": (
        [(1, 5, "met"), (5, 8, "met"), (8, 20, "met"), (20, 0, "")], {1, 5, 8, 20}, {1, 8, 12, 20},
        [(0, 1, 8, "met", False), (1, 5, 5, "void", False), (2, 8, 12, "met", False), (2, 12, 20, "met", True)],
    ),
    "a new border parts what had ended": (
        [(1, 9, "late"), (9, 0, "")], {1, 9}, {1, 4, 9}, [(0, 1, 4, "met", False), (0, 4, 9, "late", True)],
    ),
    "what runs is left to whoever follows the events": ([(1, 0, "")], {1}, {1, 4}, []),
    "nothing else, nothing given": ([(1, 5, "met"), (5, 0, "")], {1, 5}, {1, 5}, []),
    "what ended there and had no next was never ended so": ([(1, 5, "met")], {1, 5}, {1}, [(0, 1, 5, "void", False)]),
}  # fmt: skip


def day(number: int) -> pd.Timestamp:
    return pd.Timestamp("2024-03-01") + pd.Timedelta(days=number) if number else pd.NaT


@pytest.mark.parametrize("name", list(CASES))
def test_borders(name: str) -> None:
    spans, before, after, expected = CASES[name]
    told = [Span(place, day(start), day(end), ending) for place, (start, end, ending) in enumerate(spans)]
    was, now = ({day(one) for one in borders} for borders in (before, after))
    found = told_anew(told, was - now, now - was, now, set())
    assert [(one.clock_id, one.start, one.end if not one.runs else 0, one.ending, one.new) for one in found] == [
        (place, day(start), day(end) if end else 0, ending, new) for place, start, end, ending, new in expected
    ]


def test_what_a_standing_pause_restarted_keeps_its_start() -> None:
    spans = [Span(0, day(1), day(5), "met"), Span(1, day(9), pd.NaT, "")]
    [ended, begun] = told_anew(spans, {day(5)}, set(), {day(1)}, {day(9)})
    assert (ended.start, ended.runs, begun.ending) == (day(9), True, "void")
    spans = [Span(0, day(1), day(5), "met"), Span(1, day(9), pd.NaT, "")]
    [ended, _] = told_anew(spans, {day(5)}, set(), {day(1)}, set())
    assert (ended.start, ended.runs) == (day(1), True), "the pause went with the record"
