"""A lead's story answers: which rows, which rule on which facts, why this owner and not the others."""

import json
import unicodedata
from pathlib import Path

import pytest
from sqlalchemy import text

from models.db import begin
from tasks.explain import explain
from tasks.i18n import word, words
from tasks.split import split_lead
from tasks.story_words import words as of_story
from tests.prepared import settle
from tests.tasks.outgoing import AS_OF, AWAY, GRADE_A, base, config_of, lead_rows, own


def _width(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in line)


def test_an_unknown_number_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(LookupError, match="there is no lead XL999"):
        explain(base(tmp_path), "XL999", config_of(tmp_path))


def test_the_rows_and_what_they_share_are_named(tmp_path: Path) -> None:
    engine, config = base(tmp_path), config_of(tmp_path)
    own(engine, config, *lead_rows(1), file="官网.csv")
    own(engine, config, *lead_rows(1, mail="other@example.cn", at="2024-03-10", need="改造产线"), file="展会.csv")
    story = explain(engine, "XL202403001", config).text
    assert "由 2 条记录合并而成" in story
    assert "第 1 号行（官网.csv 第 2 行） 新建线索" in story
    assert "第 2 号行（展会.csv 第 2 行） 并入已有线索；手机或带分机的座机相同，是同一联系人：13800000000" in story
    assert "需求：采用 改造产线（2 号行），未采用 采购产线（1 号行）" in story


def test_the_chain_is_told_as_written_with_its_members_and_completeness(tmp_path: Path) -> None:
    engine, config = base(tmp_path), config_of(tmp_path)
    own(engine, config, *lead_rows(1, chain="使用部门李经理、财务王强总监，总经理拍板", chain_state="complete"))
    story = explain(engine, "XL202403001", config)
    assert "决策链 使用部门李经理、财务王强总监，总经理拍板" in story.text.replace("\n    ", "")
    assert "李经理（使用部门，使用）、王强 总监（财务，审批）、总经理（决定）——完整" in story.text.replace("\n    ", "")
    assert story.data["chain"]["state"] == "complete"
    assert story.data["chain"]["members"] == [
        {"name": "李", "title": "经理", "unit": "使用部门", "role": "user"},
        {"name": "王强", "title": "总监", "unit": "财务", "role": "approver"},
        {"name": "", "title": "总经理", "unit": "", "role": "decider"},
    ]
    assert "decides" in explain(engine, "XL202403001", config, "en").text
    masked = explain(engine, "XL202403001", config, mask=True)
    assert "王强" not in masked.text + json.dumps(masked.data, ensure_ascii=False)


def test_a_chain_that_names_nobody_has_no_members(tmp_path: Path) -> None:
    engine, config = base(tmp_path), config_of(tmp_path)
    own(engine, config, *lead_rows(1, chain="待了解"))
    story = explain(engine, "XL202403001", config)
    assert "决策链成员" not in story.text
    assert story.data["chain"]["members"] == []


def test_each_decision_names_its_rule_and_facts(tmp_path: Path) -> None:
    engine, config = base(tmp_path), config_of(tmp_path)
    own(engine, config, *lead_rows(1, chain_state="complete", budget_min=float("nan"), budget_max=float("nan")))
    story = explain(engine, "XL202403001", config).text
    assert "判定：待核实" in story
    assert "S-BUDGET-OPEN 预算未填或待确认，待核实（依据 预算：未知）" in story
    assert "级别：B 中（待核实期间为暂定）" in story
    assert "G-B 需求明确" in story
    assert "未评 A 级（G-A），因为 预算：未知、时间：未知" in story


def test_why_this_owner_and_not_the_others(tmp_path: Path) -> None:
    engine, config = base(tmp_path), config_of(tmp_path, leave=AWAY)
    settle(engine, *lead_rows(1), config=config)
    story = explain(engine, "XL202403001", config).text
    assert "负责人：魏代表" in story
    assert "A-GRADE-B" in story
    assert "请假：孙资深" in story
    assert "在手已满：谭资深" in story
    assert "魏代表（份额 1，本轮已分 0→1 条，在手 0→1）" in story
    assert "只有 魏代表 可以接" in story


def test_who_alone_can_take_a_lead_is_told_so(tmp_path: Path) -> None:
    engine, config = base(tmp_path), config_of(tmp_path)
    own(engine, config, *lead_rows(1, **GRADE_A))
    own(engine, config, *lead_rows(1, 5), file="b.csv")
    story = explain(engine, "XL202403002", config).text
    assert "候选人：有效、B 级、制造业的线索依次问资深、再问销售代表" in story
    assert "只有 孙资深 可以接" in story


