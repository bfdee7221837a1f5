"""Who is in a decision chain: named cases, members written by a generator, and texts that nobody expects."""

import unicodedata
from datetime import date
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from config.loader import load_config
from tasks.rules.clean.lexicon import lexicon
from tests.named_cases import each

RULES = load_config().rules.at(date(2024, 3, 15))
READER = lexicon(RULES).members


@each("clean_members")
def test_a_chain_is_read(case: dict[str, Any]) -> None:
    found = [f"{one.unit}|{one.who}|{one.role}" for one in READER.read(case["text"])]
    assert found == case["members"]


_PEOPLE = st.tuples(
    st.sampled_from(["", "生产部", "信息中心", "采购部", "财务部", "工程部", "使用部门"]),
    st.sampled_from(["", "王", "李", "欧阳", "张", "诸葛"]),
    st.sampled_from(["经理", "总监", "主任", "总经理", "副总", "厂长", "董事长"]),
    st.sampled_from([("评估", "evaluator"), ("审批", "approver"), ("拍板", "decider"), ("比价", "buyer"),
                     ("使用", "user"), ("签字", "approver"), ("说了算", "decider")]),
)  # fmt: skip


@given(people=st.lists(_PEOPLE, min_size=1, max_size=6, unique=True), between=st.sampled_from("，；→/\n、+"))
@settings(max_examples=60, deadline=None)
def test_members_with_what_they_do_come_back(people: list[Any], between: str) -> None:
    text = between.join(f"{unit}{family}{title}{act}" for unit, family, title, (act, _) in people)
    got = [(one.unit, one.name, one.title, one.role) for one in READER.read(text)]
    wanted = [(unit, family, title, role) for unit, family, title, (_, role) in people]
    assert got == list(dict.fromkeys(wanted))


_PIECES = (
    "王 李经理 总经理 采购 部 财务 IT CEO 拍板 审批 ： ， 、 → （ ） 决策人 由 报 老板 待定 自己 和 Mr. Wang 𠮷 ① ½"
)


@given(st.one_of(st.text(max_size=60), st.lists(st.sampled_from(_PIECES.split(" ")), max_size=14).map("".join)))
@settings(max_examples=300, deadline=None)
def test_no_chain_raises_and_nobody_is_made_up(text: str) -> None:
    plain = unicodedata.normalize("NFKC", text)
    for member in READER.read(text):
        assert member.who
        assert all(part in plain for part in (member.name, member.title, member.unit))
        assert member.role in {"", *RULES.value("V-CHAIN-MEMBERS")["does"]}


def test_the_worst_of_chains_is_read_in_time() -> None:
    for text in (
        piece * 5000 for piece in ("部", "王", "总经理、", "（", "集团总部采购", "由报找", "a ", "IT manager ")
    ):
        assert len(READER.read(text)) < 2000
