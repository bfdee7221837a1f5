"""Each person is told once what he now owns; supervisors, former owners and deputies hear their part."""

import io
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest
from sqlalchemy import Engine, select, text

import tasks.tell
from config.loader import load_config
from config.schema import Config
from models import MessageFile
from models.db import begin, make_engine, upgrade
from tasks.letters import Letter, dialled
from tasks.news import read_news
from tasks.tell import tell
from tests.named_cases import with_value
from tests.tasks.outgoing import AS_OF, AWAY, GRADE_A, base, config_of, lead_rows, messages, own, settings_of


def _told(engine: Engine, config: Config, folder: Path, **said: str) -> dict[str, object]:
    tell(engine, config, settings_of(folder, **said), AS_OF)
    return {message.recipient: message for message in messages(engine)}


def _sheet(engine: Engine, message_id: int) -> list[list[object]]:
    with engine.connect() as conn:
        content = conn.execute(select(MessageFile.content).where(MessageFile.message_id == message_id)).scalar_one()
    return [[cell.value for cell in row] for row in openpyxl.load_workbook(io.BytesIO(content)).active.iter_rows()]


def test_an_owner_gets_one_mail_with_his_leads_in_full(tmp_path: Path) -> None:
    engine, config = base(tmp_path), config_of(tmp_path)
    chain = "使用部门李经理，总经理拍板"
    own(engine, config, *lead_rows(3, mark="高意向", title="采购经理", source_detail="工博会E5", chain=chain))
    mail = _told(engine, config, tmp_path)["sun"]
    assert (mail.kind, mail.state, mail.address) == ("new_leads", "pending", "sun@example.com")
    assert mail.subject == "新线索 3 条（中 3）"
    for part in (mail.text, mail.html):
        for said in (
            "13800000001",
            "lin1@example.cn",
            "晨星1公司",
            "采购产线",
            "20–30 万元",
            "高意向",
            "工博会E5",
            "首次联系",
        ):
            assert said in part
    rows = _sheet(engine, mail.id)
    assert len(rows) == 4
    assert {row[2] for row in rows[1:]} == {"XL202403001", "XL202403002", "XL202403003"}
    first = dict(zip(rows[0], rows[1], strict=True))
    assert first["级别"] == "B 中"
    assert first["判定"] == "有效"
    assert first["决策链"] == chain
    assert first["决策链成员"] == "李经理（使用部门，使用）、总经理（决定）——完整"
    assert first["预算"] == "20–30 万元"
    assert first["市场标注"] == "高意向"
    assert "需求明确" in str(first["定级依据"])


def test_a_lead_is_told_with_all_that_its_owner_needs(tmp_path: Path) -> None:
    engine, config = base(tmp_path), config_of(tmp_path)
    said = {"chain": "生产部、总经理", "urgency": "高", "region": "上海市", "created": "2024-03-15T14:05"}
    own(engine, config, *lead_rows(1, title="采购经理", mark="预算50万+", source_detail="工博会E5", **said))
    mail = _told(engine, config, tmp_path)["sun"]
    expected = """[B 中] XL202403001
    晨星0公司
    林溪0（采购经理）  13800000000  lin0@example.cn
    需求描述：采购产线
    预算：20–30 万元  ·  紧急程度：高
    决策链：生产部、总经理  ·  决策链成员：生产部（使用）、总经理（决定）——完整
    来源：官网表单（工博会E5）  ·  首次接触：2024-03-15 14:05
    行业：制造业  ·  地区：上海市
    市场标注：预算50万+（与所填预算不符）
    定级依据：需求明确，但预算、决策链或时间有一项未定，B级
    分配依据：B级由资深销售代表跟进，资深代表已满时由销售代表跟进
    待办：首次联系，收到线索后 1 个工作日内电话或邮件核实，写明有效或无效及原因
"""
    assert expected in mail.text
    assert '<a href="tel:13800000000"' in mail.html
    assert '<a href="mailto:lin0@example.cn"' in mail.html


def test_the_mark_of_marketing_stands_in_the_mail_unless_a_rule_keeps_it_out(tmp_path: Path) -> None:
    engine, config = base(tmp_path), config_of(tmp_path)
    own(engine, config, *lead_rows(1, mark="预算50万+"))
    silent = config.model_copy(update={"rules": with_value(config.rules, "N-MARK", False)})
    mail = _told(engine, silent, tmp_path)["sun"]
    assert "市场标注" not in mail.text + mail.html