def test_a_grade_given_before_the_better_ones_were_looked_at_says_so(tmp_path: Path) -> None:
    engine, config = base(tmp_path), config_of(tmp_path)
    own(engine, config, *lead_rows(1, urgency_state="no_plan", chain_state="complete"))
    story = explain(engine, "XL202403001", config).text
    assert "G-NO-PLAN" in story
    assert "此规则排在 A、B 级的规则之前，符合即定" in story


def test_a_lead_that_nobody_took_says_how_everybody_stands(tmp_path: Path) -> None:
    engine, config = base(tmp_path), config_of(tmp_path, leave=AWAY)
    people = [
        person.model_copy(update={"regions": ("北京市", "天津市", "河北省", "山西省")})
        for person in config.roster.people
    ]
    config = config.model_copy(update={"roster": config.roster.model_copy(update={"people": tuple(people)})})
    own(engine, config, *lead_rows(1, region="上海市"))
    story = explain(engine, "XL202403001", config).text
    assert "负责人：目前无人负责；没有符合职级、地区和行业的人" in story
    assert "按目前情况，候选人：有效、B 级、上海市、制造业的线索依次问资深、再问销售代表" in story
    assert "地区不符：孙资深（只接 北京市、天津市、河北省 等 4 处）、谭资深" in story


def test_the_words_of_the_sender_stand_beside_what_was_read_in_them(tmp_path: Path) -> None:
    engine, config = base(tmp_path), config_of(tmp_path)
    own(engine, config, *lead_rows(1, urgency="低", urgency_state="no_plan"))
    layout = json.dumps({"mapping": {"urgency": [1], "budget": [2]}})
    with begin(engine) as conn:
        conn.execute(text("UPDATE batch SET layout = :layout"), {"layout": layout})
        conn.execute(text("UPDATE submission SET raw = :raw"), {"raw": "甲\x1f先了解一下\x1f二十到三十万"})
    story = explain(engine, "XL202403001", config).text
    assert "紧急程度 低（原文“先了解一下”）" in story
    assert "预算 20–30 万元（原文“二十到三十万”）" in story.replace("\n    ", "")


def test_an_owner_before_is_told_with_the_reason(tmp_path: Path) -> None:
    engine, config = base(tmp_path), config_of(tmp_path)
    own(engine, config, *lead_rows(1))
    own(engine, config, {"name": "周渡", "company": "晨星0公司", "mobile": "13900000000", **GRADE_A}, file="b.csv")
    story = explain(engine, "XL202403001", config).text
    assert "原负责人 孙资深（资深）的职级不够：需要主管、资深" in story


def test_a_split_by_hand_is_told_at_both_leads(tmp_path: Path) -> None:
    engine, config = base(tmp_path), config_of(tmp_path)
    own(engine, config, *lead_rows(1))
    own(engine, config, *lead_rows(1, mail=None, need="改造产线"), file="b.csv")
    [number] = split_lead(
        engine,
        "XL202403001",
        (2,),
        config,
        actor="jing",
        reason="前台电话",
        as_of=AS_OF,
        recorded_at=AS_OF,
        zone="Asia/Shanghai",
    )
    said = "2024-03-15 10:00 景主管 认定2 号行另属一人：前台电话"
    assert said in explain(engine, "XL202403001", config).text
    story = explain(engine, number, config).text
    assert said in story
    assert "第 2 号行（b.csv 第 2 行） 新建线索；人工拆分到这里" in story


def test_an_invalid_lead_says_why_nobody_has_it(tmp_path: Path) -> None:
    engine, config = base(tmp_path), config_of(tmp_path)
    own(engine, config, *lead_rows(1, budget_min=10_000.0, budget_max=20_000.0))
    story = explain(engine, "XL202403001", config).text
    assert "S-BUDGET-BELOW 预算上限低于门槛 100,000 元，无效（依据 预算：低于门槛）" in story
    assert "无效线索归档，不分配" in story


def test_a_handover_is_told_with_its_rule(tmp_path: Path) -> None:
    engine, config = base(tmp_path), config_of(tmp_path)
    own(engine, config, *lead_rows(1))
    own(engine, config, {"name": "周渡", "company": "晨星0公司", "mobile": "13900000000", **GRADE_A}, file="b.csv")
    story = explain(engine, "XL202403001", config).text
    assert "由 孙资深 移交" in story
    assert "A-LIFT 线索级别需要更高职级的人，客户已移交" in story
    assert "2024-03-15 10:00 移交；有效；B 级；景主管" in story


