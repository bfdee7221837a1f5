"""The handbooks' sheets of some leads, made at once: read, worded, written."""

from datetime import datetime
from pathlib import Path
from typing import IO

from sqlalchemy import Connection

from config.schema import Config
from config.settings import Settings
from tasks.handbook_book import Pages, write_handbook
from tasks.handbook_facts import Scope, load_handbook
from tasks.handbook_texts import told_leads, told_records

#: What a workbook is sent as.
MEDIA = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def make_handbook(
    conn: Connection, scope: Scope, config: Config, settings: Settings, out: Path | IO[bytes], as_of: datetime
) -> dict[str, int]:
    """Write the sheets of the leads of a scope at a moment; gives the rows of each, of forms the leads."""
    book = load_handbook(conn, scope, config, settings.tz)
    lang = settings.lang
    pages = Pages(told_leads(book, config, lang), told_records(book, config, lang), book.steps)
    return write_handbook(pages, out, lang, as_of)
