"""The words of the summaries, Chinese and English."""

_WORDS: dict[str, tuple[str, str]] = {
    # outcomes of rows
    "created": ("新建线索", "created"),
    "merged": ("并入已有线索", "merged"),
    "updated": ("更新", "updated"),
    "held": ("无变化", "no change"),
    "rejected": ("退回", "rejected"),
    "recorded": ("已记录跟进", "follow-up recorded"),
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
    # rows of a dry run
    "rejected_rows": ("会被退回的行", "Rows that would be rejected"),
    "rejected_row": ("{place} 第 {line} 行：{reasons}", "{place} line {line}: {reasons}"),
    "rejected_more": ("{place} 另有 {n} 行", "{place}: {n} more"),
    "reasons_list": ("；", "; "),
    # the outbox
    "mail.pending": ("待发", "waiting"),
    "mail.sending": ("发送中", "sending"),
    "mail.sent": ("已发出", "sent"),
    "mail.filed": ("已生成邮件文件", "written as files"),
    "mail.refused": ("未能送达", "refused"),
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
    "no_grade": ("未分级", "none"),
    "who_got_what": ("分给了谁", "Who got what"),
    "archived": ("（无效，已归档）", "(invalid, archived)"),
    "unowned.no_eligible": ("没有符合职级、地区和行业的人", "no role, region and industry fits"),
    "unowned.all_full": ("符合条件的人在手线索都已满", "all who fit are full"),
    "unowned.all_on_leave": ("符合条件的人都在请假", "all who fit are on leave"),
    "name": ("姓名", "name"),
    "role": ("职务", "role"),
    "nobody": ("（暂未分配）", "(unassigned)"),
    "omissions": ("缺漏与提醒（行数最多的几项）", "Omissions and warnings (the most frequent)"),
    "mail_count": ("{state} {n} 封", "{n} {state}"),
    "mails_now": ("邮件", "Mails"),
    "no_mails": ("本次没有新邮件", "no new mail"),
    "places": ("文件位置", "Where things are"),
    "receipts": ("回执", "receipts"),
    "mails": ("邮件", "mails"),
    "database": ("数据库", "database"),
    "intake": ("投放文件夹", "drop files into"),
    "done": ("收下的原文件", "files taken, as received"),
    "unread": (
        "未读取：{names}。请把文件本身（不是链接或管道，也不要放得太深）移到 {intake} 下的渠道文件夹：{channels}",
        "Not read: {names}. Move the files themselves (no links or pipes, not too deep) into a channel's folder below"
        " {intake}: {channels}",
    ),
    "and_more": ("{names} 等 {n} 项", "{names} and others, {n} in all"),
    "nothing_waits": ("没有待接收的文件。", "No file waits to be taken in."),
    "unfinished": (
        "批次 {batch} 尚未收完（若没有别的运行正在处理，请再执行：leads ingest <{file} 的路径> --channel {channel}）",
        "Batch {batch} is unfinished; unless another run is at it: leads ingest PATH-OF-{file} --channel {channel}",
    ),
    "nothing_new": (
        "没有新内容：这些文件以前都收过，数据没有任何变化。",
        "Nothing was new: these files had all been received before, and nothing changed.",
    ),
    "state_of_rows": ("这些行目前的情况", "How these rows stand now"),
    "looked_only": (
        "以上只是试读：没有保存、移动或发送任何东西。去掉 --dry-run 即正式接收。",
        "This was only a look: nothing was stored, moved or sent. Without --dry-run the files are taken in.",
    ),
    "seconds": ("用时：{spent:.1f} 秒", "Time: {spent:.1f} s"),
    "seconds_apart": (
        "用时：{spent:.1f} 秒；启动调度引擎另用 {started:.1f} 秒",
        "Time: {spent:.1f} s, and {started:.1f} s to start the Prefect engine",
    ),
    "next": ("查看一条线索的完整经过：{command}", "The whole story of a lead: {command}"),
    "colon": ("：", ": "),
    "list": ("、", ", "),
    "brackets": ("（{}）", " ({})"),
}


def word(key: str, lang: str) -> str:
    """A word of the summaries in the reader's language; an unknown one is shown as it is."""
    bare = key.rpartition(".")[2]
    zh, en = _WORDS.get(key, (bare, bare))
    return en if lang == "en" else zh
