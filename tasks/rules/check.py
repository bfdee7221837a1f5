"""The checks of a row: one mask a rule, so that every row gets all its reasons at once.

H1-5.1-checklist, H1-3.1-fields, H2-1-quality; the rules are in config/rules/checklist.yaml.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa

from config.schema import Channel, CheckRule, ConfigError, Rules
from tasks.rules.clean.texts import TEXT, Mask, column, matches, one_of, series
from tasks.rules.facts import need_state


@dataclass(frozen=True)
class Sheet:
    """What the tests look at: rows as received, the same rows cleaned, the rules."""

    rows: pd.DataFrame
    cleaned: pd.DataFrame
    rules: Rules
    _stated: dict[str, Mask] = field(default_factory=dict, init=False)

    def has(self, name: str) -> Mask:
        """Where a cleaned column holds something; not to be written to, for many tests ask for the same column."""
        if name not in self._stated:
            self._stated[name] = np.asarray(self.cleaned[name].notna(), dtype=bool)
        return self._stated[name]

    def says(self, name: str, *words: str) -> Mask:
        """Where a cleaned column is one of some words."""
        return np.asarray(self.cleaned[name].isin(words), dtype=bool)

    def flag(self, name: str) -> Mask:
        """Where the reader marked a row; a frame without the mark has none."""
        if name not in self.rows.columns:
            return np.zeros(len(self.rows), dtype=bool)
        return np.asarray(self.rows[name], dtype=bool)


def check(rows: pd.DataFrame, cleaned: pd.DataFrame, rules: Rules, channel: Channel) -> pd.DataFrame:
    """Give rejected (bool) and issues (ids of all failing rules joined by '|', '' for none), same index.

    cleaned: may have the facts of the rows beside their values; what is there is not found out again.
    """
    masks = check_masks(rows, cleaned, rules, channel)
    rejecting = [masks[rule.id] for rule in rules.checklist if rule.rejects and rule.id in masks]
    rejected = np.logical_or.reduce([np.zeros(len(rows), dtype=bool), *rejecting])
    issues = _joined_ids(masks, len(rows))
    return pd.DataFrame({"rejected": rejected, "issues": series(issues, rows.index)}, index=rows.index)


def omissible(rules: Rules) -> dict[str, str]:
    """The checks of the checklist of required fields, each with the field whose omission it names."""
    return {rule.id: rule.field for rule in rules.checklist if rule.level == "required" and rule.completeness == 1}


def omissions(issues: str, fields: Mapping[str, str]) -> int:
    """How many fields a row leaves out, by its issues (joined by '|') and what `omissible` gives.

    A field is one omission, however many checks name it.
    """
    return len({fields[rule_id] for rule_id in issues.split("|") if rule_id in fields})


def check_masks(rows: pd.DataFrame, cleaned: pd.DataFrame, rules: Rules, channel: Channel) -> dict[str, Mask]:
    """Where each rule that applies to the channel fails (bool per row), by rule id, in the rules' order."""
    sheet = Sheet(rows, cleaned, rules)
    applying = [rule for rule in rules.checklist if rule.when.applies(channel)]
    masks = {rule.id: _fails(rule, sheet) for rule in applying}
    return _without_totals(masks, applying)


def _fails(rule: CheckRule, sheet: Sheet) -> Mask:
    test = TESTS.get((rule.test, rule.field)) or TESTS.get((rule.test, ""))
    if test is None:
        raise ConfigError(f"there is no test {rule.test!r} of the field {rule.field!r}", rule=rule.id, key="test")
    return test(sheet, rule.field)


def _without_totals(masks: dict[str, Mask], rules: list[CheckRule]) -> dict[str, Mask]:
    """A line of totals, an example or a row of another list gets that one reason, and no blank of it is an omission."""
    named = {rule.id for rule in rules if rule.test in ("total_row", "example_row", "other_list")}
    if not named:
        return masks
    lead = ~np.logical_or.reduce([masks[rule_id] for rule_id in named])
    return {rule_id: mask if rule_id in named else mask & lead for rule_id, mask in masks.items()}


