"""What the state of a lead is called where people read it: 线索信息表, 状态."""

from config.schema import Rules

#: Phases that stand beside the stages.
BESIDE = {
    "lost": ("流失", "lost"), "pool": ("公海", "in the pool"), "reactivate": ("待激活", "to be reactivated"),
    "hold": ("暂缓", "on hold"),
}  # fmt: skip


def phase_text(phase: str | None, rules: Rules, lang: str = "zh_CN") -> str:
    """A stored phase as a word: 方案沟通中, 待客户确认, 暂缓 …; empty where a lead has none."""
    if phase in BESIDE:
        return BESIDE[phase][lang == "en"]
    rule = next((rule for rule in rules.stages if rule.id == phase), None)
    return "" if rule is None else rule.phase.of(lang)
