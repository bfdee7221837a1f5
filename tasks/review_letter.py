"""The mail of a review: a page that works without images, and a text with every key figure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import jinja2
import pandas as pd
from markupsafe import Markup, escape

from tasks.letters import Letter
from tasks.review_sections import sections
from tasks.review_words import named, percent, review_words
from tasks.rules.reviews.findings import Finding

#: Dimensions of which the mail shows a table of rates.
SHOWN = ("grade", "source", "industry", "team")
_VALUES, _RECENT = 8, 6
# so much of a word that has no break of its own stands on one line
_LONG_WORD = re.compile(r"[!-~]{16}(?=[!-~])")
_SHARES = ("now", "before", "rate", "whole", "share")
#: Rates of all leads of a period.
_OF_ALL = ("conversion", "won_of_valid")
_WORDS_OF = ("dimension", "figure")
_NAMED = ("person", "team", "channel", "policy", "pattern", "theme")


@dataclass(frozen=True)
class Pack:
    """What a mail is made of; scope: whose leads, '' for all; preliminary: the period goes on; cut: local time."""

    kind: str
    period: str
    scope: str
    preliminary: bool
    cut: datetime
    rules_version: str
    datasets: Mapping[str, pd.DataFrame]
    year_ago: pd.Series | None
    says: list[Finding]
    decide: list[Finding]
    definitions: list[tuple[str, str]]
    book: bytes
    #: Person → name, promise → what it promises.
    names: Mapping[str, str] = field(default_factory=dict)
    #: Of fewer than so many no rate is told.
    small: int = 0
    #: Where the internal pages are, '' where nobody said.
    pages: str = ""

    @property
    def address(self) -> str:
        """The page of this review, '' where there is none."""
        asked = urlencode({"scope": self.scope}) if self.scope else ""
        path = f"{self.pages}/reviews/{self.kind}/{self.period}" if self.pages else ""
        return f"{path}?{asked}" if path and asked else path


def review_letter(pack: Pack, key: str, recipient: str, name: str, lang: str) -> Letter:
    """The letter to one person, the workbook attached."""
    words = review_words(lang)
    now, before = (pack.datasets["periods"].iloc[at] for at in (-1, -2))
    scope = pack.scope or words["all"]
    empty = not int(now["leads"]) and not int(now["won"]) and not int(now["lost"])
    subject = _subject(pack, now, before, scope, empty, words)
    said = {
        "t": words, "lang": lang, "name": name, "empty": empty, "scope": scope,
        "subject": subject,
        "state": words["final" if not pack.preliminary else "early"] + words["stated"].format(
            cut=f"{pack.cut:%Y-%m-%d %H:%M}", scope=scope, rules=pack.rules_version
        ),
        "says": [_sentence(one, pack, lang) for one in pack.says],
        "decide": [_sentence(one, pack, lang) for one in pack.decide],
        "kpis": _kpis(now, before, pack.year_ago, lang), "recent": _recent(pack.datasets["periods"], lang),
        "rates": [_rates(pack.datasets["dimensions"], one, lang) for one in SHOWN],
        "funnel": _funnel(pack.datasets["funnel"]), "reasons": _reasons(pack.datasets["loss_reasons"], pack.small),
        "sections": sections(pack.kind, pack.datasets, pack.names, lang), "address": pack.address,
        "knowledge": f"{pack.pages}/knowledge" if pack.pages else "",
        "definitions": pack.definitions,
    }  # fmt: skip
    pages = _pages()
    html = pages.get_template("review.html.j2").render(said)
    text = pages.get_template("review.txt.j2").render(said)
    book = f"{pack.kind}-{pack.period}.xlsx"
    return Letter(key, "review", recipient, subject, text, html, ((book, pack.book),))


def _subject(pack: Pack, now: pd.Series, before: pd.Series, scope: str, empty: bool, words: Mapping[str, str]) -> str:
    kind = words[f"kind.{pack.kind}"] + (words["preliminary"] if pack.preliminary else "")
    if empty:
        return words["subject.empty"].format(kind=kind, period=pack.period, scope=scope)
    told = not (now["small"] or before["small"])
    change = words["points"].format(100 * (now["conversion"] - before["conversion"])) if told else ""
    return words["subject"].format(
        kind=kind, period=pack.period, leads=now["leads"], won=now["won"], rate=_conversion(now, words),
        change=change, scope=scope,
    )  # fmt: skip


def _conversion(period: Mapping[Any, Any] | pd.Series, words: Mapping[str, str]) -> str:
    """The conversion of a period, or how few leads there are to tell one."""
    return words["few"].format(n=period["leads"]) if period["small"] else percent(period["conversion"])


def _sentence(finding: Finding, pack: Pack, lang: str) -> dict[str, str]:
    words = review_words(lang)
    shown: dict[str, Any] = {}
    for name, value in finding.values.items():
        if name in _WORDS_OF:
            shown[name] = named(str(value), lang)
        elif name in _SHARES and finding.code not in ("cycle", "restated"):
            shown[name] = percent(value)
        elif name == "changes":
            told = [words["change"].format(month, named(figure, lang), was, now) for month, figure, was, now in value]
            shown[name] = words["and"].join(told)
        elif name in _NAMED:
            shown[name] = pack.names.get(str(value), words.get(str(value), value)) or words["unknown"]
        else:
            shown[name] = value
    sheet = words["sheet"].format(words[f"sheet.{finding.dataset}"])
    evidence = "；".join(part for part in (finding.evidence, sheet) if part)
    link = f"{pack.address}#{finding.dataset}" if pack.address else ""
    return {
        "text": words[f"say.{finding.code}"].format(**shown),
        "evidence": words["evidence"].format(evidence),
        "link": link,
    }


def _kpis(now: pd.Series, before: pd.Series, year_ago: pd.Series | None, lang: str) -> list[dict[str, str]]:
    """The key figures, each against the period before and the same one a year ago."""
    words = review_words(lang)
    found = []
    for name in (
        "leads",
        "valid",
        "won",
        "conversion",
        "won_of_valid",
        "rate_A",
        "rate_B",
        "rate_C",
        "cycle_mean_days",
    ):
        value = _rate_of(now, name[-1], words) if name.startswith("rate") else _figure(name, now[name])
        if name in _OF_ALL and not _tells(name, now):
            value = words["few"].format(n=now["leads"])
        against = [_change(name, now, other, words) for other in (before, year_ago)]
        found.append({"name": named(name, lang), "value": value, "against": words["against"].format(*against)})
    return found


def _rate_of(period: Mapping[Any, Any] | pd.Series, grade: str, words: Mapping[str, str]) -> str:
    """The rate of a grade, or how few leads there are to tell one."""
    leads = int(period[f"leads_{grade}"])
    return words["few"].format(n=leads) if leads and period[f"small_{grade}"] else percent(period[f"rate_{grade}"])


def _figure(name: str, value: Any) -> str:
    if pd.isna(value):
        return "—"
    if name.endswith("_days"):
        return f"{value:.1f}"
    return f"{int(value):,}" if name in ("leads", "valid", "won", "lost") else percent(value)


def _tells(name: str, period: pd.Series) -> bool:
    """Whether a period has enough leads for a figure that is a rate."""
    few = period["small"] if name in _OF_ALL else period[f"small_{name[-1]}"] if name.startswith("rate") else False
    return not few


def _change(name: str, now: pd.Series, other: pd.Series | None, words: Mapping[str, str]) -> str:
    """The change in percent, of shares in points; nothing to compare where there was nothing, or too little."""
    value, base = now[name], None if other is None else other[name]
    if other is not None and not (_tells(name, now) and _tells(name, other)):
        return words["too_few"]
    if base is None or pd.isna(base) or pd.isna(value) or (not base and name in ("leads", "valid", "won")):
        return words["no_base"]
    if name in ("leads", "valid", "won"):
        return f"{value / base - 1:+.1%}"
    return f"{value - base:+.1f}" if name.endswith("_days") else f"{100 * (value - base):+.1f}pp"


def _recent(periods: pd.DataFrame, lang: str) -> list[dict[str, str]]:
    names = ("leads", "valid", "won", "conversion", "cycle_mean_days")
    rows = []
    own = periods.tail(_RECENT)
    busy = (own[["leads", "won", "lost"]].sum(axis=1) > 0).to_numpy()
    # from the first period with anything on, the present one in any case
    for row in own[busy.cumsum() > 0 if busy.any() else [*[False] * (len(own) - 1), True]].to_dict("records"):
        shown = {name: _figure(name, row[name]) for name in names} | {
            "conversion": _conversion(row, review_words(lang))
        }
        grades = " · ".join(f"{grade} {_rate_of(row, grade, review_words(lang))}" for grade in "ABC")
        rows.append({"period": row["period"], "grades": grades, **shown})
    return rows


def _rates(dimensions: pd.DataFrame, dimension: str, lang: str) -> dict[str, Any]:
    """The values of a dimension with the most leads, the rest in one line; no rate where there is too little."""
    words = review_words(lang)
    own = dimensions[(dimensions["dimension"] == dimension) & (dimensions["view"] == "event")]
    if dimension == "grade":
        # few, and read from the best to the least; who has none comes last
        own = own.sort_values("value", key=lambda value: value.mask(value == "", "\uffff"), kind="stable")
    rows = []
    for row in own.head(_VALUES).to_dict("records"):
        rate = _conversion(row, words)
        width = 0 if row["small"] or pd.isna(row["conversion"]) else min(round(100 * row["conversion"]), 100)
        value = row["value"] or words["unknown"]
        rows.append({"value": value, "rate": rate, "width": width, "n": f"{row['won']:,}/{row['leads']:,}"})
    rest = own.iloc[_VALUES:]
    if len(rest):
        counted = f"{int(rest['won'].sum()):,}/{int(rest['leads'].sum()):,}"
        rows.append({"value": f"{words['more']} ({len(rest)})", "rate": "", "width": 0, "n": counted})
    return {"title": words["head.rates"].format(dimension=named(dimension, lang)), "rows": rows}


def _funnel(funnel: pd.DataFrame) -> list[dict[str, str]]:
    return [
        {"stage": row["stage"], "reached": f"{row['reached']:,}", "of_before": percent(row["of_before"])}
        for row in funnel.to_dict("records")
    ]


def _reasons(reasons: pd.DataFrame, small: int) -> list[dict[str, str]]:
    """The reasons of losses with their shares; of few losses only how many."""
    lost = int(reasons["lost"].sum())
    return [
        {
            "reason": str(row["reason"]),
            "n": f"{row['lost']:,}/{lost:,}",
            "share": "" if lost < small else percent(row["share"]),
            "change": "" if lost < small or pd.isna(row["change_points"]) else f"{row['change_points']:+.1f}pp",
        }
        for row in reasons.head(_VALUES).to_dict("records")
    ]


def _soft(text: str, most: int = 400) -> Markup:
    """A text cut to so many signs, which breaks where a line ends, also within a long word and without any style."""
    text = text if len(text) <= most else text[: most - 1] + "…"
    broken = _LONG_WORD.sub(lambda found: f"{found[0]}\x00", text)
    return Markup(str(escape(broken)).replace("\x00", "<wbr>"))


@cache
def _pages() -> jinja2.Environment:
    folder = Path(__file__).parent / "templates"
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        autoescape=jinja2.select_autoescape(("html", "html.j2")),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    made.filters["soft"] = _soft
    return made
