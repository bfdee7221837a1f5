"""The cells that a receipt adds behind a row: result, lead number, all reasons, what can be done."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pyarrow as pa
import pyarrow.compute as pc

from config.schema import CheckRule, Rules
from tasks.guard import guarded_text
from tasks.layout import Layout
from tasks.receipt_words import words
from tasks.rules.clean.texts import flat, mapped

#: The columns of the frames of outcomes; those after `issues` may be missing.
_COLUMNS = ("line", "outcome", "lead", "issues", "reasons", "entry_team", "entrant")
#: The outcomes of no row.
NO_OUTCOMES = pa.table({name: pa.array([], pa.int64() if name == "line" else pa.large_string()) for name in _COLUMNS})


class AddedCells:
    """The cells that a receipt adds, each distinct text made once."""

    def __init__(self, layout: Layout, rules: Rules, lang: str) -> None:
        self.layout, self.rules, self.lang = layout, rules, lang
        self._said = words(lang)
        self._reason, self._hint = cache(self._reason_of), cache(self._hint_of)

    def of(self, rows: pa.Table) -> list[pa.Array]:
        """Result, lead number, all reasons, what can be done."""
        ids = _column(rows, "issues")
        both = pc.binary_join_element_wise(ids, _column(rows, "reasons"), pa.scalar("|", pa.large_string()))
        return [
            mapped(_column(rows, "outcome"), lambda code: self._said.get(f"outcome.{code}", code)),
            _column(rows, "lead"),
            mapped(pc.utf8_trim(both, "|"), lambda joined: self._sentences(joined, self._reason)),
            mapped(ids, lambda joined: self._sentences(joined, self._hint)),
        ]

    def _sentences(self, joined: str, sentence: Callable[[str], str]) -> str:
        texts = dict.fromkeys(text for id_ in joined.split("|") if id_ and (text := sentence(id_)))
        return guarded_text(("; " if self.lang == "en" else "；").join(texts))

    def _reason_of(self, rule_id: str) -> str:
        """What is wrong, in which column of this file, and the rule that says so."""
        rule = self.rules.find(rule_id)
        form, column = "reason", ""
        if isinstance(rule, CheckRule):
            columns = [self.layout.header[index].strip() for index in self.layout.mapping.get(rule.field, ())]
            form = "reason.column" if columns else "reason.no_column"
            column = self._said["columns.between"].join(columns)
        return self._said[form].format(text=self.rules.statement(rule_id, self.lang), column=column, id=rule_id)

    def _hint_of(self, rule_id: str) -> str:
        return self.rules.hint(rule_id, self.lang) if isinstance(self.rules.find(rule_id), CheckRule) else ""


def _column(rows: pa.Table, name: str) -> pa.Array:
    """A column as text, blank where it has nothing or does not exist."""
    if name not in rows.column_names:
        return pa.repeat(pa.scalar("", pa.large_string()), len(rows))
    return pc.fill_null(flat(rows[name]), "")
