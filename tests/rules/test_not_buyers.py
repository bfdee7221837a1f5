"""Job seekers, sellers and students in many phrasings are seen, and those who buy similar things are not."""

from pathlib import Path

import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from config.loader import load_config
from tasks.rules.clean import clean
from tasks.rules.decide import decide
from tasks.rules.facts import row_facts
from tasks.rules.facts.not_buyers import SIGNALS, reader
from tasks.rules.facts.signs import Signs
from tests.named_cases import RECEIVED_AT, ZONE

RULES = load_config().rules.at(RECEIVED_AT.date())
PHRASES = yaml.safe_load((Path(__file__).parents[1] / "cases" / "not_buyers.yaml").read_text(encoding="utf-8"))
WRITERS = PHRASES.pop("writers")


def _junk(needs: list[str], **fields: str) -> list[str]:
    frame = pd.DataFrame({"need": pd.Series(needs, dtype="str")}).assign(**fields)
    frame = clean(frame, RULES, RECEIVED_AT, ZONE)
    return row_facts(frame, RULES, RECEIVED_AT, ZONE)["junk"].tolist()


@pytest.mark.parametrize("kind", SIGNALS)
def test_whoever_does_not_buy_is_seen(kind: str) -> None:
    found = dict(zip(PHRASES[kind], _junk(PHRASES[kind]), strict=True))
    assert {need: said for need, said in found.items() if said != kind} == {}
    assert len(found) >= 60


def test_whoever_buys_something_of_the_same_name_is_no_signal() -> None:
    found = dict(zip(PHRASES["buyers"], _junk(PHRASES["buyers"]), strict=True))
    assert {need: said for need, said in found.items() if said} == {}
    assert len(found) >= 200


@pytest.mark.parametrize("kind", SIGNALS)
def test_one_signal_is_to_verify_and_two_are_invalid(kind: str) -> None:
    needs = pd.Series(PHRASES[kind], dtype="str")
    for company, verdict in (("嘉兴精工机械有限公司", "to_verify"), ("个人", "invalid")):
        rows = pd.DataFrame({"need": needs}).assign(company=company, industry="制造业", budget="50万")
        frame = clean(rows, RULES, RECEIVED_AT, ZONE)
        facts = frame.join(row_facts(frame, RULES, RECEIVED_AT, ZONE))
        facts["blocked"] = pd.array([""] * len(facts), dtype="str")
        seen = facts["junk"].str.contains(kind)
        # the full name of a company speaks a little against a job seeker or a student
        assert seen.mean() > 0.95
        assert set(decide(facts[seen], RULES)["verdict"]) == {verdict}


@pytest.mark.parametrize("row", WRITERS, ids=lambda row: f"{row['title']} {row['need']}")
def test_title_and_company_say_who_writes(row: dict[str, str]) -> None:
    assert _junk([row["need"]], company=row["company"], title=row["title"]) == [row["signal"]]


@pytest.mark.parametrize("title", ["学生", "大三", "同学", "PhD candidate"])
def test_a_title_that_is_a_signal_adds_nothing_to_that_of_the_need(title: str) -> None:
    need = "想了解你们工厂的流程"
    assert _junk([need], title=title) == ["title_outsider"]


def test_what_is_written_in_other_letters_is_read_alike() -> None:
    read = reader(RULES)
    for one, other in (("貴司需要翻譯嗎", "贵司需要翻译吗"), ("做了12年", "做了35年"), ("您需要吗?", "您需要吗？")):
        assert read.points(one) == read.points(other)


def test_the_words_that_a_signal_was_read_in_are_told_as_they_were_written() -> None:
    read = reader(RULES)
    assert {"随时到岗"} <= set(read.words("求职，随时到岗", "need_job_seeker"))
    assert "貴司需要" in "".join(read.words("貴司需要翻譯嗎？免費試譯", "need_seller"))
    assert read.words("12台空压机", "need_student") == []


def test_a_need_of_many_rows_is_read_as_that_of_one() -> None:
    needs = [need for kind in (*SIGNALS, "buyers") for need in PHRASES[kind][:20]]
    assert _junk(needs) == [_junk([need])[0] for need in needs]


def test_signs_are_found_by_their_grammar() -> None:
    signs = Signs({
        "one": ["想|来 上班"],
        "near": ["给 …2 贵司"],
        "far": ["需要 ~9 联系我"],
        "but": ["招聘!会"],
        "ends": ["^ 承接"],
        "figure": ["# 元起"],
        "english": ["looking_for a|any job"],
    })  # fmt: skip

    def groups(text: str) -> set[str]:
        return set(signs.places(text))

    assert groups("我想上班") == groups("来上班吗") == {"one"}
    assert groups("想去上班") == set()
    assert groups("给你们贵司") == {"near"}
    assert groups("给，贵司") == groups("给了他们贵司") == set()
    assert groups("需要的话，联系我") == {"far"}
    assert groups("需要。联系我") == set()
    assert groups("招聘") == {"but"}
    assert groups("招聘会") == set()
    assert groups("承接订单") == {"ends"}
    assert groups("不承接") == set()
    assert groups("00元起") == {"figure"}
    assert groups("looking for any job") == {"english"}
    assert groups("looking for any jobs") == set()
    assert signs.places("想上班，来上班") == {"one": [(0, 3), (4, 7)]}


@given(st.text(max_size=60))
def test_any_text_can_be_read(text: str) -> None:
    read = reader(RULES)
    text = text.lower()
    assert len(read.points(text)) == len(SIGNALS)
    assert all(word in text for signal in SIGNALS for word in read.words(text, signal))
