"""The words of the mails about a person's day, in Chinese and English."""

from tasks.catalogue import catalogue

_WORDS: dict[str, tuple[str, str]] = {
    "list": ("、", ", "),
    "count": ("{what} {n}", "{n} {what}"),
    "section.overdue": ("已逾期", "overdue"),
    "section.due": ("今日到期", "due today"),
    "section.new": ("新线索", "new"),
    "section.to_verify": ("待核实", "to verify"),
    "section.objections": ("异议待答复", "objections open"),
    "section.support": ("技术支持处理中", "support asked for"),
    "subject": ("{day} 待跟进：{counts}", "To follow up on {day}: {counts}"),
    "subject.empty": ("{day} 没有待跟进的线索", "Nothing to follow up on {day}"),
    "intro": ("今天请先处理：", "First things first today:"),
    "intro.empty": ("今天没有到期、逾期或新分配的线索。", "No lead is due, overdue or new today."),
    "instead_of": ("{name} 今天不在，由您代为跟进：", "{name} is away today, and you stand in:"),
    "due": ("应于 {due}", "due by {due}"),
    "more": ("还有 {n} 条，请在系统中查看。", "{n} more are in the system."),
    "unstated": ("未填公司", "no company stated"),
    "mine": ("我的全部线索", "All my leads"),
    "open": ("打开", "open"),
    "team.subject": ("{day} 团队待跟进：{counts}", "Your team on {day}: {counts}"),
    "team.intro": ("您团队各人今天的待跟进：", "What today asks of each of your people:"),
    "team.person": ("姓名", "Person"),
    "team.away": ("休假", "away"),
}

#: The words in a language.
words = catalogue(_WORDS)
