"""docs/rules.md: every rule with its sentence, the handbook section it comes from, and its value."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from config.schema import (
    FAMILIES,
    TABLES,
    AnswerRule,
    CheckRule,
    ClockRule,
    Condition,
    DecisionRule,
    OwnerRule,
    Rule,
    Rules,
    StageRule,
    StateRule,
    TableRule,
    TierRule,
    ValueRule,
    shown,
)
from config.sla import Span

HANDBOOKS = {
    "H1": ("线索管理", "lead management"),
    "H2": ("客户分层", "customer tiers"),
    "H3": ("销售流程化", "sales process"),
    "H4": ("跟进效率", "follow-up efficiency"),
    "H5": ("机会跟踪", "opportunity tracking"),
}
_TITLES = {
    "checklist": ("填写检查", "Checklist"),
    "facts": ("事实词表", "Words of the facts"),
    "screening": ("有效性筛选", "Screening"),
    "grading": ("线索分级", "Grading"),
    "assignment": ("负责人分配", "Assignment"),
    "dedupe": ("去重", "Same lead, same person"),
    "vocabulary": ("词表", "Vocabulary"),
    "notices": ("通知", "Notices"),
    "reviews": ("复盘口径", "Figures of reviews"),
    "sla": ("承诺与升级", "Promises and escalation"),
    "lifecycle": ("跟进中的状态", "States of a lead"),
    "tiers": ("客户层级", "Tiers"),
    "stages": ("销售阶段", "Stages of a sale"),
    "objections": ("异议的标准答复", "Standard answers to objections"),
    "follow_ups": ("跟进记录", "Follow-ups"),
}
_HEAD = {
    "zh_CN": ("编号", "规则", "Rule", "出处", "生效日期", "内容"),
    "en": ("id", "规则", "rule", "source", "effective", "values"),
}
_INTRO = {
    "zh_CN": "# 规则一览\n\n本页由 `leads check-rules --write-docs` 生成，规则本身在 `config/rules/`。"
    "判定表自上而下逐条比对。",
    "en": "# The rules\n\nMade by `leads check-rules --write-docs`; the rules are in `config/rules/`. "
    "Tables are tried from the top down.",
}
_OFF = {"zh_CN": "默认停用的规则", "en": "Rules that are switched off by default"}
_SECTION = re.compile(r"^(H[1-5])-([0-9][0-9.]*)?")
# A word list of hundreds says no more than its beginning; the file has the whole.
_SHOWN_ITEMS = 12


def render_rules(rules: Rules, lang: str = "zh_CN") -> str:
    """Write all rules as one Markdown page, ending with a line break; statements stand in both languages."""
    parts = [_INTRO[lang]]
    for family in FAMILIES:
        entries = [*(getattr(rules, family) if family in TABLES else ()), *rules.values.get(family, ())]
        if entries:
            parts.append(_table(f"## {_title(family, lang)} · {family}.yaml", rules, entries, lang))
    off = [rule for entries in rules.off.values() for rule in entries]
    if off:
        parts.append(_table(f"## {_OFF[lang]}", rules, off, lang))
    return "\n\n".join(parts) + "\n"


def section_of(source: str, lang: str = "zh_CN") -> str:
    """Spell a handbook id out: handbook, its name, and the section."""
    found = _SECTION.match(source)
    if not found:
        return source
    name = HANDBOOKS[found[1]][lang == "en"]
    return f"{found[1]} {name}" + (f" §{found[2]}" if found[2] else "") + f" ({source})"


def _table(title: str, rules: Rules, entries: Iterable[Rule], lang: str) -> str:
    rows = [_HEAD[lang], ("---",) * len(_HEAD[lang]), *(_row(rules, rule, lang) for rule in entries)]
    return "\n".join([title, "", *(f"| {' | '.join(_cell(cell) for cell in row)} |" for row in rows)])


def _row(rules: Rules, rule: Rule, lang: str) -> tuple[str, ...]:
    sources = "<br>".join(section_of(source, lang) for source in rule.source)
    zh, en = (rules.fill(rule.statement, language) for language in ("zh_CN", "en"))
    return rule.id, zh, en, sources, rule.effective.isoformat(), "; ".join(_content(rule, lang))


def _content(rule: Rule, lang: str) -> Iterator[str]:
    if not rule.enabled:
        yield "switched off" if lang == "en" else "停用"
    if isinstance(rule, ValueRule):
        yield _short(rule.value, lang)
    if isinstance(rule, TableRule):
        yield ", ".join(f"{fact} {_condition(how)}" for fact, how in rule.when.items()) or "—"
    if isinstance(rule, DecisionRule | StateRule | TierRule):
        yield f"→ {rule.then}"
    if isinstance(rule, OwnerRule):
        yield "→ " + " → ".join(rule.then)
    if isinstance(rule, ClockRule):
        yield from _promise(rule)
    if isinstance(rule, StageRule):
        yield from _stage(rule, lang)
    if isinstance(rule, AnswerRule):
        answer, proof = (text.of(lang) for text in (rule.answer, rule.proof))
        yield f"{rule.category}: {answer} ({proof})"
    if isinstance(rule, CheckRule):
        yield f"{rule.field}: {rule.test}, {rule.level}{', rejects' if rule.rejects else ''}"
        yield from (f"{key}: {value}" for key, value in rule.when.model_dump(exclude_none=True).items())
        yield rule.hint.of(lang)


def _stage(rule: StageRule, lang: str) -> Iterator[str]:
    yield f"{rule.stage}: {rule.phase.of(lang)}"
    for name in ("enters", "milestones", "results", "methods"):
        if words := getattr(rule, name):
            yield f"{name}: {', '.join(words)}"


def _promise(rule: ClockRule) -> Iterator[str]:
    yield f"{rule.watches}, hours: {rule.hours}"
    for target in rule.targets:
        when = ", ".join(f"{key} = {' / '.join(words)}" for key, words in target.when if words)
        yield f"{when + ': ' if when else ''}{_span(target.within)}"
    if rule.weekly:
        when = ", ".join(f"{key} = {' / '.join(words)}" for key, words in rule.weekly.when if words)
        yield f"{when + ': ' if when else ''}{rule.weekly.contacts} a week of {rule.weekly.days} working days or more"
    if rule.pause != "none":
        yield f"pause: {rule.pause}"
    for step in rule.ladder:
        place = f"−{_span(step.before)}" if step.before else f"+{_span(step.after)}" if step.after else "due"
        yield f"{place} {step.step} → {', '.join(step.to)}"


def _span(span: Span) -> str:
    return f"{span.count} {span.unit}"


def _condition(condition: Condition) -> str:
    signs = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}
    words = [f"= {' / '.join(condition.among)}"] if condition.among else []
    words += [f"∋ {' / '.join(condition.has)}"] if condition.has else []
    return " ".join([*words, *(f"{signs[name]} {bound:g}" for name, bound in condition.bounds.items())])


def _short(value: Any, lang: str) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{key}: {_short(item, lang)}" for key, item in list(value.items()))
    if isinstance(value, tuple) and len(value) > _SHOWN_ITEMS:
        return f"{_short(value[:_SHOWN_ITEMS], lang)} … ({len(value)})"
    if isinstance(value, tuple) and any(isinstance(item, dict) for item in value):
        return " / ".join(_short(item, lang) for item in value)
    return shown(value, lang)


def _title(family: str, lang: str) -> str:
    return _TITLES[family][lang == "en"]


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
