"""The fixed words of receipts, in Chinese and English."""

from tasks.catalogue import catalogue

_WORDS: dict[str, tuple[str, str]] = {
    # names of the files
    "receipt": ("回执", "receipt"),
    "to_mend": ("待修改", "to_mend"),
    # cells of the added column «result»
    "outcome.created": ("已创建", "created"),
    "outcome.merged": ("已合并到", "merged into"),
    "outcome.updated": ("已更新", "updated"),
    "outcome.rejected": ("已退回", "rejected"),
    "outcome.held": ("无变化", "no change"),
    # cells of the added column «reasons»: what is wrong, in which column, and the rule's id
    "reason": ("{text}（{id}）", "{text} ({id})"),
    "reason.column": ("{text}（“{column}”列，{id}）", "{text} (column {column}, {id})"),
    "reason.no_column": ("{text}（表中没有这一列，{id}）", "{text} (no such column, {id})"),
    "columns.between": ("”“", ", "),
    # the page
    "title": ("线索接收回执", "Receipt of leads"),
    "batch": ("批次", "Batch"),
    "channel": ("渠道", "Channel"),
    "received": ("接收时间", "Received"),
    "rows": ("数据行", "rows"),
    "sum": ("合计 {rows} 行，每一行都有结果：", "{rows} rows in all, each with a result: "),
    "card.created": ("新建线索", "made a lead"),
    "card.merged": ("并入已有线索", "merged into a lead"),
    "card.updated": ("更新", "updated a record"),
    "card.rejected": ("退回", "rejected"),
    "card.held": ("无变化", "no change"),
    "mend.head": ("有 {n} 行被退回，请修改", "{n} rows could not be taken: please mend them"),
    "mend.how": (
        "打开下面的“待修改”文件，按“建议”一列修改后，直接放回原来的文件夹即可；回执添加的列不必删除。",
        "Open the file of rows to mend, follow its column of advice, and drop it into the same folder again; "
        "the added columns may stay.",
    ),
    "files": ("文件", "Files"),
    "file.full": (
        "完整回执（原表 + 结果、线索编号、原因、建议）",
        "Full receipt (your table with result, lead, reasons, advice)",
    ),
    "file.mend": ("待修改的行", "Rows to mend"),
    "issues": ("问题与建议", "What was found, and what to do"),
    "no_issues": ("没有发现问题。", "Nothing was found."),
    "issue": ("问题", "Finding"),
    "hint": ("建议", "Advice"),
    "count": ("行数", "Rows"),
    "level.rejects": ("退回", "rejects"),
    "level.required": ("漏填", "omission"),
    "level.wanted": ("待补充", "to add"),
    "level.format": ("格式", "format"),
    "level.quality": ("质量", "quality"),
    "decisions": ("判定依据", "Why leads were judged as they were"),
    "omissions": ("漏填统计（按录入团队与录入人）", "Omissions by team and entrant"),
    "omissions.how": (
        "只统计必填清单中的项目；标为“待补充”的项目不计入。",
        "Only the checklist of required fields counts; what is marked «to add» does not.",
    ),
    "team": ("录入团队", "Team"),
    "entrant": ("录入人", "Entrant"),
    "with_omissions": ("有漏填的行", "Rows with omissions"),
    "omitted": ("漏填项次", "Omissions"),
    "omitted.often": ("漏填超过 {n} 次：{names}", "More than {n} omissions: {names}"),
    "omitted.who": ("{who}（{n} 次）", "{who} ({n})"),
    "omitted.between": ("、", ", "),
    "unknown": ("（未注明）", "(not stated)"),
    "no_omissions": ("没有漏填。", "No omissions."),
    "unmapped": ("未使用的列", "Columns not used"),
    "unmapped.how": (
        "下列列名未对应到线索字段，内容已随原始行保存。如应使用，请联系管理员配置列名对应。",
        "These columns mean no field of a lead; their cells are kept with the row. "
        "To use them, have the mapping extended.",
    ),
    "columns": ("识别的列", "Columns recognised"),
    "notes": ("读取说明", "How the file was read"),
    "note.undecodable": ("{n} 个字符无法解码，已用“�”代替。", "{n} characters could not be decoded and became «�»."),
    "note.nuls": ("去除了 {n} 个空字节。", "{n} NUL bytes were removed."),
    "note.title_lines": (
        "表头之上的 {n} 行作为标题保留，未当作数据。",
        "{n} lines above the header were kept as titles, not as data.",
    ),
    "note.receipt": (
        "这是放回的回执：已忽略其中添加的列。",
        "This is a receipt that came back: its added columns were ignored.",
    ),
    "note.sheet": ("工作表“{sheet}”：表头在第 {line} 行。", "Sheet {sheet}: header in row {line}."),
    "note.skipped": ("工作表“{sheet}”未读取：{why}。", "Sheet {sheet} was not read: {why}."),
    "skipped.hidden": ("它是隐藏的", "it is hidden"),
    "skipped.empty": ("它是空的", "it is empty"),
    "skipped.example": ("它是填写示例或说明", "it holds examples or instructions"),
    "skipped.no_leads": (
        "它不是线索列表（没有联系人、电话、邮箱等列名）",
        "it is no list of leads (no column of people)",
    ),
    "note.encoding": ("编码 {encoding}，表头在第 {line} 行。", "Encoding {encoding}, header on line {line}."),
    "footer": (
        "本页由 leadflow 自动生成，内容与数据库一致。",
        "Made by leadflow; the figures are those of its database.",
    ),
}

#: The words in a language.
words = catalogue(_WORDS)
