"""What of a follow-up is hinted at, column by column: never a reason to refuse it (H1-3.4-record, H1-3.4-next)."""

import pandas as pd

from config.errors import ConfigError
from config.schema import Rules
from tasks.rules.follow_up_check import RECORD, fault, fault_frame
from tasks.rules.next_action import vague
from tasks.rules.objections import categories

#: What should say what is done by whom until when.
_AHEAD = ("next_action", "plan")
NOT_REACHED = "not_reached"


def hints_of(rows: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """Everything that is hinted at of records, a row a hint: FAULT_COLUMNS, as faults_of gives what is wrong.

    Said in vague words; not said at all although the customer answered, or there is a contract; an objection of a
    category of one's own.
    """
    asked, contract = (_fields(rows, rules, key) for key in ("asked", "contract"))
    answered = (rows["outcome"] != NOT_REACHED).to_numpy(dtype=bool)
    # a contract of which half is told wins nothing
    signed = rows[contract].notna().any(axis=1).to_numpy(dtype=bool)
    own = rows["category"].notna() & ~rows["category"].isin(categories(rules))
    return fault_frame(
        [
            *(fault(vague(rows[name], rules), name, "vague") for name in _AHEAD),
            *(fault(rows[name].isna().to_numpy(dtype=bool) & answered, name, "unsaid") for name in asked),
            *(fault(rows[name].isna().to_numpy(dtype=bool) & signed, name, "unsaid") for name in contract),
            fault(own, "category", "own_category", rows["category"]),
        ]
    )


def _fields(rows: pd.DataFrame, rules: Rules, key: str) -> list[str]:
    """Fields that a part of the rule names; a company's own rule may leave the part out."""
    names = list(rules.value(RECORD).get(key, ()))
    strange = [name for name in names if name not in rows]
    if strange:
        raise ConfigError(f"{strange[0]} is no field of a follow-up", file="follow_ups.yaml", rule=RECORD, key=key)
    return names