@pytest.mark.parametrize(
    ("mark", "said"),
    [
        ("高意向", "高意向（高于分级）"),
        ("一般", "一般（与分级一致）"),
        ("高意向，预算25万", "高意向，预算25万（高于分级、与所填预算相符）"),
        ("聊得很好", "聊得很好"),
    ],
)
def test_the_mark_is_compared_with_what_the_rules_made_of_the_lead(tmp_path: Path, mark: str, said: str) -> None:
    engine, config = base(tmp_path), config_of(tmp_path)
    own(engine, config, *lead_rows(1, mark=mark))
    assert f"    市场标注：{said}\n" in _told(engine, config, tmp_path)["sun"].text


def test_what_is_asked_follows_verdict_and_grade(tmp_path: Path) -> None:
    engine, config = base(tmp_path), config_of(tmp_path)
    unsure = {"budget_min": float("nan"), "budget_max": float("nan"), "industry": None}
    own(engine, config, *lead_rows(1, **GRADE_A), *lead_rows(1, 5, **unsure))
    told = _told(engine, config, tmp_path)
    assert "待办：A级线索 24 小时内首次联系" in told["jing"].text
    open_ones = "预算未填或待确认；行业未知或不在目标行业之内"
    verify = "待办：收到线索后 1 个工作日内电话或邮件核实，写明有效或无效及原因"
    assert f"{verify}（要问清：{open_ones}）" in told["wei"].text


def test_what_is_asked_is_what_the_companys_own_promise_says(tmp_path: Path) -> None:
    engine = base(tmp_path)
    config_of(tmp_path)
    own_rules = "- {id: K-FIRST, statement: {zh: A级线索 2 小时内首次联系, en: within 2 hours}}\n"
    own_rules += "- {id: K-VERIFY, enabled: false}\n"
    (tmp_path / "rules" / "sla.yaml").write_text(own_rules, encoding="utf-8")
    config = load_config(tmp_path)
    own(engine, config, *lead_rows(1, **GRADE_A), *lead_rows(1, 5, industry=None))
    told = _told(engine, config, tmp_path)
    assert "待办：A级线索 2 小时内首次联系\n" in told["jing"].text
    assert "待办：电话或邮件核实，写明有效或无效及原因（" in told["wei"].text


def test_what_nobody_took_is_told_to_those_at_the_top_once(tmp_path: Path) -> None:
    engine, config = base(tmp_path), config_of(tmp_path, leave=AWAY)
    own(engine, config, *lead_rows(1, **GRADE_A, region="上海市"))
    gone = config.roster.model_copy(
        update={
            "people": tuple(
                person.model_copy(update={"regions": ("北京市",)}) if person.role != "manager" else person
                for person in config.roster.people
            )
        }
    )
    config = config.model_copy(update={"roster": gone})
    own(engine, config, *lead_rows(2, 10, region="上海市"), file="b.csv")
    told = _told(engine, config, tmp_path)
    mail = told["qi"] if told["qi"].kind == "unassigned" else messages(engine)[-1]
    assert (mail.kind, mail.recipient) == ("unassigned", "qi")
    assert mail.subject == "新线索 2 条无人负责（中 2），请安排"
    assert "未分配原因：没有符合职级、地区和行业的人" in mail.text
    assert len(_sheet(engine, mail.id)) == 3
    assert tell(engine, config, settings_of(tmp_path), AS_OF) == 0


def test_who_never_heard_of_a_lead_hands_nothing_over(tmp_path: Path) -> None:
    engine, config = base(tmp_path), config_of(tmp_path)
    own(engine, config, *lead_rows(1))
    own(engine, config, {"name": "周渡", "company": "晨星0公司", "mobile": "13900000000", **GRADE_A}, file="b.csv")
    _told(engine, config, tmp_path)
    assert {message.kind for message in messages(engine)} == {"new_leads", "digest"}
    mine = next(message for message in messages(engine) if message.recipient == "jing")
    assert "（移交自 孙资深）" in mine.text


@pytest.mark.parametrize(
    ("phone", "dial"),
    [
        ("13800000000", "13800000000"),
        ("0755-26718501-9207", "075526718501,9207"),
        ("010-62345678", "01062345678"),
        ("400-800-1234", "4008001234"),
        ("+85223456789", "+85223456789"),
    ],
)
def test_a_number_is_dialled_as_a_telephone_takes_it(phone: str, dial: str) -> None:
    assert dialled(phone) == dial