def test_what_people_said_is_shown(tmp_path: Path) -> None:
    engine, config = base(tmp_path), config_of(tmp_path)
    own(engine, config, *lead_rows(1))
    with begin(engine) as conn:
        conn.execute(
            text(
                "INSERT INTO match (id, submission_id, key, verdict, actor, reason, since) VALUES"
                " (1, 1, 'x', 'different', 'jing', '另有其人', '2024-03-16 02:00:00')"
            )
        )
        conn.execute(text("UPDATE lead SET touched_at = '2024-03-17 02:00:00'"))
    story = explain(engine, "XL202403001", config).text
    assert "2024-03-16 10:00 景主管 认定1 号行另属一人：另有其人" in story
    assert "2024-03-17 10:00 起由人工跟进" in story


def test_a_story_with_many_rows_stays_on_one_screen(tmp_path: Path) -> None:
    engine, config = base(tmp_path), config_of(tmp_path)
    for number in range(12):
        row = lead_rows(1, need=f"需要第{number}条自动化产线改造" * 3, at=f"2024-03-{number + 1:02d}")
        own(engine, config, *row, file=f"文件{number}.csv")
    lines = explain(engine, "XL202403001", config).text.splitlines()
    assert len(lines) <= 45
    assert max(map(_width, lines)) <= 104
    assert any("另有 6 行" in line for line in lines)


def test_masked_shows_no_name_phone_or_address(tmp_path: Path) -> None:
    engine, config = base(tmp_path), config_of(tmp_path)
    own(engine, config, *lead_rows(1))
    own(engine, config, *lead_rows(1, need="改造产线"), file="b.csv")
    told = explain(engine, "XL202403001", config, mask=True)
    for said in (told.text, json.dumps(told.as_dict(), ensure_ascii=False)):
        assert "13800000000" not in said
        assert "lin0@" not in said
        assert "林溪0" not in said
    assert "138****0000" in told.text


def test_the_mark_of_marketing_is_told_beside_grade_and_budget(tmp_path: Path) -> None:
    engine, config = base(tmp_path), config_of(tmp_path)
    own(engine, config, *lead_rows(1, mark="高意向，预算50万+"))
    story = explain(engine, "XL202403001", config)
    assert "市场标注 高意向，预算50万+（高于分级、与所填预算不符）" in story.text.replace("\n    ", "")
    assert story.data["mark"] == {"text": "高意向，预算50万+", "compared": ["higher", "budget_differs"]}
    told = explain(engine, "XL202403001", config, "en").text.replace("\n    ", " ")
    assert "高意向，预算50万+ (above the grade, not the budget stated)" in told


def test_the_story_is_data_too(tmp_path: Path) -> None:
    engine, config = base(tmp_path), config_of(tmp_path)
    own(engine, config, *lead_rows(1))
    data = json.loads(json.dumps(explain(engine, "XL202403001", config).as_dict()))
    assert data["grade"]["rule"] == "G-B"
    assert data["facts"]["need"] == "clear"
    assert data["rows"][0]["file"] == "a.csv"
    assert {person["id"] for person in data["choice"]["people"]} == {"sun", "tan"}


def test_english_is_told_in_english(tmp_path: Path) -> None:
    engine, config = base(tmp_path), config_of(tmp_path)
    own(engine, config, *lead_rows(1))
    story = explain(engine, "XL202403001", config, "en").text.replace("\n    ", " ")
    assert "Verdict: valid" in story
    assert "S-VALID Industry, need and budget meet the hard criteria: valid" in story
    assert "industry manufacturing" in story
    assert "source web form" in story


def test_in_english_the_words_of_the_vocabulary_are_english_and_those_of_the_sender_stay(tmp_path: Path) -> None:
    engine, config = base(tmp_path), config_of(tmp_path)
    own(engine, config, *lead_rows(1, urgency="高", source="行业展会", industry="未名行当", need="采购产线"))
    content = explain(engine, "XL202403001", config, "en").text.replace("\n    ", " ")
    assert "urgency high" in content
    assert "source trade fair" in content
    assert "industry 未名行当" in content
    assert "need 采购产线" in content


def test_of_several_leads_of_a_kind_only_the_first_is_told_by_how_things_stood_before(tmp_path: Path) -> None:
    engine, config = base(tmp_path), config_of(tmp_path)
    people = [person.model_copy(update={"capacity": 1}) for person in config.roster.people]
    config = config.model_copy(update={"roster": config.roster.model_copy(update={"people": tuple(people)})})
    own(engine, config, *lead_rows(4))
    told = [explain(engine, f"XL20240300{n}", config) for n in (1, 2, 3, 4)]
    said = [next(line.strip() for line in story.text.splitlines() if "轮到" in line) for story in told]
    assert said[0] == "轮到 孙资深：按份额，连同这一条应得 0.5 条，此前已得 0 条"
    assert [line.partition("：")[0] for line in said] == ["轮到 孙资深", "轮到 谭资深"] * 2
    assert [story.data["turn"] for story in told] == [(1, 4), (2, 4), (3, 4), (4, 4)]
    for nth, line in enumerate(said[1:], start=2):
        assert line.endswith(f"同批同类共 4 份（一家公司的算一份），按份额轮流分配，这是第 {nth} 份")


