"""Job seekers, sellers and students in many phrasings are seen, and those who buy similar things are not."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import yaml

from config.loader import load_config
from tasks.rules.clean import clean
from tasks.rules.decide import decide
from tasks.rules.facts import row_facts
from tasks.rules.facts.junk import _buys, _signal, search
from tests.named_cases import RECEIVED_AT, ZONE

RULES = load_config().rules.at(RECEIVED_AT.date())
PHRASES = yaml.safe_load((Path(__file__).parents[1] / "cases" / "not_buyers.yaml").read_text(encoding="utf-8"))
KINDS = ("need_job_seeker", "need_seller", "need_student")


def _junk(needs: list[str]) -> list[str]:
    frame = clean(pd.DataFrame({"need": pd.Series(needs, dtype="str")}), RULES, RECEIVED_AT, ZONE)
    return row_facts(frame, RULES, RECEIVED_AT, ZONE)["junk"].tolist()


@pytest.mark.parametrize("kind", KINDS)
def test_whoever_does_not_buy_is_seen(kind: str) -> None:
    found = dict(zip(PHRASES[kind], _junk(PHRASES[kind]), strict=True))
    assert {need: said for need, said in found.items() if said != kind} == {}
    assert len(found) >= 60


def test_whoever_buys_something_of_the_same_name_is_no_signal() -> None:
    found = dict(zip(PHRASES["buyers"], _junk(PHRASES["buyers"]), strict=True))
    assert {need: said for need, said in found.items() if said} == {}
    assert len(found) >= 200


@pytest.mark.parametrize("kind", KINDS)
def test_one_signal_is_to_verify_and_two_are_invalid(kind: str) -> None:
    needs = pd.Series(PHRASES[kind], dtype="str")
    for company, verdict in (("嘉兴精工机械有限公司", "to_verify"), ("个人", "invalid")):
        rows = pd.DataFrame({"need": needs}).assign(company=company, industry="制造业", budget="50万")
        frame = clean(rows, RULES, RECEIVED_AT, ZONE)
        facts = frame.join(row_facts(frame, RULES, RECEIVED_AT, ZONE))
        facts["blocked"] = pd.array([""] * len(facts), dtype="str")
        assert set(decide(facts, RULES)["verdict"]) == {verdict}


def test_few_texts_and_many_are_read_alike() -> None:
    needs = [need.lower() for phrases in PHRASES.values() for need in phrases]
    texts = pa.array([*needs, *(need * 2 for need in needs), "", "hr", "找hr谈", "\u3000招 人 吗"], pa.large_string())
    for signal in KINDS:
        pattern = _signal(signal, RULES)
        assert search(texts, pattern, few=0).tolist() == search(texts, pattern, few=len(texts)).tolist()
    assert (
        _buys(texts, RULES) == np.concatenate([_buys(texts.slice(n, 50), RULES) for n in range(0, len(texts), 50)])
    ).all()