def test_telling_again_says_nothing_and_new_leads_are_told_alone(tmp_path: Path) -> None:
    engine, config = base(tmp_path), config_of(tmp_path)
    own(engine, config, *lead_rows(2))
    assert tell(engine, config, settings_of(tmp_path), AS_OF) == 2  # the owner and his supervisor
    assert tell(engine, config, settings_of(tmp_path), AS_OF) == 0
    own(engine, config, *lead_rows(1, start=50), file="b.csv")
    assert tell(engine, config, settings_of(tmp_path), AS_OF) == 2
    late = [message for message in messages(engine) if message.recipient == "sun"][1]
    assert "晨星50公司" in late.text
    assert "晨星1公司" not in late.text


def test_a_fault_in_the_middle_leaves_nothing_and_the_next_run_tells_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, config = base(tmp_path), config_of(tmp_path)
    own(engine, config, *lead_rows(2))
    monkeypatch.setattr(tasks.tell, "_WRITTEN_AT_ONCE", 1)
    written = Letter.message
    calls: list[int] = []

    def dies_at_the_second(letter: Letter, number: int, address: str, as_of: datetime) -> dict[str, object]:
        calls.append(number)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return written(letter, number, address, as_of)

    with monkeypatch.context() as patch:
        patch.setattr(Letter, "message", dies_at_the_second)
        with pytest.raises(KeyboardInterrupt):
            tell(engine, config, settings_of(tmp_path), AS_OF)
    assert messages(engine) == []
    assert tell(engine, config, settings_of(tmp_path), AS_OF) == 2
    assert len({message.key for message in messages(engine)}) == 2


def test_the_most_urgent_are_listed_first_and_the_rest_is_attached(tmp_path: Path) -> None:
    engine, config = base(tmp_path), config_of(tmp_path, listed=2)
    rows = [
        *lead_rows(1, 0, urgency_state="unknown", at="2024-03-01"),
        *lead_rows(1, 1, urgency_state="urgent", at="2024-03-09"),
        *lead_rows(1, 2, urgency_state="urgent", at="2024-03-02"),
        *lead_rows(1, 3, urgency_state="frame"),
    ]
    own(engine, config, *rows)
    mail = _told(engine, config, tmp_path)["sun"]
    assert mail.text.index("晨星2公司") < mail.text.index("晨星1公司")
    assert "晨星3公司" not in mail.text
    assert [row[3] for row in _sheet(engine, mail.id)[1:]] == ["晨星2公司", "晨星1公司", "晨星3公司", "晨星0公司"]


def test_a_workbook_that_would_be_too_long_is_capped_and_the_mail_says_so(tmp_path: Path) -> None:
    engine, config = base(tmp_path), config_of(tmp_path, rows=3)
    own(engine, config, *lead_rows(5))
    mail = _told(engine, config, tmp_path)["sun"]
    assert len(_sheet(engine, mail.id)) == 4
    assert mail.subject.startswith("新线索 5 条")
    assert "向系统管理员索取" in mail.text


def test_a_supervisor_gets_own_leads_and_the_team_in_one_mail_with_masked_phones(tmp_path: Path) -> None:
    engine, config = base(tmp_path), config_of(tmp_path)
    own(engine, config, *lead_rows(1, 0, **GRADE_A), *lead_rows(2, 10))
    told = _told(engine, config, tmp_path)
    assert len(messages(engine)) == 3
    mine = told["jing"]
    assert "13800000000" in mine.text  # his own lead, in full
    assert "孙资深：0 / 2 / 0 / 0 / 2" in mine.text
    assert "13800000010" not in mine.text
    digest = told["qi"]
    assert digest.kind == "digest"
    assert "138****0000" in digest.text
    assert "13800000000" not in digest.text + digest.html
    assert "l***@example.cn" in digest.text


def test_a_former_owner_hears_what_was_handed_over(tmp_path: Path) -> None:
    engine, config = base(tmp_path), config_of(tmp_path)
    own(engine, config, *lead_rows(1))
    _told(engine, config, tmp_path)
    again = {"name": "周渡", "company": "晨星0公司", "mobile": "13900000000", **GRADE_A}
    own(engine, config, again, file="b.csv")
    tell(engine, config, settings_of(tmp_path), AS_OF)
    handover = [message for message in messages(engine) if message.kind == "handover"]
    assert [message.recipient for message in handover] == ["sun"]
    assert "XL202403001 晨星0公司" in handover[0].text
    assert "景主管" in handover[0].text
    assert "13800000000" not in handover[0].text
    assert _sheet(engine, handover[0].id)[1:] == [["XL202403001", "晨星0公司", "景主管"]]


