"""docs/states.md: the states of a lead, what leads from one to another by which rule, its tiers and stages."""

from collections.abc import Iterator

from config.schema import Condition, Rules

#: Statuses as both languages call them.
STATUSES = {
    "new": ("新线索", "new"), "owned": ("已分配", "owned"), "in_progress": ("跟进中", "in progress"),
    "paused": ("暂停（待激活、暂缓）", "paused (待激活, 暂缓)"), "pool": ("公海", "pool"), "won": ("成交", "won"),
    "lost": ("流失", "lost"), "invalid": ("无效", "invalid"),
}  # fmt: skip
#: What is fixed by the procedures: from, to, why in both languages.
_FIXED = (
    ("[*]", "new", "录入", "taken in"), ("new", "owned", "分配", "assigned"), ("new", "invalid", "筛选", "screened"),
    ("owned", "in_progress", "首次跟进", "first follow-up"), ("owned", "pool", "退回", "given back"),
    ("in_progress", "pool", "退回", "given back"), ("pool", "owned", "领取", "claimed"),
    ("paused", "in_progress", "到期、有回应或有进展", "over, answered, or something moved"),
    ("won", "new", "客户再来：新的周期", "the customer returns: a new cycle"),
    ("lost", "new", "客户再来：新的周期", "the customer returns: a new cycle"),
)  # fmt: skip
#: From where what a rule says begins.
_FROM = {
    "won": ("in_progress", "paused"), "lost": ("in_progress", "paused"), "paused": ("in_progress",),
    "pool": ("owned", "in_progress"), "downgrade": ("in_progress",), "alarm": ("in_progress",),
    "follow": ("in_progress",),
}  # fmt: skip
_HEADS = {
    "order": ("先后次序：自上而下，第一条符合的生效", "Precedence: from the top down, the first that fits applies"),
    "diagram": ("状态图", "The diagram"), "tiers": ("客户层级", "Tiers"), "stages": ("销售阶段", "Stages"),
    "intro": (
        "本页由 `leads check-rules --write-docs` 按 `config/rules/lifecycle.yaml`、`tiers.yaml`、`stages.yaml` 生成。",
        "Made by `leads check-rules --write-docs` from `config/rules/lifecycle.yaml`, `tiers.yaml` and `stages.yaml`.",
    ),
    "title": ("线索的状态", "The states of a lead"),
}  # fmt: skip


def render_states(rules: Rules, lang: str = "zh_CN") -> str:
    """Write the page of states as Markdown with a Mermaid diagram, ending with a line break."""
    head = {name: pair[lang == "en"] for name, pair in _HEADS.items()}
    parts = [
        f"# {head['title']}\n\n{head['intro']}",
        f"## {head['diagram']}\n\n" + "\n".join(["```mermaid", *_diagram(rules, lang), "```"]),
        f"## {head['order']}\n\n" + "\n".join(_rows(_precedence(rules, lang))),
        f"## {head['tiers']}\n\n" + "\n".join(_rows(_tiers(rules, lang))),
        f"## {head['stages']}\n\n" + "\n".join(_rows(_stages(rules, lang))),
    ]
    return "\n\n".join(parts) + "\n"


def _diagram(rules: Rules, lang: str) -> Iterator[str]:
    yield "stateDiagram-v2"
    for name, words in STATUSES.items():
        yield f'    state "{words[lang == "en"]}" as {name}'
    for one, two, zh, en in _FIXED:
        yield f"    {one} --> {two}: {en if lang == 'en' else zh}"
    for rule in rules.lifecycle:
        # a pause stops the count of silence
        for one in ("in_progress",) if "silence" in rule.when and rule.then == "lost" else _FROM[rule.then]:
            two = one if rule.then in ("downgrade", "alarm", "follow") else rule.then
            yield f"    {one} --> {two}: {rule.id}"


def _precedence(rules: Rules, lang: str) -> Iterator[tuple[str, ...]]:
    yield ("id", "when", "then", "rule") if lang == "en" else ("编号", "条件", "结果", "规则")
    for rule in rules.lifecycle:
        yield rule.id, _when(rule.when), rule.then, rules.statement(rule.id, lang)


def _tiers(rules: Rules, lang: str) -> Iterator[tuple[str, ...]]:
    yield ("tier", "when", "rule", "id") if lang == "en" else ("层级", "条件", "规则", "编号")
    for rule in rules.tiers:
        yield rule.then, _when(rule.when), rules.statement(rule.id, lang), rule.id


def _stages(rules: Rules, lang: str) -> Iterator[tuple[str, ...]]:
    yield ("stage", "milestones", "state", "id") if lang == "en" else ("阶段", "关键节点", "状态", "编号")
    for rule in rules.stages:
        yield rule.stage, "、".join(rule.milestones), rule.phase.of(lang), rule.id


def _when(when: dict[str, Condition]) -> str:
    return ", ".join(f"{fact} = {' / '.join(how.among or ())}" for fact, how in when.items()) or "—"


def _rows(rows: Iterator[tuple[str, ...]]) -> Iterator[str]:
    first = next(rows)
    yield _line(first)
    yield _line(("---",) * len(first))
    yield from (_line(row) for row in rows)


def _line(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"
