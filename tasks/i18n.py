"""The fixed words of what people read, in Chinese and English, and how amounts and times are written."""

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

_TEN_THOUSAND = 10_000


def words(lang: str) -> Mapping[str, str]:
    """The catalogue of a language; anything but English is Chinese."""
    return {key: pair[1 if lang == "en" else 0] for key, pair in _WORDS.items()}


def word(lang: str, kind: str, code: str | None) -> str:
    """The word for a code such as verdict `to_verify`; a code without a word stands for itself."""
    if not code:
        return ""
    pair = _WORDS.get(f"{kind}.{code}")
    return code if pair is None else pair[1 if lang == "en" else 0]


def budget_words(lang: str, low: float | None, high: float | None, state: str | None) -> str:
    """A budget in yuan as people say it: 20–30 万元, 20 万元以上, 待确认."""
    if low is None and high is None:
        return word(lang, "budget", state)
    if low is None or high is None:
        open_side = "budget.from" if high is None else "budget.upto"
        amount = low if high is None else high
        return words(lang)[open_side].format(_amount(lang, amount or 0.0))
    if low == high:
        return _amount(lang, low)
    if lang != "en" and low >= _TEN_THOUSAND and high >= _TEN_THOUSAND:
        return f"{low / _TEN_THOUSAND:g}–{high / _TEN_THOUSAND:g} 万元"
    return f"{low:,.0f}–{high:,.0f} {words(lang)['yuan']}"


def local_time(at: datetime, zone: ZoneInfo) -> str:
    """A stored time in the business zone, to the minute."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"


def mask_phone(phone: str | None) -> str:
    """A number of which only enough is left to recognise it: 138****5678."""
    if not phone:
        return ""
    if len(phone) < 8:
        return "*" * len(phone)
    return phone[:3] + "*" * (len(phone) - 7) + phone[-4:]


def mask_email(email: str | None) -> str:
    """An address of which only the first sign and the domain are left."""
    if not email:
        return ""
    name, _, domain = email.partition("@")
    return f"{name[:1]}***@{domain}"


def mask_name(name: str | None) -> str:
    """A name of which only the first sign is left."""
    return name[:1] + "**" if name else ""


def _amount(lang: str, yuan: float) -> str:
    if lang != "en" and yuan >= _TEN_THOUSAND:
        return f"{yuan / _TEN_THOUSAND:g} 万元"
    return f"{yuan:,.0f} {words(lang)['yuan']}"


_WORDS: dict[str, tuple[str, str]] = {
    "yuan": ("元", "yuan"),
    "list": ("、", ", "),
    "stop": ("。", "."),
    "none": ("无", "none"),
    "grade.A": ("高", "high"),
    "grade.B": ("中", "middle"),
    "grade.C": ("低", "low"),
    "ungraded": ("未分级", "no grade"),
    "verdict.valid": ("有效", "valid"),
    "verdict.invalid": ("无效", "invalid"),
    "verdict.to_verify": ("待核实", "to verify"),
    "urgency.高": ("高", "high"),
    "urgency.中": ("中", "middle"),
    "urgency.低": ("低", "low"),
    "budget.from": ("{}以上", "from {}"),
    "budget.upto": ("{}以内", "up to {}"),
    "budget.unknown": ("待确认", "to be confirmed"),
    "budget.blank": ("未填", "not stated"),
    "budget.bad": ("无法识别", "unreadable"),
    "budget.open": ("待确认", "to be confirmed"),
    "status.new": ("待分配", "unassigned"),
    "status.owned": ("已分配", "owned"),
    "status.archived": ("已归档", "archived"),
    "status.joined": ("已并入", "joined"),
    "outcome.created": ("新建线索", "made the lead"),
    "outcome.merged": ("并入", "joined it"),
    "outcome.updated": ("更新", "updated it"),
    "outcome.rejected": ("退回", "rejected"),
    "outcome.held": ("暂存", "held"),
    # the columns of the workbook of new leads
    "column.grade": ("级别", "Grade"),
    "column.verdict": ("判定", "Verdict"),
    "column.number": ("线索编号", "Lead"),
    "column.company": ("公司名称", "Company"),
    "column.contact": ("联系人", "Contact"),
    "column.title": ("职位", "Title"),
    "column.phone": ("电话", "Phone"),
    "column.email": ("邮箱", "E-mail"),
    "column.need": ("需求描述", "Need"),
    "column.urgency": ("紧急度", "Urgency"),
    "column.source": ("来源", "Source"),
    "column.source_detail": ("来源说明", "Source detail"),
    "column.mark": ("市场标注", "Marketing's mark"),
    "column.first_contact": ("首次接触", "First contact"),
    "column.region": ("地区", "Region"),
    "column.budget": ("预算", "Budget"),
    "column.why": ("定级依据", "Why this grade"),
    "column.todo": ("待办", "To do"),
    "column.former": ("移交自", "Handed over by"),
    "column.owner": ("新负责人", "New owner"),
    # what comes first
    "todo.to_verify": ("核实：{}", "Verify: {}"),
    "todo.verify": ("电话或邮件核实，写明有效或无效及原因", "verify by phone or mail: valid or invalid, and why"),
    "todo.A": ("立即首次联系", "First contact at once"),
    "todo.contact": ("首次联系", "First contact"),
    # the mail of new leads
    "mail.new_subject": ("新线索 {n} 条（{grades}）", "{n} new leads ({grades})"),
    "mail.team_subject": ("团队新线索 {n} 条（{grades}）", "{n} new leads of your team ({grades})"),
    "mail.deputy_subject": ("［代 {name}］", "[for {name}] "),
    "mail.hello": ("{name}，您好：", "Dear {name},"),
    "mail.own_intro": ("您有 {n} 条新线索：{grades}。", "You have {n} new leads: {grades}."),
    "mail.to_verify": ("其中 {n} 条待核实。", "{n} of them are to be verified."),
    "mail.deputy_intro": (
        "{name} 请假期间由您代为跟进：{n} 条新线索，{grades}。",
        "{name} is on leave and you stand in: {n} new leads, {grades}.",
    ),
    "mail.listed": ("最紧急的 {n} 条：", "The {n} most urgent:"),
    "mail.attached": ("全部 {n} 条见附件 {file}。", "All {n} are in the attached {file}."),
    "mail.capped": (
        "附件 {file} 含最紧急的 {kept} 条（共 {n} 条），全部线索请运行 leads export leads 导出。",
        "The attached {file} has the {kept} most urgent of {n}; `leads export leads` gives them all.",
    ),
    "mail.team_intro": ("您的团队新增 {n} 条线索：{grades}。", "Your team has {n} new leads: {grades}."),
    "mail.team_a": ("其中 A 级（高）最紧急的 {n} 条：", "The {n} most urgent A leads:"),
    "mail.member": ("负责人", "Owner"),
    "mail.total": ("合计", "Total"),
    "mail.handover_subject": ("线索移交 {n} 条", "{n} leads handed over"),
    "mail.handover_intro": (
        "以下 {n} 条线索因级别需要更高职级的人跟进，已移交：",
        "These {n} leads need a higher role and were handed over:",
    ),
    "mail.hand_to": ("移交给 {name}", "to {name}"),
    "mail.footer": ("本邮件由 leadflow 自动发送，请勿直接回复。", "Sent by leadflow; please do not reply."),
    "mail.why": ("依据", "Why"),
    "mail.mark": ("市场标注", "Marketing's mark"),
}