def test_the_deputy_gets_a_copy_while_the_owner_is_on_leave(tmp_path: Path) -> None:
    engine, config = base(tmp_path), config_of(tmp_path)
    own(engine, config, *lead_rows(1))
    away = config_of(tmp_path, leave=AWAY)
    told = _told(engine, away, tmp_path)
    assert set(told) == {"sun", "tan", "jing"}
    assert told["tan"].subject.startswith("［代 孙资深］")
    assert "孙资深 请假期间由您代为跟进" in told["tan"].text
    assert "13800000000" in told["tan"].text


def test_joined_leads_and_ended_assignments_are_not_told(tmp_path: Path) -> None:
    engine, config = base(tmp_path), config_of(tmp_path)
    own(engine, config, *lead_rows(2))
    with begin(engine) as conn:
        conn.execute(text("UPDATE lead SET joined_into = 1 WHERE number = 'XL202403002'"))
    assert _told(engine, config, tmp_path)["sun"].subject.startswith("新线索 1 条")


def test_a_mail_is_safe_small_and_narrow(tmp_path: Path) -> None:
    engine, config = base(tmp_path), config_of(tmp_path)
    own(engine, config, *lead_rows(30, need="<script>alert(1)</script>" + "需要产线" * 30))
    mail = _told(engine, config, tmp_path)["sun"]
    assert "<script>" not in mail.html
    assert "&lt;script&gt;" in mail.html
    assert len(mail.html.encode()) < 90_000
    assert "<style" not in mail.html
    assert "http" not in mail.html
    assert "nowrap" not in mail.html


def test_english_is_a_setting(tmp_path: Path) -> None:
    engine, config = base(tmp_path), config_of(tmp_path)
    own(engine, config, *lead_rows(1, urgency="高"))
    mail = _told(engine, config, tmp_path, lang="en")["sun"]
    assert mail.subject == "1 new leads (middle 1)"
    assert "200,000–300,000 yuan" in mail.text
    head, row = _sheet(engine, mail.id)
    assert head[2] == "Lead"
    told = dict(zip(head, row, strict=True))
    assert (told["Urgency"], told["Source"], told["Industry"]) == ("high", "web form", "manufacturing")
    for said in ("Urgency: high", "Source: web form", "Industry: manufacturing"):
        assert said in mail.text


def test_in_english_a_word_that_nobody_translated_stays(tmp_path: Path) -> None:
    engine, config = base(tmp_path), config_of(tmp_path)
    own(engine, config, *lead_rows(1, industry="未名行当", budget_min=float("nan"), budget_max=float("nan")))
    assert "Industry: 未名行当" in _told(engine, config, tmp_path, lang="en")["wei"].text


def test_the_separator_in_a_value_shifts_no_column(tmp_path: Path) -> None:
    engine, config = base(tmp_path), config_of(tmp_path)
    own(engine, config, *lead_rows(1, need="甲\x1f乙"), *lead_rows(1, 5))
    rows = _sheet(engine, _told(engine, config, tmp_path)["sun"].id)
    assert [row[8] for row in rows[1:]] == ["甲 乙", "采购产线"]


def test_few_rows_are_kept_of_somebody_with_very_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine, config = base(tmp_path), config_of(tmp_path)
    own(engine, config, *lead_rows(40))
    for name, value in (("_FETCH", 3), ("_BLOCK", 6), ("_BUCKET_ROWS", 4)):
        monkeypatch.setattr(f"tasks.news.{name}", value)
    with engine.connect() as conn:
        news = read_news(conn, 0, 40)
    with news.spool:
        found = {news.people.values[person]: rows["lead_id"].to_pylist() for person, rows in news.by_person(7)}
    assert found == {"sun": [1, 2, 3, 4, 5, 6, 7]}
    assert news.counts.sum() == 40


def test_nothing_personal_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    engine, config = base(tmp_path), config_of(tmp_path)
    own(engine, config, *lead_rows(2))
    caplog.set_level("DEBUG", logger="tasks")
    _told(engine, config, tmp_path)
    assert "138" not in caplog.text


@pytest.mark.postgres
def test_postgresql_tells_the_same(tmp_path: Path, postgres_url: str) -> None:
    config = config_of(tmp_path)
    said = []
    for engine in (base(tmp_path), make_engine(postgres_url)):
        upgrade(engine)
        own(engine, config, *lead_rows(1, 0, **GRADE_A), *lead_rows(3, 10, budget_max=float("nan"), at="2024-03-01"))
        tell(engine, config, settings_of(tmp_path), AS_OF)
        said.append(
            [(m.key, m.subject, m.text, m.html, _sheet(engine, m.id)) for m in messages(engine) if m.kind != "digest"]
        )
        engine.dispose()
    assert said[0] == said[1]
