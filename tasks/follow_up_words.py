"""The words of a follow-up's fields and of what can be wrong with them, Chinese and English."""

from collections.abc import Mapping

from tasks.catalogue import spoken
from tasks.rules.follow_up_check import FIRST_YEAR, MOST_SIGNS, OUTCOMES, PAUSES, YEARS_AHEAD
from tasks.rules.objections import SETTLED

#: The fields of a record in the order of the handbook's sheet (H1 跟进记录表), then the further ones.
FIELDS: Mapping[str, tuple[str, str]] = {
    "number": ("线索编号", "Lead"),
    "at": ("跟进时间", "When"),
    "person": ("跟进人", "Who"),
    "method": ("跟进方式", "How"),
    "outcome": ("客户是否接通", "Answered"),
    "summary": ("沟通内容", "What was said"),
    "feedback": ("客户反馈", "The customer's feedback"),
    "objection": ("客户异议", "Objection"),
    "category": ("异议类别", "Kind of objection"),
    "answer": ("异议的解决办法", "How it will be answered"),
    "settled": ("异议是否化解", "Objections settled"),
    "next_action": ("下一步行动", "Next action"),
    "next_at": ("下一步的时间", "Until when"),
    "next_person": ("下一步由谁做", "Who does it"),
    "result": ("结果状态", "Result"),
    "risk": ("风险提示", "Risk"),
    "milestone": ("达成的里程碑", "Milestone"),
    "confirmed": ("客户已确认的事项", "Confirmed by the customer"),
    "stage": ("当前阶段", "Stage"),
    "plan": ("跟进计划", "Plan"),
    "support": ("需要的支持", "Support needed"),
    "support_at": ("何时需要支持", "Support until"),
    "pause_until": ("暂缓到", "Paused until"),
    "pause_kind": ("暂缓类型", "Kind of pause"),
    "pause_event": ("等待的事件", "Event waited for"),
    "close_on": ("预计成交日期", "Expected close"),
    "probability": ("成交概率（%）", "Probability (%)"),
    "amount": ("预计成交金额（元）", "Expected amount (yuan)"),
    "obstacle": ("关键障碍", "Key obstacle"),
    "contract_number": ("合同编号", "Contract number"),
    "contract_on": ("签约日期", "Contract signed on"),
    "contract_amount": ("合同金额（元）", "Contract amount (yuan)"),
    "first_payment": ("首付款（元）", "First payment (yuan)"),
    "first_payment_on": ("首付款日期", "First payment on"),
    "lost_reason": ("流失原因", "Why it was lost"),
    "competitor": ("输给的竞争对手", "Lost to"),
    "would_have_helped": ("怎样或可挽回", "What would have helped"),
    "corrects": ("更正的跟进编号", "Corrects follow-up"),
    "corrects_lead": ("原记录的线索编号", "Lead it was recorded on"),
}
#: Headers of the sheet where they are not the short names of the fields.
SHEET: Mapping[str, tuple[str, str]] = {
    "summary": ("沟通内容摘要", "What was said"),
    "feedback": ("客户反馈/异议", "Feedback"),
}
_FAULTS = {
    "nobody": ("名单中没有“{value}”", "nobody of the id {value!r} is in the roster"),
    "choice": ("“{value}”不在可选项中{known}", "{value!r} is none of those known{known}"),
    "blank": ("请填写", "it is blank"),
    "type": ("无法识别，请检查格式{value}", "it cannot be read{value}"),
    "unknown_field": ("没有这个字段", "there is no such field"),
    "future": ("不能晚于现在", "it lies in the future"),
    "early": (f"不能早于 {FIRST_YEAR} 年", f"it lies before {FIRST_YEAR}"),
    "both": ("下一步须同时写明内容和时间", "a next action needs what and when, both"),
    "before": ("须晚于本次跟进的时间", "it lies before the follow-up"),
    "far": (f"不能超过 {YEARS_AHEAD} 年之后", f"it lies more than {YEARS_AHEAD} years ahead"),
    "percent": ("须为 0 到 100", "it is no percentage"),
    "above": ("不能超过合同金额", "it is more than the contract's amount"),
    "yuan": ("须为以元为单位的金额", "it is no sum in yuan"),
    "long": (f"请不要超过 {MOST_SIGNS} 个字", f"it has more than {MOST_SIGNS} signs"),
    "sign": ("含有无法保存的字符", "it has a sign that cannot be stored"),
    "no_answer": ("没有编号为 {value} 的标准答复", "there is no standard answer {value!r}"),
    "vague": ("写得较笼统，请写明谁、做什么、何时", "it is vague: say who does what until when"),
    "unsaid": ("没有填写", "it is not said"),
    "no_objection": (
        "线索没有待化解的异议，此项只随跟进记录保存",
        "the lead has no open objection: this is kept with the record, and answers nothing",
    ),
    "own_category": ("“{value}”不在异议类别中{known}", "{value!r} is none of the categories{known}"),
    "no_lead": ("没有这条线索", "there is no such lead"),
    "joined": ("已并入 {value}，请记录在那里", "it was joined into {value}: record it there"),
    "closed": ("线索已关闭，不能再记录跟进", "it is closed: no follow-up can be recorded"),
    "differs": (
        "同一次跟进此前已按其他内容记录为第 {value} 号；如需更正，请重新记录并写明更正的跟进编号",
        "it was recorded before as {value} with something else: record it anew as a correction of that",
    ),
    "differs_here": (
        "同一次跟进写了两遍，内容不同",
        "the same follow-up is told twice here, with something else each time",
    ),
    "no_record": ("这条线索没有第 {value} 号跟进记录", "the lead has no follow-up {value}"),
    "ended_by": (
        "那条线索由这条记录结案，不能移走，请在原线索上更正",
        "it is what closed that lead, and stays there: correct it on that lead",
    ),
    "not_his": (
        "只有负责人、其代理人、上级和经理可以移动跟进记录",
        "a follow-up is moved by whose lead it is, his deputy, those above him and managers",
    ),
    "corrected": ("已由第 {value} 号更正，请更正那一条", "it was corrected by {value}: correct that one"),
    "corrected_here": ("同一条记录写了两条更正", "it is corrected twice here"),
    "others": ("只能更正自己记录的跟进", "it is somebody else's: only who recorded it corrects it"),
}
#: How a person says whether he reached the customer.
ANSWERED = {"yes": "answered", "no": "not_reached", "later": "replied_later"}
_CHOICES = {"outcome": OUTCOMES, "pause_kind": PAUSES, "settled": SETTLED}
#: The same as a Chinese reader writes them.
_WRITTEN = {
    "outcome": ("已接通", "未联系上", "稍后回复"), "pause_kind": ("暂缓", "待激活"), "settled": ("已化解", "未化解"),
}  # fmt: skip


