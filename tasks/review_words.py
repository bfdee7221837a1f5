"""The words of review packs, in Chinese and English."""

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

import pandas as pd

_WORDS: dict[str, tuple[str, str]] = {
    "kind.weekly": ("线索周报", "Weekly leads"),
    "kind.monthly": ("线索月报", "Monthly leads"),
    "kind.quarterly": ("线索季报", "Quarterly leads"),
    "preliminary": ("（预估）", " (preliminary)"),
    "all": ("全部", "all"),
    "unknown": ("（未知）", "(unknown)"),
    "cut": ("数据截止", "as of"),
    "scope": ("范围", "scope"),
    "period": ("期间", "period"),
    "rules": ("规则版本", "rules"),
    "definitions": ("统计口径", "Definitions"),
    "sheet.conversion": ("线索转化分析表", "Conversion"),
    "sheet.periods": ("各期汇总", "Periods"),
    "sheet.dimensions": ("分维度", "By dimension"),
    "sheet.crosses": ("交叉", "Crosses"),
    "sheet.cohorts": ("按批次", "Cohorts"),
    "sheet.funnel": ("漏斗", "Funnel"),
    "sheet.loss_reasons": ("流失原因", "Loss reasons"),
    "sheet.calibration": ("等级校准", "Grades"),
    "sheet.screening": ("筛选结果", "Screening"),
    "sheet.restatements": ("修订", "Restatements"),
    "sheet.receipts": ("与回执核对", "Receipts"),
    "rows": ("收到行数", "rows"),
    "created": ("新建", "created"),
    "merged": ("并入", "merged"),
    "updated": ("更新", "updated"),
    "held": ("无变化", "held"),
    "rejected": ("退回", "rejected"),
    "split": ("拆出", "split off"),
    "gone": ("已并掉或撤回", "joined or reverted"),
    "difference": ("差额", "difference"),
    "sheet.impossible": ("不可能事实", "Impossible"),
    "sheet.cover": ("封面与口径", "Cover"),
    "month": ("月份", "month"),
    "leads": ("线索总数", "leads"),
    "valid": ("有效线索", "valid"),
    "won": ("成交", "won"),
    "lost": ("流失", "lost"),
    "open": ("未结", "open"),
    "conversion": ("转化率", "conversion"),
    "won_of_valid": ("成交÷有效", "won ÷ valid"),
    "won_of_closed": ("成交÷已结", "won ÷ closed"),
    "low": ("区间下限", "low"),
    "high": ("区间上限", "high"),
    "small": ("样本过少", "small"),
    "cycle_mean_days": ("平均跟进周期(天)", "mean cycle (days)"),
    "cycle_median_days": ("周期中位数(天)", "median cycle (days)"),
    "view": ("统计方式", "view"),
    "event": ("按期间", "by event"),
    "cohort": ("按批次", "by cohort"),
    "dimension": ("维度", "dimension"),
    "value": ("值", "value"),
    "days": ("天数", "days"),
    "share": ("占比", "share"),
    "mature": ("已成熟", "mature"),
    "stage": ("阶段", "stage"),
    "system": ("来源系统", "system"),
    "reached": ("至少到达", "reached"),
    "now": ("现在", "now"),
    "of_before": ("较上一阶段", "of the one before"),
    "reason": ("流失原因", "reason"),
    "before": ("此前", "before"),
    "share_before": ("上期占比", "share before"),
    "change_points": ("变化(百分点)", "change (points)"),
    "grade": ("等级", "grade"),
    "expected": ("预期", "expected"),
    "observed": ("实际", "observed"),
    "source": ("来源", "source"),
    "industry": ("行业", "industry"),
    "region": ("区域", "region"),
    "size": ("规模", "size"),
    "need_type": ("需求类型", "need type"),
    "product": ("产品", "product"),
    "owner": ("负责人", "owner"),
    "team": ("团队", "team"),
    "verdict": ("判定", "verdict"),
    "verdict_rule": ("规则", "rule"),
    "figure": ("指标", "figure"),
    "number": ("线索编号", "lead"),
    "created_on": ("创建日", "created"),
    "contact_on": ("首次接触", "first contact"),
    "closed_on": ("结束日", "closed"),
    "none": ("本期没有数据。", "There is nothing in this period."),
    "subject": (
        "【{kind}】{period} · 线索{leads:,} · 成交{won:,} · 转化率{rate}{change} · {scope}",
        "[{kind}] {period} · {leads:,} leads · {won:,} won · conversion {rate}{change} · {scope}",
    ),
    "subject.empty": ("【{kind}】{period} · 本期没有线索 · {scope}", "[{kind}] {period} · no leads · {scope}"),
    "points": ("（{0:+.1f}个百分点）", " ({0:+.1f} points)"),
    "no_base": ("—（无可比）", "— (nothing to compare)"),
    "few": ("—（{n}）", "— ({n})"),
    "head.says": ("本期结论", "What this period says"),
    "head.decide": ("需要您处理", "Needs your decision"),
    "head.kpi": ("关键指标", "Key figures"),
    "head.recent": ("近期走势", "Recent periods"),
    "head.rates": ("转化率：{dimension}（按期间）", "Conversion by {dimension} (by event)"),
    "head.definitions": ("统计口径", "Definitions"),
    "more": ("其他", "others"),
    "against": ("环比 {0}，同比 {1}", "before {0}, a year ago {1}"),
    "evidence": ("依据：{0}", "evidence: {0}"),
    "sheet": ("工作表“{0}”", "sheet «{0}»"),
    "state": ("数据截止 {cut}；范围：{scope}；规则 {rules}", "as of {cut}; scope: {scope}; rules {rules}"),
    "empty": (
        "本期没有新建线索，也没有成交或流失，因此没有比率可列。",
        "No lead was created, won or lost in this period, so there are no rates.",
    ),
    "attached": ("全部数据与口径见附件工作簿。", "The attached workbook holds all figures and what they mean."),
    "say.conversion": (
        "转化率 {now}，上期 {before}（{change:+.1f} 个百分点）。",
        "Conversion {now}, before {before} ({change:+.1f} points).",
    ),
    "say.falls": ("转化率已连续 {n} 期下降。", "Conversion has fallen {n} periods in a row."),
    "say.best": (
        "{dimension}“{value}”转化率 {rate}，明显高于总体 {whole}。",
        "{dimension} «{value}» converts {rate}, clearly above {whole} overall.",
    ),
    "say.worst": (
        "{dimension}“{value}”转化率 {rate}，明显低于总体 {whole}。",
        "{dimension} «{value}» converts {rate}, clearly below {whole} overall.",
    ),
    "say.cycle": (
        "平均跟进周期 {now:.1f} 天，上期 {before:.1f} 天。",
        "The mean cycle is {now:.1f} days, before {before:.1f}.",
    ),
    "say.reason": ("主要流失原因：{reason}，占 {share}。", "Main loss reason: {reason}, {share}."),
    "say.unstated": (
        "{share} 的流失线索没有填写原因（{n} 条），请补填。",
        "{share} of the lost leads have no reason ({n}); have them stated.",
    ),
    "say.impossible": (
        "{n} 条成交早于首次接触或创建，请核对日期。",
        "{n} wins lie before first contact or creation; check their dates.",
    ),
    "say.restated": (
        "{month} 的{figure} {before}→{now}（补录）。",
        "{month}: {figure} {before}→{now} (recorded later).",
    ),
}
_RATES = (
    "conversion", "won_of_valid", "won_of_closed", "low", "high", "share", "share_before", "of_before", "expected",
    "observed", "rate_A", "rate_B", "rate_C",
)  # fmt: skip
#: Columns that are shown as shares.
RATES = (*_RATES, "转化率", "A级线索转化率", "B级线索转化率", "C级线索转化率")


@lru_cache(maxsize=4)
def review_words(lang: str) -> Mapping[str, str]:
    """The catalogue of a language; anything but English is Chinese."""
    return MappingProxyType({key: pair[1 if lang == "en" else 0] for key, pair in _WORDS.items()})


def named(key: str, lang: str) -> str:
    """A column or dataset as people read it; crosses are named by their parts, what has no word stands for itself."""
    words = review_words(lang)
    if " × " in key:
        return " × ".join(named(part, lang) for part in key.split(" × "))
    if key[:-1] in ("leads_", "won_", "rate_", "small_"):
        return f"{key[-1]} {words['conversion' if key.startswith('rate') else key[:-2]]}"
    return words.get(key, key)


def percent(value: float | None, digits: int = 1) -> str:
    """A share as people read it; a dash where there is none."""
    return "—" if value is None or pd.isna(value) else f"{value:.{digits}%}"
