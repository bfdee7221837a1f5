"""What would change under other rules: `leads replay` decides all stored rows again and writes nothing."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from config.loader import load_config
from config.schema import Config
from config.settings import Settings
from flows.commands import database, parse_moment
from flows.console import Answer, UsageError
from flows.progress import bar, report
from tasks.replay import Replayed, changed, replay
from tasks.whole_file import whole_file

# leads that a screen names; the file has all
_NAMED = 20
_COLUMNS = ["number", "verdict", "verdict_new", "verdict_rule", "verdict_rule_new", "grade", "grade_new", "grade_rule",
            "grade_rule_new"]  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """What `leads replay` was asked."""

    config: Path
    out: Path | None = None
    as_of: str | None = None
    show: bool = True


def run(settings: Settings, asked: Asked) -> Answer:
    """Decide again and tell what would be otherwise."""
    if not asked.config.is_dir():
        raise UsageError(f"--config {asked.config}: there is no such folder")
    if asked.out is not None and (asked.out.suffix.lower() != ".csv" or not asked.out.absolute().parent.is_dir()):
        raise UsageError(f"--out {asked.out}: the name must end in .csv, in a folder that exists")
    config = load_config(asked.config)
    moment = parse_moment(asked.as_of, settings) or datetime.now(UTC)
    rules = config.rules.at(moment.astimezone(settings.zone).date())
    parts: list[Replayed] = []
    # nothing is written on this connection, and what it might have is undone
    with database(settings).connect() as conn, bar(show=asked.show):
        for part in replay(conn, config, rules, settings.tz, lambda done, all_: report("replay", done, all_)):
            # of a lead that stays as it is nothing but its number is kept
            parts.append(Replayed(changed(part.leads), part.rows, part.newly_rejected, part.newly_accepted))
            parts[-1].leads.attrs["all"] = len(part.leads)
        conn.rollback()
    return _answer(parts, config, settings, asked)


def _answer(parts: list[Replayed], config: Config, settings: Settings, asked: Asked) -> Answer:
    leads = [part.leads for part in parts if len(part.leads)]
    others = pd.concat(leads, ignore_index=True)[_COLUMNS] if leads else pd.DataFrame(columns=_COLUMNS)
    data: dict[str, Any] = {
        "rules": config.rules.version,
        "leads": sum(part.leads.attrs["all"] for part in parts),
        "rows": sum(part.rows for part in parts),
        "changed": len(others),
        "newly_rejected": sum(part.newly_rejected for part in parts),
        "newly_accepted": sum(part.newly_accepted for part in parts),
        "verdicts": _moves(others, "verdict"),
        "grades": _moves(others, "grade"),
        "rules_that_decide": dict(Counter(others["verdict_rule_new"]) + Counter(others["grade_rule_new"].dropna())),
        "changes": others.head(_NAMED).astype("object").where(others.head(_NAMED).notna(), None).to_dict("records"),
    }
    if asked.out is not None:
        with whole_file(asked.out) as part:
            others.to_csv(part, index=False, encoding="utf-8-sig", lineterminator="\n")
        data["file"] = str(asked.out.absolute())
    return Answer(_page(data, config, settings.lang), data)


def _moves(others: pd.DataFrame, column: str) -> list[dict[str, Any]]:
    """Count leads by what they are and what they would be, where that differs."""
    pairs = pd.DataFrame({"before": others[column].fillna(""), "after": others[f"{column}_new"].fillna("")})
    counted = pairs[pairs["before"] != pairs["after"]].value_counts().reset_index(name="leads")
    moves = counted.sort_values(["before", "after"]).to_dict("records")
    return [{str(name): value for name, value in move.items()} for move in moves]


def _page(data: dict[str, Any], config: Config, lang: str) -> str:
    from tasks.i18n import word

    t = _WORDS["en" if lang == "en" else "zh"]
    lines = [t["head"].format(**data)]
    for kind in ("verdicts", "grades"):
        for move in data[kind]:
            named = [
                (word(lang, kind.removesuffix("s"), move[side]) if kind == "verdicts" else move[side]) or t["none"]
                for side in ("before", "after")
            ]
            lines.append(t[kind].format(before=named[0], after=named[1], n=move["leads"]))
    if data["newly_rejected"] or data["newly_accepted"]:
        lines.append(t["rows"].format(**data))
    for rule, count in sorted(data["rules_that_decide"].items(), key=lambda item: (-item[1], item[0])):
        lines.append(f"  {count} × {rule} {config.rules.statement(rule, lang)}")
    numbers = "、".join(change["number"] for change in data["changes"])
    if numbers:
        lines.append(t["named"].format(numbers=numbers, more="…" if data["changed"] > _NAMED else ""))
    if "file" in data:
        lines.append(t["file"].format(file=data["file"]))
    return "\n".join(lines)


_WORDS = {
    "zh": {
        "head": "规则版本 {rules}：重新判定 {leads} 条线索（{rows} 行），其中 {changed} 条会改变；没有保存任何东西。",
        "verdicts": "  判定 {before} → {after}：{n} 条",
        "grades": "  级别 {before} → {after}：{n} 条",
        "rows": "  会被退回的行 {newly_rejected}，原来退回而现在可接收的行 {newly_accepted}",
        "named": "涉及：{numbers}{more}",
        "file": "全部写入 {file}",
        "none": "未分级",
    },
    "en": {
        "head": "Rules {rules}: {leads} leads ({rows} rows) decided again, {changed} would change; nothing was stored.",
        "verdicts": "  verdict {before} → {after}: {n} leads",
        "grades": "  grade {before} → {after}: {n} leads",
        "rows": "  rows that would be rejected {newly_rejected}, rejected ones that could be taken {newly_accepted}",
        "named": "Leads: {numbers}{more}",
        "file": "All of them: {file}",
        "none": "none",
    },
}
