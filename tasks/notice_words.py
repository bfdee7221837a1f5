"""The words of reminders and escalations, in Chinese and English."""

from collections.abc import Mapping

from tasks.catalogue import catalogue

_WORDS: dict[str, tuple[str, str]] = {
    "list": ("、", ", "),
    "none": ("无", "none"),
    "nobody": ("未分配", "nobody yet"),
    "unstated": ("未填公司", "no company stated"),
    "minutes": ("{n} 分钟", "{n} min"),
    "hours": ("{h} 小时 {n} 分钟", "{h} h {n} min"),
    "kind.reminder": ("提醒", "reminder"),
    "kind.breach": ("超时", "overdue"),
    "kind.escalation": ("升级", "escalation"),
    "kind.reassign": ("改派", "reassigned"),
    "kind.pool": ("退回公海", "back to the pool"),
    "watches.entry": ("录入", "entry"),
    "watches.verification": ("核实", "verification"),
    "watches.first_contact": ("首次联系", "first contact"),
    "watches.cadence": ("再次跟进", "next follow-up"),
    "watches.plan": ("跟进计划", "plan"),
    "watches.stall": ("推进", "progress"),
    "watches.silence": ("跟进，否则流失或回公海", "follow-up, or the lead is lost or goes to the pool"),
    "watches.recycle": ("跟进，否则收回公海", "follow-up, or the lead goes to the pool"),
    "watches.change": ("联系人或决策链变化，重新确认", "contact or chain changed, to be confirmed anew"),
    "watches.case": ("行业案例", "industry case"),
    "watches.care": ("客户维护", "care of the customer"),
    "watches.archive": ("归档资料", "archive"),
    "watches.pool": ("公海领取", "claim from the pool"),
    "watches.record": ("跟进记录", "record of a follow-up"),
    "watches.objection": ("异议答复", "answer to an objection"),
    "watches.next_action": ("答应客户的下一步", "action promised to the customer"),
    "watches.support": ("技术支持答复", "answer of the technical department"),
    "subject.reminder": (
        "提醒：{number} {company} 的{what}须在 {due} 前完成",
        "Reminder: {what} of {number} {company} is due by {due}",
    ),
    "subject.breach": (
        "超时：{number} {company} 的{what}应于 {due} 完成",
        "Overdue: {what} of {number} {company} was due by {due}",
    ),
    "subject.escalation": (
        "升级：{number} {company} 的{what}仍未完成，应于 {due}",
        "Escalation: {what} of {number} {company}, due by {due}, is still open",
    ),
    "subject.reassign": (
        "改派：{number} {company} 因{what}超时改由他人负责",
        "Reassigned: {number} {company}, as its {what} was not done by {due}",
    ),
    "kind.kept": ("未能改派", "not reassigned"),
    "subject.kept": (
        "未能改派：{number} {company} 的{what}超时，仍由原负责人跟进（由人指定，或没有其他人可以接手）",
        "Not reassigned: {number} {company}, whose {what} was due by {due}, stays with its owner"
        " (by a person's word, or as nobody else may have it)",
    ),
    "subject.pool": (
        "退回公海：{number} {company} 因{what}超时",
        "Back to the pool: {number} {company}, as its {what} was not done by {due}",
    ),
    "subject.digest": ("{n} 条承诺需要处理：{kinds}", "{n} promises need attention: {kinds}"),
    "intro.digest": (
        "以下 {n} 条承诺需要处理：{kinds}。最紧急的列在前面。",
        "These {n} promises need attention: {kinds}. The most urgent come first.",
    ),
    "more": ("另有 {n} 条未列出，见 leads escalations。", "{n} more are not listed; leads escalations shows them."),
    "instead_of": ("{name} 请假，由您代为处理。", "{name} is away; you stand in."),
    "rule": ("规则", "Rule"),
    "owner": ("负责人", "Owner"),
    "owner_now": ("现负责人", "Owner now"),
    "pool": ("无（公海）", "nobody (pool)"),
    "started": ("开始", "Started"),
    "due": ("应完成", "Due"),
    "pauses": ("暂停", "Pauses"),
    "used": ("已用工作时间", "Business time used"),
    "of": ("（共 {allowed}）", " of {allowed}"),
    "over": ("，超出 {over}", ", {over} over"),
    "next": ("下一次升级", "Next step"),
    "basis.estimated": ("该年放假安排尚未公布，按估算", "the holidays of that year are not announced: estimated"),
    "basis.overridden": ("按导入的放假安排", "by the imported calendar"),
    "basis.": ("", ""),
    "link": ("记录跟进 / 已知悉", "Log a follow-up / acknowledge"),
    "story.follow_ups": ("跟进记录", "Follow-ups"),
    "story.corrected": ("已于 {at} 由 #{by} 更正，不再计入", "corrected by #{by} at {at}, counts no more"),
    "story.clocks": ("承诺", "Promises"),
    "story.more": ("…另有 {n} 项，见 leads clocks", "… {n} more: leads clocks"),
    "story.steps": ("提醒与升级", "Reminders and escalations"),
    "state.running": ("进行中", "running"),
    "state.paused": ("暂停", "paused"),
    "state.breached": ("已超时", "overdue"),
    "state.met": ("按时完成", "kept"),
    "state.late": ("超时完成", "kept late"),
    "state.void": ("不再需要", "no longer asked"),
    "ended": ("结束", "ended"),
    "instead": ("代 {name}", "for {name}"),
    "acknowledged": ("{at} 已知悉", "acknowledged {at}"),
    "colon": ("：", ": "),
    "stop": ("。", "."),
}  # fmt: skip

#: The words in a language.
words = catalogue(_WORDS)


def business_time(minutes: int, t: Mapping[str, str]) -> str:
    """Business minutes in words: 8 h 30 min; `t`: words with `hours` and `minutes`."""
    hours, rest = divmod(int(minutes), 60)
    return t["hours"].format(h=hours, n=rest) if hours else t["minutes"].format(n=rest)
