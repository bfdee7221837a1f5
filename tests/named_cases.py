"""The named cases of tests/cases, as parameters of a test."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from ruamel.yaml import YAML

from config.schema import Rules

CASES = Path(__file__).parent / "cases"
ZONE = "Asia/Shanghai"
# After the day of receipt of every case; the cases' own contact day is 2024-03-15.
RECEIVED_AT = datetime(2024, 4, 1, 1, 0, tzinfo=UTC)


def load(name: str) -> list[Any]:
    """Read one file of cases."""
    loaded = YAML(typ="safe").load(CASES / f"{name}.yaml")
    assert isinstance(loaded, list)
    return loaded


def each(name: str) -> pytest.MarkDecorator:
    """Run a test once per case of a file, under the case's name."""
    cases = load(name)
    return pytest.mark.parametrize("case", cases, ids=[case["name"] for case in cases])


def one_row(cells: dict[str, Any]) -> pd.DataFrame:
    """A frame of one row; texts as `str` columns, numbers as float64, flags as they are."""
    return pd.DataFrame({name: _column(name, value) for name, value in cells.items()})


def with_value(rules: Rules, rule_id: str, value: Any) -> Rules:
    """The rules in force on the day of the cases, with another value of one of them."""
    values = {
        family: tuple(rule.model_copy(update={"value": value}) if rule.id == rule_id else rule for rule in entries)
        for family, entries in rules.values.items()
    }
    return rules.model_copy(update={"values": values}).at(RECEIVED_AT.date())


def _column(name: str, value: Any) -> Any:
    if name in ("budget_min", "budget_max"):
        return pd.Series([value], dtype="float64")
    return pd.Series([value]) if isinstance(value, bool) else pd.Series([value], dtype="str")
