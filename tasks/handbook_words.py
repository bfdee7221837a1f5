"""The handbooks' sheets by name, their columns exactly as there, and the fixed words of their forms, zh and en."""

from collections.abc import Mapping

from tasks.catalogue import spoken

Pair = tuple[str, str]

#: The sheets in their order.
SHEETS: Mapping[str, Pair] = {
    "leads": ("线索信息表", "Leads"),
    "records": ("跟进记录表", "Follow-ups"),
    "tiers": ("客户层级表", "Customer tiers"),
    "customers": ("客户信息表", "Customers"),
    "plan": ("跟进甘特表", "Plan"),
    "form": ("客户跟进记录表", "Follow-up forms"),
    "lost": ("流失原因分析表", "Lost leads"),
    "won": ("需求确认单", "Requirement confirmations"),
}
#: The columns of the flat sheets: the handbook's header, the English one, and where its cells are from.
COLUMNS: Mapping[str, tuple[tuple[str, str, str], ...]] = {
    "leads": (
        ("线索编号", "Lead", "number"), ("来源", "Source", "source"), ("公司名称", "Company", "company"),
        ("行业", "Industry", "industry"), ("联系人", "Contact", "contact"), ("职位", "Position", "title"),
        ("电话", "Phone", "phone"), ("邮箱", "E-mail", "email"), ("需求描述", "Need", "need"),
        ("预算范围", "Budget", "budget"), ("决策链", "Decision chain", "chain"), ("负责人", "Owner", "owner"),
        ("创建时间", "Created", "opened"), ("状态", "State", "state"),
    ),
    "records": (
        ("线索编号", "Lead", "number"), ("跟进时间", "When", "at"), ("跟进人", "Who", "person"),
        ("跟进方式", "How", "method"), ("沟通内容摘要", "What was said", "summary"),
        ("客户反馈/异议", "Feedback, objection", "heard"), ("下一步行动", "Next action", "next"),
        ("结果状态", "Result", "result"),
    ),
    "tiers": (
        ("客户编号", "Customer", "customer_number"), ("客户名称", "Company", "company"),
        ("所属行业", "Industry", "industry"), ("联系人及职务", "Contact and position", "who"),
        ("联系方式", "Phone, e-mail", "reach"), ("需求描述", "Need", "need"), ("来源渠道", "Source", "source"),
        ("首次接触时间", "First contact", "first_contact"), ("最近跟进时间", "Last follow-up", "last_follow_up"),
        ("跟进次数", "Follow-ups", "follow_ups"), ("客户层级", "Tier", "tier"),
        ("当前阶段关键节点", "Stage and milestone", "node"), ("负责人", "Owner", "owner"),
        ("预计成交时间", "Expected close", "close_on"), ("成交概率(%)", "Probability (%)", "probability"),
        ("备注", "Note", "note"),
    ),
    "customers": (
        ("客户编号", "Customer", "customer_number"), ("客户名称", "Company", "company"),
        ("所属行业", "Industry", "industry"), ("企业规模", "Size", "size"), ("需求描述", "Need", "need"),
        ("关键联系人(姓名/职位/联系方式)", "Key contacts (name/position/reach)", "people"),
        ("信息来源", "Source", "source"), ("首次接触时间", "First contact", "first_contact"),
        ("分级", "Grade", "grade"), ("标签", "Tags", "tags"),
    ),
    "lost": (
        ("线索编号", "Lead", "number"), ("客户名称", "Company", "company"), ("所属行业", "Industry", "industry"),
        ("来源渠道", "Source", "source"), ("负责人", "Owner", "owner"), ("流失时间", "Lost on", "ended"),
        ("流失原因", "Reason", "lost_reason"), ("竞争对手", "Competitor", "competitor"),
        ("怎样或可挽回", "What would have helped", "would_have_helped"),
    ),
}  # fmt: skip
#: The two tables of the plan and the one of the form (H3 跟进甘特表, H4 跟进记录表).
PLAN_COLUMNS: tuple[Pair, ...] = (
    ("周", "Week"), ("目标", "Goal"), ("跟进方式", "How"), ("日期", "Date"), ("所需支持", "Support needed"),
)  # fmt: skip
PLAN_RECORDS: tuple[Pair, ...] = (
    ("跟进时间", "When"), ("沟通内容", "What was said"), ("客户反馈", "Feedback"), ("下一步行动", "Next action"),
    ("风险提示", "Risk"),
)  # fmt: skip
FORM_RECORDS: tuple[Pair, ...] = (
    ("日期", "Date"), ("跟进方式", "How"), ("沟通内容", "What was said"), ("客户反馈", "Feedback"),
)  # fmt: skip
#: The lines of the form above and below its records: label, English label, and where the value is from.
FORM_HEAD: tuple[tuple[tuple[str, str, str], ...], ...] = (
    (("客户名称", "Company", "company"), ("行业", "Industry", "industry"),
     ("规模(员工数/营收)", "Size (staff/revenue)", "size")),
    (("联系人", "Contact", "contact"), ("职位", "Position", "title"), ("联系方式", "Phone, e-mail", "reach")),
    (("需求痛点", "Need", "need"), ("预算范围", "Budget", "budget")),
    (("决策链：关键人", "Chain: key person", "chain_key"), ("影响人", "influencers", "chain_influence"),
     ("决策人", "deciders", "chain_decider")),
    (("当前阶段", "Stage", "stage"), ("跟进频率", "Cadence", "cadence"), ("下一步目标", "Next", "next_action"),
     ("截止日期", "Until", "next_at")),
)  # fmt: skip
FORM_FOOT: tuple[tuple[str, str, str], ...] = (
    ("当前状态", "State", "standing"), ("成交/预计成交金额", "Amount", "amount"),
    ("关键障碍", "Key obstacle", "obstacle"), ("后续跟进计划", "Plan", "next"),
)  # fmt: skip
#: A requirement confirmation: what is known, and where the customer signs.
CONFIRMATION: tuple[tuple[tuple[str, str, str], ...], ...] = (
    (("客户名称", "Company", "company"), ("客户编号", "Customer", "customer_number"), ("线索编号", "Lead", "number")),
    (("联系人", "Contact", "contact"), ("职位", "Position", "title"), ("联系方式", "Phone, e-mail", "reach")),
    (("需求描述", "Need", "need"),),
    (("预算范围", "Budget", "budget"), ("决策链", "Decision chain", "chain")),
    (("客户已确认的事项", "Confirmed by the customer", "confirmed"), ("里程碑", "Milestone", "milestone")),
    (("合同编号", "Contract", "contract_number"), ("签订日期", "Signed on", "contract_on"),
     ("合同金额（元）", "Amount (yuan)", "contract_amount")),
    (("首付款（元）", "First payment (yuan)", "first_payment"),
     ("首付款日期", "First payment on", "first_payment_on"), ("负责人", "Owner", "owner")),
    (("客户确认签字", "Signed for the customer", ""), ("日期", "Date", "")),
)  # fmt: skip
_WORDS: Mapping[str, Pair] = {
    "plan": ("计划", "plan"), "next": ("下一步", "next action"), "support": ("支持", "support"),
    "done": ("已跟进", "done"), "every": ("每 {n} 个工作日内一次", "within {n} working days"),
    "won": ("已成交", "won"), "lost": ("已流失", "lost"), "paused": ("暂缓", "on hold"),
    "running": ("推进中", "in progress"), "pause": ("待激活", "to be reactivated"),
    "estimated": ("预计 {amount}", "{amount} expected"), "unnamed": ("未填公司", "no company stated"),
    "until": ("{what}（{by}，{at}前）", "{what} ({by}, by {at})"), "mark": ("市场标注：{mark}", "Marked: {mark}"),
    "lost_why": ("流失原因：{why}", "Lost: {why}"), "missing": ("归档缺：{what}", "Archive lacks: {what}"),
    "unstated": ("未填", "not stated"), "list": ("、", ", "), "between": ("；", "; "),
    "objection": ("异议：{text}", "Objection: {text}"), "none": ("（无）", "(none)"),
    "no_plan": ("尚无计划", "No plan yet"), "no_record": ("尚无跟进记录", "No follow-up yet"),
    "goal": ("{kind}：{goal}", "{kind}: {goal}"),
    "legend": ("图例", "Key"), "week": ("{day} 周", "week of {day}"), "detail": ("（{}）", " ({})"),
    "need": ("需求", "need"), "budget": ("预算", "budget"), "chain": ("决策链", "chain"),
    "decider": ("决策人", "decision maker"), "date": ("时间", "date"), "offer": ("方案", "offer"),
}  # fmt: skip


#: The words for a key in the reader's language.
said = spoken(_WORDS)
