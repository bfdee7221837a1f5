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
    "workbook": Reason(
        "这是 Excel 等工作簿文件，目前只接收文本表格（CSV）。",
        "请在 Excel 中另存为“CSV UTF-8（逗号分隔）”后重新放入。",
        "This is a workbook; only text tables (CSV) are taken.",
        "Save it as 'CSV UTF-8 (comma delimited)' and drop that.",
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
    "no_header": Reason(
        "没有找到表头：文件里没有一行含有已知的列名（如 公司名称、联系人、电话）。",
        "请在第一行写上列名（可参照《线索信息表》），或请管理员为该渠道配置列名对应。",
        "No header was found: no line holds known column names (company, contact, phone …).",
        "Put the column names into the first line, or have the channel's mapping extended.",
    ),
}
