"""Which database a test runs on: each one on both, but for decisions in the short form of the whole suite.

What a person or a clock decides is the same code on either database, and most statements that it needs are asked by
many of these tests: of each of their pairs the whole suite runs one, turn about. The mark `each_database` is on those
that alone ask something of the base. A test that is named runs on both, and `LEADS_TEST_FULL=1` runs all on both.
"""

import os
from collections import defaultdict
from itertools import cycle

import pytest

_BOTH = ("sqlite", "postgresql")
_DECISIONS = (
    "tests/flows/test_by_hand.py",
    "tests/flows/test_record_files.py",
    "tests/flows/test_same_leads.py",
    "tests/foreign/test_import_history.py",
    "tests/reviews/test_lead_facts.py",
    "tests/tasks/test_blocks.py",
    "tests/tasks/test_clocks.py",
    "tests/tasks/test_corrections.py",
    "tests/tasks/test_day.py",
    "tests/tasks/test_follow_ups.py",
    "tests/tasks/test_handbook.py",
    "tests/tasks/test_held.py",
    "tests/tasks/test_judge.py",
    "tests/tasks/test_moved_leads.py",
    "tests/tasks/test_objections.py",
    "tests/tasks/test_plans.py",
    "tests/tasks/test_pool.py",
    "tests/tasks/test_promises_listed.py",
    "tests/tasks/test_quality.py",
    "tests/tasks/test_recycle.py",
    "tests/tasks/test_revert.py",
    "tests/tasks/test_settle.py",
    "tests/tasks/test_state.py",
    "tests/tasks/test_sweep.py",
    "tests/tasks/test_turns_kept.py",
    "tests/web/test_own_pages.py",
    "tests/web/test_people.py",
    "tests/web/test_plans.py",
    "tests/web/test_promised.py",
    "tests/web/test_record_api.py",
    "tests/web/test_verify.py",
)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the other one of each pair, where the whole suite runs in its short form."""
    whole = config.args_source is pytest.Config.ArgsSource.TESTPATHS
    if not whole or os.environ.get("LEADS_TEST_FULL") == "1":
        return
    left_out = _left_out([item.nodeid for item in items if item.get_closest_marker("each_database") is None])
    config.hook.pytest_deselected(items=[item for item in items if item.nodeid in left_out])
    items[:] = [item for item in items if item.nodeid not in left_out]


def _left_out(names: list[str]) -> set[str]:
    pairs: dict[str, dict[str, str]] = defaultdict(dict)
    for name in names:
        if name.startswith(_DECISIONS):
            for database in _BOTH:
                if database in name.rpartition("[")[2]:
                    pairs[name.replace(database, "")][database] = name
    turns = cycle(_BOTH)
    return {pair[next(turns)] for pair in pairs.values() if len(pair) == len(_BOTH)}
