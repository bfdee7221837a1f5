"""Mails of reviews as mail clients show them: phone width, dark, styles stripped; little, much and long data."""

import re
from collections.abc import Iterator
from datetime import date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import openpyxl
import pandas as pd
import pytest

from config.loader import load_config
from config.schema import Config
from tasks.review_book import Cover, review_book
from tasks.review_letter import Pack, review_letter
from tasks.review_sections import masked, sections
from tasks.rules.reviews.activity import nothing
from tasks.rules.reviews.datasets import Terms, datasets, loss_reasons
from tasks.rules.reviews.done import activity_datasets
from tasks.rules.reviews.facts import Known, lead_facts
from tasks.rules.reviews.findings import decisions, findings
from tasks.rules.reviews.spans import read_span
from tests.web.browser import Page, browser, find_browser

CONFIG: Config = load_config(None)
CUT = datetime(2025, 10, 4, 9, tzinfo=ZoneInfo("Asia/Shanghai"))
LOCAL = pd.Timestamp(CUT).tz_localize(None)
SPAN = read_span("monthly", "2025-09")
LONG = "江苏某某自动化装备智能制造系统集成与工业软件一体化解决方案联合创新中心股份有限公司华东大区" * 2
CASES: dict[str, tuple[int, list[str]]] = {
    "normal": (400, ["官网表单", "行业展会", "社交媒体"]), "empty": (0, ["官网表单"]), "one": (1, ["官网表单"]),
    "many": (3_000, [f"来源{at}" for at in range(60)]), "long": (90, [LONG, "a" * 120, "<b>x</b>&"]),
}  # fmt: skip