def fault_text(code: str, field: str, value: str, lang: str, known: Mapping[str, tuple[str, ...]]) -> str:
    """What is wrong with a field, in the reader's language; `known`: further lists to choose from.

    FIELD.zh of them is how a Chinese reader writes what FIELD lists by code.
    """
    english = lang == "en"
    choices = known.get(field) or _CHOICES.get(field) or ()
    choices = choices if english else known.get(f"{field}.zh") or _WRITTEN.get(field) or choices
    listed = "" if not choices else f": {', '.join(choices)}" if english else f"：{'、'.join(choices)}"
    return _FAULTS[code][english].format(value=value, known=listed)


def field_name(field: str, lang: str) -> str:
    """A field as people read it."""
    return FIELDS[field][lang == "en"] if field in FIELDS else field


_WORDS = {
    "recorded": ("已记录", "recorded"),
    "recorded_as": ("跟进编号 {id}", "follow-up {id}"),
    "hinted": ("可补记一次跟进写清", "say it in a further follow-up"),
    "rejected": ("已退回", "rejected"),
    "between": ("；", "; "),
    "mend": ("改正后重新投放“待修改”文件", "Mend the file «to_mend» and drop it again"),
    "records": ("跟进记录表", "follow-ups"),
}


#: The words for a key in the reader's language.
said = spoken(_WORDS)
