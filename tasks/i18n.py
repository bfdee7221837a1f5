"""The fixed words of what people read, in Chinese and English, and how amounts and times are written."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from tasks.catalogue import catalogue

_TEN_THOUSAND = 10_000
#: The fields whose values are words of the vocabulary; a company's own ones stand for themselves.
CODED = ("urgency", "source", "industry")


def word(lang: str, kind: str, code: str | None) -> str:
    """The word for a code such as verdict `to_verify`; a code without a word stands for itself."""
    if not code:
        return ""
    pair = _WORDS.get(f"{kind}.{code}")
    return code if pair is None else pair[1 if lang == "en" else 0]


def english(field: str) -> Mapping[str, str]:
    """The English word for each known value of a coded field."""
    start = f"{field}."
    return {key.removeprefix(start): pair[1] for key, pair in _WORDS.items() if key.startswith(start)}


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


def mark_words(lang: str, codes: Sequence[str]) -> str:
    """How marketing's mark compares with grade and budget: 高于分级、与所填预算不符."""
    return words(lang)["list"].join(word(lang, "mark", code) for code in codes)


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
    "mail.gathered": ("{subject}（{n} 封合并）", "{subject} ({n} mails in one)"),
    "post.judged_subject": ("渠道 {channel}：过去一小时的数据质量", "Channel {channel}: quality of the last hour"),
    "post.judged": (
        "截至 {hour} 的一小时内，渠道 {channel} 收到 {rows} 行；以下检查不合格的比例超过允许：",
        "In the hour up to {hour} the channel {channel} brought {rows} rows; more than may be fail:",
    ),
    "post.share": ("（{share}）", " ({share})"),
    "form.missing": ("请填写“{label}”", "Please fill in “{label}”"),
    "form.choose": ("请选择“{label}”", "Please choose “{label}”"),
    "form.long": ("“{label}”请不要超过 {n} 个字", "“{label}” may have at most {n} characters"),
    "form.phone": (
        "电话号码无法识别，请填写 11 位手机号，或带区号的座机号码",
        "This is no phone number: 11 digits of a mobile, or a landline with its area code",
    ),
    "form.email": (
        "邮箱地址无法识别，请检查，例如 name@example.com",
        "This is no e-mail address such as name@example.com",
    ),
    "hand.long": ("请不要超过 {n} 个字", "at most {n} characters"),
    "hand.others": (
        "“{source}”的线索通常由{roles}录入，请核对来源",
        "Leads of «{source}» are usually entered by: {roles}",
    ),
    "form.reach": ("请至少留下电话或邮箱中的一项", "Please leave a phone number or an e-mail address"),
    "form.consent": ("请阅读并勾选同意后再提交", "Please read this and agree before you send the form"),
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
    "mark.agrees": ("与分级一致", "as the grade"),
    "mark.higher": ("高于分级", "above the grade"),
    "mark.lower": ("低于分级", "below the grade"),
    "mark.budget_agrees": ("与所填预算相符", "as the budget stated"),
    "mark.budget_differs": ("与所填预算不符", "not the budget stated"),
    "mark.budget_new": ("线索未写明预算", "the lead states no budget"),
    "urgency.高": ("高", "high"),
    "urgency.中": ("中", "middle"),
    "urgency.低": ("低", "low"),
    "source.官网表单": ("官网表单", "web form"),
    "source.电商平台": ("电商平台", "e-commerce platform"),
    "source.行业展会": ("行业展会", "trade fair"),
    "source.合作伙伴转介绍": ("合作伙伴转介绍", "referral"),
    "source.社交媒体": ("社交媒体", "social media"),
    "source.电话咨询": ("电话咨询", "phone enquiry"),
    "source.搜索推广": ("搜索推广", "search advertising"),
    "industry.制造业": ("制造业", "manufacturing"),
    "industry.信息技术": ("信息技术", "information technology"),
    "industry.批发零售": ("批发零售", "wholesale and retail"),
    "industry.建筑房地产": ("建筑房地产", "construction and real estate"),
    "industry.能源化工": ("能源化工", "energy and chemicals"),
    "industry.物流运输": ("物流运输", "logistics and transport"),
    "industry.医药医疗": ("医药医疗", "medicine and health care"),
    "industry.金融": ("金融", "finance"),
    "industry.农业": ("农业", "agriculture"),
    "industry.教育": ("教育", "education"),
    "industry.餐饮": ("餐饮", "catering"),
    "industry.住宿旅游": ("住宿旅游", "hotels and tourism"),
    "industry.农家乐": ("农家乐", "farm inns"),
    "industry.美容美发": ("美容美发", "beauty and hair"),
    "industry.娱乐": ("娱乐", "entertainment"),
    "industry.个体户": ("个体户", "self-employed"),
    "industry.文化传媒": ("文化传媒", "culture and media"),
    "industry.商务服务": ("商务服务", "business services"),
    "industry.政府公共": ("政府公共", "government and public services"),
    "industry.其他": ("其他", "other"),
    "budget.from": ("{}以上", "from {}"),
    "budget.upto": ("{}以内", "up to {}"),
    "budget.unknown": ("待确认", "to be confirmed"),
    "budget.blank": ("未填", "not stated"),
    "budget.bad": ("无法识别", "unreadable"),
    "budget.open": ("待确认", "to be confirmed"),
    "status.new": ("待分配", "unassigned"),
    "status.owned": ("已分配", "owned"),
    "status.in_progress": ("跟进中", "in progress"),
    "status.won": ("成交", "won"),
    "status.lost": ("流失", "lost"),
    "status.pool": ("公海", "in the pool"),
    "status.archived": ("已归档", "archived"),
    "status.reverted": ("已撤回", "taken back"),
    "status.joined": ("已并入", "joined"),
    "outcome.created": ("新建线索", "made the lead"),
    "outcome.merged": ("并入已有线索", "joined it"),
    "outcome.updated": ("更新", "updated it"),
    "outcome.rejected": ("退回", "rejected"),
    "outcome.reverted": ("已整批撤回", "was taken back with its batch"),
    "outcome.held": ("无变化", "changed nothing"),
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
    "column.urgency": ("紧急程度", "Urgency"),
    "column.source": ("来源", "Source"),
    "column.source_detail": ("来源说明", "Source detail"),
    "column.mark": ("市场标注", "Marketing's mark"),
    "column.first_contact": ("首次接触", "First contact"),
    "column.region": ("地区", "Region"),
    "column.budget": ("预算", "Budget"),
    "column.chain": ("决策链", "Decision chain"),
    "column.members": ("决策链成员", "Members of the chain"),
    "chain.said": ("{names}——{state}", "{names} – {state}"),
    "chain.and": ("，", ", "),
    "chain.complete": ("完整", "complete"),
    "chain.partial": ("不完整", "partial"),
    "chain.unknown": ("未知", "unknown"),
    "chain_role.decider": ("决定", "decides"),
    "chain_role.approver": ("审批", "approves"),
    "chain_role.buyer": ("采购", "buys"),
    "chain_role.evaluator": ("选型评估", "evaluates"),
    "chain_role.user": ("使用", "uses"),
    "chain_role.key": ("关键联系人", "key contact"),
    "chain_role.influencer": ("影响", "influences"),
    "column.industry": ("行业", "Industry"),
    "column.why": ("定级依据", "Why this grade"),
    "column.whose": ("分配依据", "Why this owner"),
    "column.nobody": ("未分配原因", "Why nobody"),
    "column.todo": ("待办", "To do"),
    "column.external_id": ("外部编号", "External id"),
    "column.lead_ref": ("线索编号", "Lead"),
    "column.created": ("创建时间", "Created"),
    "column.size": ("企业规模", "Size"),
    "column.note": ("备注", "Note"),
    "column.owner_hint": ("指定负责人", "Owner named"),
    "column.status_text": ("状态", "Status"),
    "column.entrant": ("录入人", "Entered by"),
    "column.entry_team": ("录入团队", "Entry team"),
    "column.former": ("移交自", "Handed over by"),
    "column.owner": ("新负责人", "New owner"),
    # what is asked of the owner, beside the sentences of the rules
    "todo.to_verify": ("{promise}（要问清：{reasons}）", "{promise} (to find out: {reasons})"),
    "todo.verify": ("电话或邮件核实", "Verify by phone or mail"),
    "todo.said": ("{promise}，写明有效或无效及原因", "{promise}: valid or invalid, and why"),
    "todo.contact": ("首次联系", "First contact"),
    "todo.both": ("首次联系，{promise}", "First contact; {promise}"),
    "reasons": ("；", "; "),
    "verdict_said": ("，待核实", ": to verify"),
    # the mail of new leads
    "mail.new_subject": ("新线索 {n} 条（{grades}）", "{n} new leads ({grades})"),
    "mail.team_subject": ("团队新线索 {n} 条（{grades}）", "{n} new leads of your team ({grades})"),
    "mail.deputy_subject": ("［代 {name}］", "[for {name}] "),
    "mail.hello": ("{name}，您好：", "Dear {name},"),
    "mail.own_intro": ("您有 {n} 条新线索：{grades}。", "You have {n} new leads: {grades}."),
    "mail.to_verify": ("其中 {n} 条待核实。", " {n} of them are to be verified."),
    "mail.deputy_intro": (
        "{name} 请假期间由您代为跟进：{n} 条新线索，{grades}。",
        "{name} is on leave and you stand in: {n} new leads, {grades}.",
    ),
    "mail.listed": ("最紧急的 {n} 条：", "The {n} most urgent:"),
    "mail.listed_all": ("按紧急程度排列：", "The most urgent first:"),
    "mail.attached": ("全部 {n} 条见附件 {file}。", "All {n} are in the attached {file}."),
    "mail.capped": (
        "附件 {file} 含最紧急的 {kept} 条（共 {n} 条）；需要全部明细，请向系统管理员索取。",
        "The attached {file} has the {kept} most urgent of {n}; ask the administrator of leadflow for all of them.",
    ),
    "mail.team_intro": ("您的团队新增 {n} 条线索：{grades}。", "Your team has {n} new leads: {grades}."),
    "mail.direct_intro": (
        "向您直接汇报的人新增 {n} 条线索：{grades}（他们团队的线索由各主管自己的邮件汇总）。",
        "Those who report to you have {n} new leads: {grades} (those of their teams are in their own mails).",
    ),
    "mail.team_a": ("其中 A 级（高）最紧急的 {n} 条：", "The {n} most urgent A leads:"),
    "mail.member": ("负责人", "Owner"),
    "mail.total": ("合计", "Total"),
    "mail.handover_subject": ("线索移交 {n} 条", "Leads handed over: {n}"),
    "mail.handover_intro": (
        "以下 {n} 条线索不再由您跟进，已移交给新负责人。请把与客户已有的沟通情况告诉对方：",
        "These {n} leads are no longer yours and were handed over. Please tell the new owners what you know:",
    ),
    "mail.nobody_subject": ("新线索 {n} 条无人负责（{grades}），请安排", "{n} new leads without an owner ({grades})"),
    "mail.nobody_intro": (
        "以下 {n} 条线索没有分配出去：{grades}。请尽快安排负责人，并核对名册中的职级、地区、行业、上限和请假。",
        "These {n} leads found no owner: {grades}. Please find one soon, and look at the roster: roles, regions, "
        "industries, limits, leave.",
    ),
    "unowned.no_eligible": ("没有符合职级、地区和行业的人", "Nobody of the role, region and industry"),
    "unowned.all_full": ("符合条件的人在手线索都已满", "All who fit have as many open leads as they may"),
    "unowned.all_on_leave": ("符合条件的人都在请假", "All who fit are on leave"),
    "mail.link": ("核实结果：有效 / 无效", "Verify: valid / invalid"),
    "mail.colon": ("：", ": "),
    "mail.title": ("（{}）", " ({})"),
    "mail.unstated": ("未填公司", "no company stated"),
    "post.receipt_subject": (
        "回执：{file}，{n} 行，退回 {rejected} 行",
        "Receipt of {file}: {n} rows, {rejected} rejected",
    ),
    "post.receipt": (
        "文件 {file}（渠道 {channel}，批次 {batch}）已接收，共 {n} 行：",
        "The file {file} (channel {channel}, batch {batch}) was taken in, {n} rows:",
    ),
    "post.attached": ("附件：{files}", "Attached: {files}"),
    "post.too_large": ("回执较大，未随附：{folder} 中的 {files}", "Too large to attach: {files} in {folder}"),
    "post.refused_subject": ("无法读取：{file}", "Cannot be read: {file}"),
    "post.refused": ("文件 {file}（渠道 {channel}）无法读取。", "The file {file} (channel {channel}) cannot be read."),
    "post.quiet_subject": ("渠道 {channel} 已 {days} 天没有新线索", "Channel {channel}: no leads for {days} days"),
    "post.quiet": (
        "渠道 {channel} 平时约每 {usual} 天送来一批，最近一次是 {last}，至今已 {days} 天没有。请查一下原因。",
        "The channel {channel} usually brings a batch every {usual} days; the last came on {last}, "
        "{days} days ago. Please see why.",
    ),
    "mail.footer": ("本邮件由 leadflow 自动发送，请勿直接回复。", "Sent by leadflow; please do not reply."),
}

#: The words in a language.
words = catalogue(_WORDS)