def facts(leads: int, sources: list[str]) -> pd.DataFrame:
    """Facts of leads of the year until the period, some of them won or lost."""
    chance = np.random.default_rng(5)
    ids = np.arange(1, leads + 1)
    made = pd.Series(np.datetime64("2025-01-05T02:00", "us") + (ids * 260 // max(leads, 1)).astype("timedelta64[D]"))
    if leads == 1:
        made = pd.Series(np.array(["2025-09-05T02:00"], dtype="datetime64[us]"))
    some = {name: pd.array(chance.choice(values, leads), dtype="str") for name, values in {
        "source": sources, "industry": ["制造业", "IT服务业"], "region": ["上海市"], "size": ["大型"],
        "grade": ["A", "B", "C"], "team": ["华东组", LONG], "owner": ["wujiaqi"], "verdict": ["valid", "invalid"],
    }.items()}  # fmt: skip
    live = pd.DataFrame({"lead_id": ids, "number": [f"XL2025{at:05d}" for at in ids], "created_at": made,
                         "contact_at": made, "verdict_rule": "S", **some})  # fmt: skip
    ended = live[(live["verdict"] == "valid").to_numpy() & (chance.random(leads) < 0.6)]
    result = np.where(chance.random(len(ended)) < 0.5, "won", "lost")
    outcomes = pd.DataFrame({
        "lead_id": ended["lead_id"], "result": pd.array(result, dtype="str"), "product": "", "currency": "",
        "at": ended["created_at"] + pd.Timedelta(days=9), "amount": 1.0,
        "reason": pd.array(chance.choice(["竞品价格低", "", LONG], len(ended)), dtype="str"),
    })  # fmt: skip
    history = live.iloc[:0].assign(system="", need_type="", product="")
    stages = pd.DataFrame({"lead_id": ids[:0], "stage": pd.array([], dtype="str"), "place": ids[:0]})
    return lead_facts(Known(live, history, outcomes, stages), "Asia/Shanghai")


def pack(leads: int, sources: list[str], lang: str = "zh_CN", pages: str = "https://leads.example:8601") -> Pack:
    """The pack of such facts."""
    known, terms = facts(leads, sources), Terms.of(CONFIG.rules)
    data: dict[str, Any] = datasets(known, known, SPAN, date(2025, 10, 4), terms)
    data |= activity_datasets(known, nothing(LOCAL), SPAN, CONFIG.rules, {})
    # what people wrote is cut and masked
    data["support"] = pd.DataFrame({
        "number": ["XL202500001"] * 12, "grade": "A", "owner": "wujiaqi", "at": LOCAL,
        "support": f"{LONG} 13812345678 li@example.com", "support_at": pd.NaT,
    }).astype({"support_at": "datetime64[us]"})  # fmt: skip
    book = review_book(data, Cover("月报", [], [("R-LEADS", "…")], CUT), lang)
    to_do = decisions(data, 0.2, terms.small)
    return Pack("monthly", SPAN.label, "", False, CUT, "1", data, None, findings(data, terms), to_do, [], book,
                 {"wujiaqi": "吴佳琪"}, terms.small, pages)  # fmt: skip


@pytest.fixture(scope="module")
def letters(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Each case's letter and the file that holds it, as it is and with all styles stripped."""
    folder = tmp_path_factory.mktemp("mails")
    made = {}
    for name, (leads, sources) in CASES.items():
        letter = review_letter(pack(leads, sources), "key", "zhengkai", "郑凯", "zh_CN")
        (folder / f"{name}.html").write_text(letter.html, encoding="utf-8")
        plain = re.sub(r' style="[^"]*"', "", letter.html)
        (folder / f"{name}-plain.html").write_text(plain, encoding="utf-8")
        made[name] = (letter, folder)
    return made


@pytest.mark.parametrize("name", CASES)
def test_a_mail_is_small_loads_nothing_and_says_the_same_as_text(letters: dict[str, Any], name: str) -> None:
    letter, _ = letters[name]
    assert len(letter.html.encode()) <= 90_000
    assert "<img" not in letter.html
    assert "<style" not in letter.html
    assert "<b>x" not in letter.html
    assert not re.search(r'(src|background)="?http', letter.html)
    figures = re.findall(r"font-size:17px\"><b>([^<]*)</b>", letter.html)
    assert len(figures) == 9
    assert all(figure in letter.text for figure in figures)
    assert letter.html.count("XL202500001") <= 14
    assert "13812345678" not in letter.html
    assert "li@example.com" not in letter.html
    # of few leads no rate is told, not even what has become of it
    if name in ("empty", "one", "long"):
        assert not re.search(r"\d%|百分点", letter.subject)
        assert not re.search(r"\dpp", letter.html)
        assert "（样本少）" in letter.text or name == "empty"
    if name == "long":
        assert "1 条流失线索中有 1 条没有填写原因" in letter.text
    empty = letter.subject.count("本期没有线索")
    assert empty == (name == "empty")
    if name != "normal":
        return
    assert 'href="https://leads.example:8601/reviews/monthly/2025-09#' in letter.html
    # the bars are as long as the rates
    for width, rate in re.findall(r'width="(\d+)%" cellpadding="0".*?white-space:nowrap[^>]*>([\d.]+)%', letter.html):
        assert abs(int(width) - float(rate)) <= 0.51


@pytest.fixture(scope="module")
def tab() -> Iterator[Page]:
    if find_browser() is None:
        pytest.skip("no browser on this machine")
    with browser() as page:
        yield page


@pytest.mark.parametrize("name", CASES)
def test_a_mail_fits_a_phone_as_it_is_and_without_its_styles(letters: dict[str, Any], tab: Page, name: str) -> None:
    _, folder = letters[name]
    tab.size(360, 800)
    for file in (f"{name}.html", f"{name}-plain.html"):
        tab.open(Path(folder / file).as_uri())
        assert tab.see("document.documentElement.scrollWidth") <= 360, file


def test_a_mail_is_readable_in_the_dark(letters: dict[str, Any], tab: Page) -> None:
    _, folder = letters["normal"]
    tab.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    tab.open(Path(folder / "normal.html").as_uri())
    # each text against what stands behind it: a contrast that WCAG asks of small text
    low = tab.see(_CONTRAST)
    tab.ask("Emulation.setEmulatedMedia", features=[])
    assert low == []


_CONTRAST = """
(() => {
  const rgb = text => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255).map(v => v <= 0.03928 ? v / 12.92 :
    ((v + 0.055) / 1.055) ** 2.4).reduce((sum, v, at) => sum + v * [0.2126, 0.7152, 0.0722][at], 0);
  const behind = one => { for (; one; one = one.parentElement) {
    const found = rgb(getComputedStyle(one).backgroundColor); if (found.length < 4 || found[3] > 0) return found; }
    return matchMedia('(prefers-color-scheme: dark)').matches ? [18, 18, 18] : [255, 255, 255]; };
  return [...document.querySelectorAll('td, th, p, b, a, span')].filter(one => one.innerText.trim() &&
    parseFloat(getComputedStyle(one).fontSize) > 1).map(one => {
      const a = light(rgb(getComputedStyle(one).color)), b = light(behind(one));
      return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), one.innerText]; })
    .filter(([contrast]) => contrast < 4.5).slice(0, 5);
})()
"""


@pytest.mark.parametrize("name", CASES)
def test_the_workbook_opens_and_its_figures_are_those_of_the_mail(letters: dict[str, Any], name: str) -> None:
    letter, _ = letters[name]
    [(_, content)] = letter.files
    book = openpyxl.load_workbook(BytesIO(content))
    assert all(len(sheet) <= 31 for sheet in book.sheetnames)
    last = list(book["各期汇总"].iter_rows(values_only=True))[-1]
    figures = re.findall(r"font-size:17px\"><b>([^<]*)</b>", letter.html)
    assert [f"{last[1]:,}", f"{last[3]:,}"] == [figures[0], figures[2]]
    drawn = {sheet.title for sheet in book if sheet._charts}
    assert drawn >= {"线索转化分析表", "各期汇总", "等级校准", "客户层级"}
    assert ("按批次" in drawn) == (name in ("normal", "many", "long"))
    assert not any(cell.data_type == "f" for sheet in book for row in sheet.iter_rows() for cell in row)


def test_english_mails_are_english() -> None:
    made = pack(300, ["web", "fair"], "en")
    letter = review_letter(made, "key", "zhengkai", "Zheng Kai", "en")
    said = (
        "竞品价格低",
        LONG,
        "未填",
        "制造业",
        "IT服务业",
        "华东组",
        "吴佳琪",
        "潜在",
        "高意向",
        "意向",
        "成交",
        "流失",
    )
    left = re.sub("|".join((*said, "其他")), "", letter.text)
    assert not re.search("[\u4e00-\u9fff].*", left)


def test_what_people_wrote_is_masked() -> None:
    assert masked("打 138 1234 5678 或 li.ming@example.com，3 台") == "打 138******5678 或 l***@example.com，3 台"
    assert len(masked(LONG)) == 60


def test_what_one_lead_waits_for_is_counted_once_and_grades_stand_in_their_order() -> None:
    letter = review_letter(pack(400, ["官网表单"]), "key", "zhengkai", "郑凯", "zh_CN")
    assert "1 条A级线索仍在等待所需支持" in letter.text
    start = letter.html.index("转化率：等级")
    grades = re.findall(r">([ABC])</td>", letter.html[start : letter.html.index("转化率：来源")])
    assert grades == ["A", "B", "C"]


def test_loss_reasons_show_no_change_where_nothing_was_lost_before() -> None:
    known = facts(900, ["官网表单"])
    lost = (known["result"] == "lost").to_numpy()
    before = lost & (known["closed_on"] < pd.Timestamp("2025-09-01")).to_numpy()
    assert loss_reasons(known, SPAN)["change_points"].notna().all()
    assert loss_reasons(known[~before], SPAN)["change_points"].isna().all()


def test_promises_of_leads_that_nobody_has_are_no_second_line_of_all() -> None:
    lines = [("all", "", 60), ("team", "", 2), ("team", "华东组", 58)]
    data = pd.DataFrame(lines, columns=["by", "value", "due"]).assign(
        policy="K-FIRST", met=0, late=0, missed=0, share=0.0, small=False
    )
    [section] = sections("monthly", {"promises": data}, {}, "zh_CN")
    assert [row[1] for row in section.rows] == ["全部", "（未知）", "华东组"]
