"""The words of `leads inspect`, Chinese and English."""

from tasks.catalogue import spoken

_WORDS = {
    "text": (
        "{file}：文本，编码 {encoding}，分隔符 {delimiter}",
        "{file}: text, encoding {encoding}, delimiter {delimiter}",
    ),
    "quote": ("，引号 {quote}", ", quote {quote}"),
    "bad": ("，有 {n} 个字符无法解码", ", {n} characters cannot be decoded"),
    "workbook": ("{file}：工作簿，{n} 张工作表：{names}", "{file}: workbook, {n} sheets: {names}"),
    "sheet": ("工作表“{name}”，", "sheet '{name}', "),
    "table": (
        "\n表 {number}：{sheet}线索清单，表头在第 {line} 行，共 {rows} 行",
        "\nTable {number}: {sheet}list of leads, header on line {line}, {rows} rows",
    ),
    "no_leads": (
        "\n表 {number}：{sheet}没有线索的列名，不会被接收；表头在第 {line} 行，共 {rows} 行",
        "\nTable {number}: {sheet}no column of leads, it would not be taken; header on line {line}, {rows} rows",
    ),
    "column": ("列", "column"),
    "header": ("表头", "header"),
    "field": ("识别为", "read as"),
    "why": ("依据", "why"),
    "unit": ("；表头写明单位 {unit}", "; its header states {unit}"),
    "why.known": ("已知列名", "known header"),
    "why.dressed": ("从问句或组合列名中认出", "understood from a question or a longer name"),
    "why.bracket": ("去掉括号后是已知列名", "known header but for the brackets"),
    "why.piece": ("该字段的一部分，与其他列拼成一个值", "a piece of the field, put together with the others"),
    "why.joined": ("同一字段的又一列，内容都保留", "another column of the field; all are kept"),
    "why.spare": (
        "同一字段的又一列，前面的列为空时采用",
        "another column of the field; counts where the earlier are blank",
    ),
    "why.other": ("认识但不使用，随行保存", "known, of no use here; kept with the row"),
    "why.unknown": (
        "不认识，随行保存；可用 leads new-channel 配置",
        "not known; kept with the row (see leads new-channel)",
    ),
    "why.blank": ("没有表头", "no header"),
    "damaged": ("有问题的行：{n}", "Damaged lines: {n}"),
    "line": ("  第 {line} 行：{what}", "  line {line}: {what}"),
    "more": ("  …另有 {n} 行（--json 列出全部）", "  … and {n} more (--json lists all)"),
    "problem.short": ("单元格少于表头", "fewer cells than the header"),
    "problem.long": ("单元格多于表头", "more cells than the header"),
    "problem.quote": ("引号没有成对", "a quote that never closes"),
    "problem.undecodable": ("有无法解码的字符", "characters that cannot be decoded"),
    "skipped.hidden": ("工作表“{sheet}”未读取：已隐藏", "sheet '{sheet}' is not read: hidden"),
    "skipped.empty": ("工作表“{sheet}”未读取：没有内容", "sheet '{sheet}' is not read: empty"),
    "skipped.example": (
        "工作表“{sheet}”未读取：是示例或说明",
        "sheet '{sheet}' is not read: an example or instructions",
    ),
    "skipped.no_leads": ("工作表“{sheet}”未读取：不是线索清单", "sheet '{sheet}' is not read: no list of leads"),
    "written": ("已写入 {file}", "written to {file}"),
}


#: The words for a key in the reader's language.
said = spoken(_WORDS)
