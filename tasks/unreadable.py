"""Why a file cannot be read: one exception, with the words that its sender gets.

UnreadableFile      the whole file is refused; `code` is a key of REASONS
"""

from __future__ import annotations

from typing import NamedTuple


class Reason(NamedTuple):
    """What is wrong and what to do, for the sender of the file."""

    wrong_zh: str
    todo_zh: str
    wrong_en: str
    todo_en: str


class UnreadableFile(Exception):  # noqa: N818 - named for the file, as senders see it
    """A file that cannot become rows; `code` names the reason, `detail` the place."""

    def __init__(self, code: str, detail: str = "") -> None:
        self.code, self.detail = code, detail
        super().__init__(self.wrong("en"))

    def __reduce__(self) -> tuple[type[UnreadableFile], tuple[str, str]]:
        return UnreadableFile, (self.code, self.detail)

    def wrong(self, lang: str) -> str:
        """What is wrong with the file, in the reader's language."""
        reason = REASONS[self.code]
        text = reason.wrong_en if lang == "en" else reason.wrong_zh
        return f"{text} ({self.detail})" if self.detail else text

    def todo(self, lang: str) -> str:
        """What its sender can do about it."""
        return REASONS[self.code].todo_en if lang == "en" else REASONS[self.code].todo_zh


REASONS = {
    "empty": Reason(
        "文件是空的，没有任何内容。",
        "请确认文件已完整保存，再重新放入。",
        "The file is empty.",
        "Make sure that it was saved completely, then drop it again.",
    ),
    "password": Reason(
        "工作簿有打开密码，无法读取。",
        "请在 Excel 中取消密码后另存，再重新放入。",
        "The workbook is protected by a password.",
        "Take the password off, save it and drop it again.",
    ),
    "damaged": Reason(
        "工作簿已损坏，或扩展名与实际内容不符，无法打开。",
        "请用 Excel 打开确认，另存为 .xlsx 后重新放入。",
        "The workbook is damaged, or is no workbook in spite of its name.",
        "Open it in a spreadsheet, save it as .xlsx and drop that.",
    ),
    "bomb": Reason(
        "文件解压后大得异常，可能是恶意文件，已拒绝读取。",
        "若确为正常文件，请在 Excel 中另存为 .xlsx 或拆分后重新放入。",
        "Unpacked the file would be abnormally large; it was not read.",
        "If it is in order, save it anew as .xlsx, or split it, and drop that.",
    ),
    "too_large": Reason(
        "工作表所占区域大得异常（例如最右下方的单元格里误填了内容），读取会耗尽内存。",
        "请把线索数据复制到新的工作簿，或删除数据以外的行和列，保存后重新放入。",
        "A sheet claims an abnormally large area (a cell far off, say); reading it would take all memory.",
        "Copy the leads to a new workbook, or delete the rows and columns beside them, and drop that.",
    ),
    "too_slow": Reason(
        "工作簿过于复杂，在允许的时间内未能读完。",
        "请把线索数据另存为 CSV，或拆分成几个文件后重新放入。",
        "The workbook takes longer to read than is allowed.",
        "Save the leads as CSV, or split them into several files, and drop those.",
    ),
    "html": Reason(
        "文件其实是网页（HTML 或 XML），只是扩展名像工作簿。",
        "请用 Excel 打开它，另存为 .xlsx 后重新放入。",
        "The file is really a web page (HTML or XML) with the name of a workbook.",
        "Open it in a spreadsheet, save it as .xlsx and drop that.",
    ),
    "binary": Reason(
        "文件不是文本表格：内容含有大量二进制字符。",
        "请从原系统重新导出为 CSV，再放入。",
        "The file is not a text table: it holds binary data.",
        "Export it again as CSV and drop that.",
    ),
    "encoding": Reason(
        "文件的文字编码无法识别，或同一文件混用了多种编码。",
        "请另存为“CSV UTF-8”后重新放入；若由几个文件拼接而成，请分开放入。",
        "The text encoding is not known, or several are mixed in one file.",
        "Save it as 'CSV UTF-8'; if it was joined from several files, drop them one by one.",
    ),
    "long_line": Reason(
        "文件中有一行长得异常，无法作为表格读取。",
        "请检查导出设置（换行符、引号），重新导出后放入。",
        "One line of the file is far too long to be a table row.",
        "Check the export (line ends, quotes) and export it again.",
    ),
    "blanks": Reason(
        "各列之间用空格分隔，而单元格内也有空格，无法确定每列从哪里开始。",
        "请改用逗号或制表符分隔，重新导出后放入。",
        "The columns are told apart by blanks, and cells hold blanks too: where a column begins cannot be told.",
        "Export it again with commas or tabs and drop that.",
    ),
    "too_wide": Reason(
        "表格的列数多得异常。",
        "请删除多余的空列后重新放入。",
        "The table has far too many columns.",
        "Delete the surplus columns and drop it again.",
    ),
    "changed": Reason(
        "文件在读取过程中被改动或移走，未能读完。",
        "请等文件写完、不再改动后，把完整的文件重新放入。",
        "The file was changed or taken away while it was read.",
        "Wait until nothing writes to it any more, then drop the whole file again.",
    ),
    "unreadable": Reason(
        "文件无法打开或读取。",
        "请检查文件的读取权限及所在磁盘，再重新放入。",
        "The file cannot be opened or read.",
        "Check who may read it and the disk it lies on, then drop it again.",
    ),
    "no_file": Reason(
        "这不是普通文件（而是管道、设备等），无法读取。",
        "请把内容保存为 CSV 文件后重新放入。",
        "This is no ordinary file (but a pipe, a device or the like).",
        "Save what it gives as a CSV file and drop that.",
    ),
    "no_record_header": Reason(
        "没有找到跟进记录的表头：文件里没有一行同时含有 线索编号、跟进时间、跟进方式、沟通内容。",
        "请使用 leads template follow-up 生成的《跟进记录表》填写。",
        "No header of follow-ups was found: no line holds all of lead, when, how and what was said.",
        "Fill in the workbook that leads template follow-up writes.",
    ),
    "no_header": Reason(
        "没有找到表头：文件里没有一行含有已知的列名（如 公司名称、联系人、电话）。",
        "请在第一行写上列名（可参照《线索信息表》），或请管理员为该渠道配置列名对应。",
        "No header was found: no line holds known column names (company, contact, phone …).",
        "Put the column names into the first line, or have the channel's mapping extended.",
    ),
}
