"""A file's checks as great-expectations sees them: a suite made of the checklist, run on what the rules' masks counted.

The masks (tasks/rules/check.py) name every failing row with all its reasons; the suite judges the file as a whole.
great-expectations costs seconds to import, so that happens only here and only when a file is checked.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import pandas as pd

from config.schema import Channel, CheckRule, Rules

# The value rule that says which share of rows may fail, by level or rule id.
TOLERATED = "C-TOLERATED"


@dataclass(frozen=True)
class RuleResult:
    """What the suite says of one rule: rows that fail, their share, the share allowed, whether that holds."""

    rule_id: str
    failing: int
    share: float
    allowed: float
    success: bool


@dataclass(frozen=True)
class FileResult:
    """What the suite says of a file; it holds counts only, never a value of a row."""

    rows: int
    rules: tuple[RuleResult, ...]

    @property
    def success(self) -> bool:
        """Whether every rule holds for the file."""
        return all(rule.success for rule in self.rules)

    @property
    def failed(self) -> tuple[RuleResult, ...]:
        """The rules that do not hold."""
        return tuple(rule for rule in self.rules if not rule.success)


def check_file(failing: Mapping[str, int], rows: int, rules: Rules, channel: Channel) -> FileResult:
    """Run the checklist's suite on a file's counts (rule id -> failing rows, absent = 0)."""
    applying = [rule for rule in rules.checklist if rule.when.applies(channel)]
    shares = {rule.id: failing.get(rule.id, 0) / rows if rows else 0.0 for rule in applying}
    # no row at all is within every share, and each expectation costs a small file more than reading it
    asked = [rule for rule in applying if shares[rule.id]]
    held = _validated(pd.DataFrame([shares]), asked, rules) if asked else {}
    return FileResult(
        rows,
        tuple(
            RuleResult(
                rule.id, failing.get(rule.id, 0), shares[rule.id], _allowed(rule, rules), held.get(rule.id, True)
            )
            for rule in applying
        ),
    )


def load_suites() -> None:
    """Import great-expectations ahead of the first check."""
    gx_module()


def build_suite(checks: list[CheckRule], rules: Rules) -> Any:
    """Make the great-expectations suite of some checks: one expectation each, rule id and source in its meta."""
    gx = gx_module()
    expectations = [
        gx.expectations.ExpectColumnValuesToBeBetween(
            column=rule.id,
            min_value=0.0,
            max_value=_allowed(rule, rules),
            meta={"rule": rule.id, "source": list(rule.source), "statement": rule.statement.en},
        )
        for rule in checks
    ]
    return gx.ExpectationSuite(name="checklist", expectations=expectations)


def ephemeral_context() -> Any:
    """A great-expectations context that leaves nothing behind and draws no progress bars."""
    gx = gx_module()
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    return context


@cache
def _whole_frames() -> Any:
    """What makes batches of frames, once for all files of a process."""
    asset = ephemeral_context().data_sources.add_pandas("leadflow").add_dataframe_asset("file")
    return asset.add_batch_definition_whole_dataframe("file")


def batch_of(frame: pd.DataFrame) -> Any:
    """A frame as a batch of an ephemeral context."""
    return _whole_frames().get_batch(batch_parameters={"dataframe": frame})


def _validated(frame: pd.DataFrame, checks: list[CheckRule], rules: Rules) -> dict[str, bool]:
    # BOOLEAN_ONLY: a result never repeats what it looked at.
    result = batch_of(frame).validate(build_suite(checks, rules), result_format="BOOLEAN_ONLY")
    return {one.expectation_config.meta["rule"]: bool(one.success) for one in result.results}


def _allowed(rule: CheckRule, rules: Rules) -> float:
    shares = rules.value(TOLERATED)
    return float(shares.get(rule.id, shares.get(rule.level, 0.0)))


def gx_module() -> Any:
    """Import great-expectations, which takes seconds, without its telemetry."""
    # Read when the package is imported, so it must stand before that.
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    import great_expectations

    return great_expectations
