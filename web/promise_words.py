"""The words of the page of promises, in Chinese and English."""

from collections.abc import Mapping


def words(lang: str) -> Mapping[str, str]:
    """The catalogue of a language; anything but English is Chinese."""
    return {key: pair[1 if lang == "en" else 0] for key, pair in _WORDS.items()}


_WORDS: dict[str, tuple[str, str]] = {
    "title": ("跟进线索", "Follow up a lead"),
    "hello": ("{name}，您好：", "Dear {name},"),
    "company": ("公司", "Company"),
    "contact": ("联系人", "Contact"),
    "phone": ("电话", "Phone"),
    "need": ("需求", "Need"),
    "owner": ("负责人", "Owner"),
    "promises": ("待完成的承诺", "What is promised"),
    "due": ("{due} 前", "by {due}"),
    "knowledge": ("知识库：有效话术与解决方案", "Knowledge base: words that worked, solutions"),
    "log": ("记录一次跟进", "Log a follow-up"),
    "at": ("时间", "When"),
    "method": ("方式", "How"),
    "answered": ("客户", "The customer"),
    "answered.yes": ("已接通", "answered"),
    "answered.no": ("未联系上", "was not reached"),
    "answered.later": ("稍后回复", "replied later"),
    "summary": ("沟通内容", "What was said"),
    "objection": ("客户异议（没有则留空）", "Objection (blank for none)"),
    "next_action": ("答应客户的下一步（没有则留空）", "Next action promised (blank for none)"),
    "support": ("需要技术部支持什么（不需要则留空）", "Support needed of the technical department (blank for none)"),
    "supported": ("技术支持", "Technical support"),
    "support.open": ("处理中，应于 {due} 前答复", "open, to be answered by {due}"),
    "support.asked": ("处理中", "open"),
    "support.late": ("已逾期，应于 {due} 前答复", "overdue since {due}"),
    "support.done": ("{who} 已于 {at} 答复", "answered by {who} at {at}"),
    "support.void": ("不再需要", "no longer needed"),
    "support.by": ("{who} 于 {at} 提出", "asked by {who} at {at}"),
    "next_at": ("下一步的时间", "Until when"),
    "send": ("提交跟进记录", "Store"),
    "acknowledge": ("已知悉，稍后处理", "I know; later"),
    "why_acknowledge": (
        "点击“已知悉”会推迟后续升级，承诺本身的期限不变。",
        "This puts later escalations off; what was promised stays due.",
    ),
    "snooze": ("暂缓跟进到某一天", "Put it off until a day"),
    "until": ("到哪一天（含当天）", "Until which day"),
    "why": ("原因", "Why"),
    "do_snooze": ("暂缓到这一天", "Put it off"),
    "give_back": ("退回公海", "Give it back"),
    "why_give_back": (
        "线索与您在这家公司的其他线索一起退回公海，由他人领取。",
        "It goes back to the pool with what else you have of this company, for others to claim.",
    ),
    "snoozed": ("线索 {number} 已暂缓，到期后会再提醒您。", "{number} is put off; you will be reminded."),
    "given_back": ("线索 {number} 已退回公海。", "{number} is in the pool now."),
    "reason": ("请写明原因。", "Please say why."),
    "until.wrong": ("请选择今天之后、五年之内的日期。", "Please choose a day after today, within five years."),
    "acknowledged": ("已记下：线索 {number} 的提醒您已知悉。", "Noted: you know of {number}."),
    "known": ("线索 {number}：此前已经记录，无需再次提交。", "{number}: stored already."),
    "recorded": ("已记录线索 {number} 的跟进。", "The follow-up of {number} is stored."),
    "choose": ("请选择一个按钮。", "Please use one of the buttons."),
    "fill": ("请填写方式、客户情况和沟通内容。", "Please say how, whether the customer answered, and what was said."),
    "past": ("跟进时间须为已经过去的时间。", "The time must lie in the past."),
    "next": ("下一步须同时写明内容和时间。", "A next action needs what and when, both."),
    "ahead": ("下一步的时间须晚于本次跟进。", "The next action must come after this follow-up."),
    "shorter": ("每项请不要超过 {n} 个字。", "Please write at most {n} characters in each field."),
    "forged": ("这个链接无效。请使用邮件中的完整链接。", "This link opens nothing; use the whole link."),
    "expired": ("这个链接已过期。请联系主管或系统管理员。", "This link has expired. Please ask your supervisor."),
    "not_yours": ("线索 {number} 现由他人负责，此处不再显示。", "Lead {number} is somebody else's now."),
    "closed": ("线索 {number} 已关闭或已并入其他线索，没有改动。", "Lead {number} is closed; nothing changed."),
}
