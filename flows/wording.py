"""The words of the summaries, Chinese and English."""

_WORDS: dict[str, tuple[str, str]] = {
    # outcomes of rows
    "created": ("新建线索", "created"),
    "merged": ("并入已有线索", "merged"),
    "updated": ("更新", "updated"),
    "held": ("待定", "held"),
    "rejected": ("退回", "rejected"),
    "readable": ("可接收", "would be taken"),
    # verdicts
    "valid": ("有效", "valid"),
    "to_verify": ("待核实", "to verify"),
    "invalid": ("无效（已归档）", "invalid (archived)"),
    # files
    "taken": ("已接收", "taken in"),
    "known": ("以前收过，未作任何改动", "received before; nothing changed"),
    "refused": ("无法读取", "refused"),
    "looked_at": ("试读（未保存）", "looked at only; nothing stored"),
    # the outbox
    "mail.pending": ("待发", "waiting"),
    "mail.sending": ("发送中", "sending"),
    "mail.sent": ("已发出", "sent"),
    "mail.filed": ("已写成文件", "written as files"),
    "mail.refused": ("被退回", "refused"),
    "mail.held_back": ("已扣留未发", "held back"),
    "mail.unknown": ("结果不明", "unknown"),
    # headings and columns
    "file": ("文件", "file"),
    "files": ("收到的文件", "Files"),
    "result": ("结果", "result"),
    "rows": ("行数", "rows"),
    "rows_by_outcome": ("各行的去向", "What became of the rows"),
    "total": ("合计", "total"),
    "leads_by_grade": ("线索：判定与等级", "Leads by verdict and grade"),
    "verdict": ("判定", "verdict"),
    "no_grade": ("无等级", "none"),
    "who_got_what": ("分给了谁", "Who got what"),
    "name": ("姓名", "name"),
    "role": ("职务", "role"),
    "nobody": ("（暂无合适人选）", "(nobody fits)"),
    "omissions": ("缺漏与提醒（行数最多的几项）", "Omissions and warnings (the most frequent)"),
    "mails_now": ("邮件", "Mails"),
    "no_mails": ("本次没有新邮件", "no new mail"),
    "places": ("文件位置", "Where things are"),
    "receipts": ("回执", "receipts"),
    "mails": ("邮件", "mails"),
    "database": ("数据库", "database"),
    "intake": ("投放文件夹", "drop files into"),
    "nothing_waits": ("没有待接收的文件。", "No file waits to be taken in."),
    "nothing_new": (
        "没有新内容：这些文件以前都收过，数据没有任何变化。",
        "Nothing was new: these files had all been received before, and nothing changed.",
    ),
    "state_of_home": ("目前的情况", "How things stand"),
    "next": ("查看任意一条线索的来龙去脉", "The whole story of any lead"),
}


def word(key: str, lang: str) -> str:
    """A word of the summaries in the reader's language; an unknown one is shown as it is."""
    bare = key.rpartition(".")[2]
    zh, en = _WORDS.get(key, (bare, bare))
    return en if lang == "en" else zh