def test_the_one_with_the_larger_share_is_told_by_what_is_due_to_him(tmp_path: Path) -> None:
    engine, config = base(tmp_path), config_of(tmp_path)
    people = [person.model_copy(update={"capacity": 1 + (person.id == "tan")}) for person in config.roster.people]
    config = config.model_copy(update={"roster": config.roster.model_copy(update={"people": tuple(people)})})
    own(engine, config, *lead_rows(1))
    story = explain(engine, "XL202403001", config).text
    assert "轮到 谭资深：按份额，连同这一条应得 0.67 条，此前已得 0 条" in story


def test_a_record_delivered_anew_supersedes_and_one_delivered_again_repeats(tmp_path: Path) -> None:
    engine, config = base(tmp_path), config_of(tmp_path)
    own(engine, config, *lead_rows(1, external_id="K1"))
    own(engine, config, *lead_rows(1, external_id="K1", need="改造产线") * 2, file="b.csv")
    story = explain(engine, "XL202403001", config).text
    assert "第 1 号行（a.csv 第 2 行） 新建线索；被 2 号行的新内容取代" in story
    assert "第 2 号行（b.csv 第 2 行） 更新；取代 1 号行的旧内容" in story
    assert "第 3 号行（b.csv 第 3 行） 并入已有线索；与 2 号行是同一记录的重复送达" in story


def test_a_line_neither_begins_with_a_closing_sign_nor_ends_with_an_opening_one(tmp_path: Path) -> None:
    engine, config = base(tmp_path), config_of(tmp_path)
    for number in range(8):
        row = lead_rows(1, need="改" * number + "装配线、包装线（各一条）", chain="厂长（" + "主" * number + "管）")
        own(engine, config, *row, file=f"{'a' * number}（新）.csv")
    for lang in ("zh_CN", "en"):
        for line in explain(engine, "XL202403001", config, lang).text.splitlines():
            assert line.rstrip()[-1] not in "（“(«", line
            assert line.strip()[0] not in "，。；：、）”！？,;:)»", line


def test_one_thing_has_one_chinese_word_wherever_it_is_said() -> None:
    from flows.wording import word as of_summary
    from tasks.receipt_words import words as of_receipt

    receipt = of_receipt("zh_CN")
    for outcome in ("created", "merged", "updated", "rejected", "held"):
        said = {word("zh_CN", "outcome", outcome), receipt[f"card.{outcome}"], of_summary(outcome, "zh_CN")}
        assert len(said) == 1, said
    assert of_summary("rejected", "zh_CN") == receipt["level.rejects"] == "退回"
    assert receipt["outcome.rejected"] == "已退回"
    assert receipt["outcome.held"] == of_summary("held", "zh_CN") == "无变化"
    assert of_summary("no_grade", "zh_CN") == words("zh_CN")["ungraded"] == of_story("zh_CN")["ungraded"] == "未分级"
    assert words("zh_CN")["column.urgency"] == of_story("zh_CN")["field.urgency"] == "紧急程度"


def test_a_decision_of_other_rules_says_which(tmp_path: Path) -> None:
    engine = base(tmp_path)
    own(engine, config_of(tmp_path), *lead_rows(1))
    later = config_of(tmp_path, listed=3)
    assert "按规则版本" in explain(engine, "XL202403001", later).text
    assert AS_OF.year == 2024


def test_whoever_is_no_buyer_is_told_by_the_words_of_his_need(tmp_path: Path) -> None:
    engine, config = base(tmp_path), config_of(tmp_path)
    own(engine, config, *lead_rows(1, need="求职，随时到岗，求一份月结的工作", junk="need_job_seeker"))
    story = explain(engine, "XL202403001", config)
    said = story.text.replace("\n    ", "")
    assert "垃圾信号：求职（需求中写有" in said
    assert "“随时到岗”" in said
    assert "随时到岗" in story.data["words"]["need_job_seeker"]
    english = explain(engine, "XL202403001", config, "en").text
    assert "a job seeker (the need says" in english.replace("\n    ", " ")
    assert "«随时到岗»" in english.replace("\n    ", "")


def test_a_signal_of_another_field_has_no_words_of_the_need(tmp_path: Path) -> None:
    engine, config = base(tmp_path), config_of(tmp_path)
    own(engine, config, *lead_rows(1, need="求职", junk="company_test"))
    story = explain(engine, "XL202403001", config)
    assert "公司像测试" in story.text
    assert "需求中写有" not in story.text
    assert story.data["words"] == {}
