"""That the tables of a company's own still decide about every lead, on every day on which the shipped ones do."""

from collections.abc import Iterable, Sequence
from datetime import date

from config import facts
from config.errors import ConfigError
from config.overlay import Entry
from config.schema import DecisionRule, Rules

#: Tables that must decide about every lead.
DECIDING = ("screening", "grading")

Pairs = Sequence[tuple[Entry, DecisionRule]]


def refuse_gap(table: str, rules: Rules, pairs: Pairs, shipped: Pairs) -> None:
    """Refuse a table that leaves leads undecided; the error names the own entry that opened the gap."""
    first = min(rule.effective for _, rule in shipped)
    for day in sorted({first, *(rule.effective for _, rule in pairs if rule.effective > first)}):
        in_force = getattr(rules.at(day), table)
        if not _decides_all(table, in_force):
            raise _refused(day, table, in_force, pairs, shipped)


def _decides_all(table: str, rules: Iterable[DecisionRule]) -> bool:
    """Whether one rule asks nothing or, for a grade, some rules ask one fact only and have all its words."""
    asked: dict[str, set[str]] = {}
    for rule in rules:
        if not rule.when:
            return True
        if len(rule.when) == 1:
            [(fact, condition)] = rule.when.items()
            asked.setdefault(fact, set()).update(condition.among or ())
    # A verdict must name its rule even where the fact is not known.
    return table == "grading" and any(set(facts.WORDS.get(fact, ("",))) <= words for fact, words in asked.items())


def _refused(day: date, table: str, in_force: Sequence[DecisionRule], pairs: Pairs, shipped: Pairs) -> ConfigError:
    before = {rule.id: rule for _, rule in shipped}
    files = {entry.located.file for entry, _ in shipped}
    own = [(entry, rule) for entry, rule in pairs if entry.located.file not in files and rule.effective <= day]
    changed = [(entry, rule) for entry, rule in own if rule.id in before]
    told = [pair for pair in changed if _decides_all(table, _put_back(before[pair[1].id], in_force))]
    entry, rule = (told or changed or own)[-1]
    key = "when" if rule.enabled else "enabled"
    return entry.refused(
        f"from {day} on no rule decides about the leads that fit no other; the table needs one with `when: {{}}`", key
    )


def _put_back(shipped: DecisionRule, in_force: Iterable[DecisionRule]) -> list[DecisionRule]:
    return [*(row for row in in_force if row.id != shipped.id), shipped]