def _joined_ids(masks: dict[str, Mask], length: int) -> pa.Array:
    """The ids of the rules that fail on each row: one text per combination that occurs, laid over the rows."""
    codes = np.zeros(length, dtype=np.int64)
    texts = np.array([""], dtype=object)
    for rule_id, mask in masks.items():
        if not mask.any():
            continue
        codes, found = pd.factorize(codes * 2 + mask)
        before, fails = texts[found // 2], found % 2 == 1
        texts = np.where(fails, np.where(before == "", rule_id, before + "|" + rule_id), before)
    return pa.array(texts, TEXT).take(pa.array(codes))


def _blank(sheet: Sheet, field: str) -> Mask:
    return ~sheet.has(field)


def _blank_company(sheet: Sheet, field: str) -> Mask:
    return ~sheet.has("company_key")


def _blank_but_for_text(text: str) -> Callable[[Sheet, str], Mask]:
    """Blank is where neither the value nor what was written instead of it stands."""
    return lambda sheet, field: ~sheet.has(field) & ~sheet.has(text)


def _blank_budget(sheet: Sheet, field: str) -> Mask:
    return sheet.says("budget_state", "blank")


def _unreachable(sheet: Sheet, field: str) -> Mask:
    return ~sheet.has("phone") & ~sheet.has("email")


def _phone_fault(*codes: str) -> Callable[[Sheet, str], Mask]:
    return lambda sheet, field: sheet.says("phone_bad", *codes)


def _unreadable_phone(sheet: Sheet, field: str) -> Mask:
    return sheet.has("phone_bad") & ~sheet.says("phone_bad", "sci_notation", "placeholder")


def _unreadable_date(sheet: Sheet, field: str) -> Mask:
    return sheet.has("date_bad") & ~sheet.says("date_bad", "future", "order", "span")


def _unreadable_budget(sheet: Sheet, field: str) -> Mask:
    return sheet.says("budget_state", "bad") & ~_vague_budget(sheet, field)


def _vague_budget(sheet: Sheet, field: str) -> Mask:
    vague = ~sheet.says("budget_state", "stated", "open", "blank")
    words = one_of(sheet.rules.value("C-BUDGET-VAGUE-WORDS"))
    texts = column(sheet.rows, field).filter(pa.array(vague))
    vague[vague] = matches(texts, rf"^(?:{words})[\s。.!！]*$")
    return vague


def _vague_need(sheet: Sheet, field: str) -> Mask:
    known = sheet.cleaned.get("need_state")
    states = need_state(sheet.cleaned, sheet.rules) if known is None else known
    return np.asarray(states == "vague", dtype=bool)


def _no_city(sheet: Sheet, field: str) -> Mask:
    province = matches(column(sheet.cleaned, "region"), "(?:省|自治区)$")
    return province | (sheet.has("region_text") & ~sheet.has("region"))


def _unknown(sheet: Sheet, field: str) -> Mask:
    text = {"source": "source_detail"}.get(field, f"{field}_text")
    return sheet.has(text) & ~sheet.has(field)


#: (test, field) -> where it fails; a test without a field serves every field that has no own one.
TESTS: dict[tuple[str, str], Callable[[Sheet, str], Mask]] = {
    ("blank", ""): _blank,
    ("blank", "company"): _blank_company,
    ("blank", "phone"): _blank_but_for_text("phone_bad"),
    ("blank", "email"): _blank_but_for_text("email_bad"),
    ("blank", "source"): _blank_but_for_text("source_detail"),
    ("blank", "industry"): _blank_but_for_text("industry_text"),
    ("blank", "region"): _blank_but_for_text("region_text"),
    ("blank", "urgency"): _blank_but_for_text("urgency_text"),
    ("blank", "first_contact"): _blank_but_for_text("date_bad"),
    ("blank", "budget"): _blank_budget,
    ("unreachable", ""): _unreachable,
    ("sci_notation", "phone"): _phone_fault("sci_notation"),
    ("placeholder", "phone"): _phone_fault("placeholder"),
    ("unreadable", "phone"): _unreadable_phone,
    ("unreadable", "email"): lambda sheet, field: sheet.has("email_bad"),
    ("unreadable", "budget"): _unreadable_budget,
    ("unreadable", "first_contact"): _unreadable_date,
    ("order", "first_contact"): lambda sheet, field: sheet.says("date_bad", "order"),
    ("span", "first_contact"): lambda sheet, field: sheet.says("date_bad", "span"),
    ("future", "first_contact"): lambda sheet, field: sheet.says("date_bad", "future"),
    ("vague", "budget"): _vague_budget,
    ("vague", "need"): _vague_need,
    ("no_city", "region"): _no_city,
    ("unknown", ""): _unknown,
    ("ragged", ""): lambda sheet, field: sheet.flag("ragged"),
    ("error_cell", ""): lambda sheet, field: sheet.flag("error_cell"),
    ("total_row", ""): lambda sheet, field: sheet.flag("total_row"),
    ("other_list", ""): lambda sheet, field: sheet.flag("other_list"),
    ("example_row", ""): lambda sheet, field: sheet.flag("example_row"),
}
