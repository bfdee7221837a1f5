"""The words of plans: their mails and their pages, in Chinese and English."""

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType


@lru_cache(maxsize=4)
def words(lang: str) -> Mapping[str, str]:
    """The catalogue of a language; anything but English is Chinese."""
    return MappingProxyType({key: pair[1 if lang == "en" else 0] for key, pair in _WORDS.items()})


_WORDS: dict[str, tuple[str, str]] = {
    "subject": ("请确认 {day} 跟进计划：{n} 条线索", "Confirm your plan of {day}: {n} leads"),
    "subject.empty": ("请确认 {day} 跟进计划：暂无到期线索", "Confirm your plan of {day}: nothing is due"),
    "intro": ("以下线索已按到期事项预填。点开后一键确认，也可以去掉、增加或备注。",
              "Prefilled with what is due. One button confirms it; leave out, add or note what you like."),
    "intro.empty": ("目前没有到期事项，可以自行增加要跟进的线索。", "Nothing is due so far; add what you will follow."),
    "open": ("查看并确认计划", "See and confirm the plan"),
    "instead_of": ("代 {name}", "for {name}"),
    "more": ("还有 {n} 条，请点开计划查看。", "{n} more are in the plan."),
    "section.due": ("当日到期", "due that day"),
    "section.added": ("自行增加", "added"),
    "team.subject": ("{day} 团队计划：{none} 人未确认，{left} 条到期线索不在计划中",
                     "Team plans of {day}: {none} not confirmed, {left} due leads left out"),
    "team.intro": ("您团队下一个工作日的计划，以及今天计划的完成情况：",
                   "Your people's plans of the next working day, and what was done of today's:"),
    "team.intro.late": ("系统停机期间未能按时发出。您团队今天的计划，以及 {done} 计划的完成情况：",
                        "This could not be sent in time: your people's plans of today, and what was done of {done}'s:"),
    "team.person": ("姓名", "Person"),
    "team.state": ("计划", "Plan"),
    "team.planned": ("线索数", "Leads"),
    "team.left": ("漏到期", "Left out"),
    "team.done": ("今日完成", "Done today"),
    "team.left_out": ("{name} 的计划未包含：{numbers}", "Left out by {name}: {numbers}"),
    "team.undone": ("{name} 今天计划内未跟进：{numbers}", "Not done today by {name}: {numbers}"),
    "team.undone.late": ("{name} 在 {done} 计划内未跟进：{numbers}", "Not done by {name} on {done}: {numbers}"),
    "team.done.late": ("{done} 完成", "Done on {done}"),
    "state.confirmed": ("已确认", "confirmed"),
    "state.proposed": ("未确认", "not confirmed"),
    "state.none": ("没有计划", "no plan"),
    "state.nothing": ("无待跟进", "nothing due"),
    "state.away": ("休假", "away"),
    "list": ("、", ", "),
    "title": ("{day} 跟进计划", "Plan of {day}"),
    "hello": ("{name}，您好：", "Dear {name},"),
    "how": ("打勾的线索在计划中。去掉勾即不跟进；确认后在当天结束前仍可修改。",
            "What is ticked is planned. It may be changed until the end of the day."),
    "confirmed_at": ("已于 {at} 确认。", "Confirmed at {at}."),
    "proposed": ("尚未确认。", "Not confirmed yet."),
    "nothing": ("目前没有到期事项。", "Nothing is due so far."),
    "note": ("备注", "Note"),
    "add": ("增加线索（编号，可用空格隔开多个）", "Add leads (numbers, with blanks between)"),
    "none_open": ("没有未结的线索。", "No open leads."),
    "confirm": ("确认计划", "Confirm the plan"),
    "saved": ("{day} 的计划已确认：{n} 条线索。", "Your plan of {day} is confirmed: {n} leads."),
    "known": ("{day} 的计划此前已经这样确认，无需再次提交。", "Your plan of {day} is confirmed already."),
    "strange": ("不是您名下的未结线索：{numbers}", "No open leads of yours: {numbers}"),
    "shorter": ("备注请不要超过 {n} 个字。", "Please write at most {n} characters in a note."),
    "over": ("{day} 的计划不能再改。", "The plan of {day} can no longer be changed."),
    "away": ("您在 {day} 休假，没有计划。", "You are away on {day}: there is no plan."),
    "forged": ("这个链接无效。请使用邮件中的完整链接。", "This link opens nothing; use the whole link."),
    "expired": ("这个链接已过期。请使用最近一封邮件中的链接。", "This link has expired; use that of a newer mail."),
    "mine": ("我的线索", "My leads"),
    "due": ("应于 {due}", "due by {due}"),
    "unstated": ("未填公司", "no company stated"),
}  # fmt: skip
