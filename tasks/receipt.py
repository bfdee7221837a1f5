"""The receipt of a file: a copy that answers every row, the rows that need mending, and a page that sums it up."""

from __future__ import annotations

import codecs
import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from glob import escape
from pathlib import Path
from typing import IO

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from config.schema import CheckRule, Rules
from tasks.content import each_read
from tasks.guard import guarded_text
from tasks.headers import ADDED
from tasks.layout import Layout
from tasks.points import reached
from tasks.receipt_page import About, Tally, page
from tasks.receipt_rows import CHARACTERS, Answers, Block, Kinds, answered, joined, last_may_go_on, read_blocks
from tasks.receipt_words import words
from tasks.rules.clean.texts import flat, mapped

#: The columns of the frames of outcomes; those after `issues` may be missing.
_COLUMNS = ("line", "outcome", "lead", "issues", "reasons", "entry_team", "entrant")
_NONE = pa.table({name: pa.array([], pa.int64() if name == "line" else pa.large_string()) for name in _COLUMNS})


@dataclass(frozen=True)
class Receipt:
    """The files of a receipt and what was counted while they were written."""

    rows: Path
    page: Path
    to_mend: Path | None
    tally: Tally


def write_receipt(
    source: Path,
    layout: Layout,
    outcomes: pd.DataFrame | Iterable[pd.DataFrame | pa.Table],
    rules: Rules,
    folder: Path,
    about: About,
    characters: int = CHARACTERS,
    intact: Callable[[], None] = lambda: None,
) -> Receipt:
    """Write the receipt of a file into a folder and return its files; the same input gives the same bytes.

    The file is read `characters` at a time; when it has been read and before an answer gets its name, `intact` is
    called: it raises where the file has changed meanwhile.

    outcomes: frames or tables in file order with line (int64), outcome, lead (null where there is none), issues and,
    if wanted, reasons (both rule ids joined by '|'), entry_team and entrant; every row read from the file has one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    said = words(about.lang)
    stem, suffix = _stem(about)
    answer, mend, summary = (
        folder / f"{stem}_{said[name]}{ending}"
        for name, ending in (("receipt", suffix), ("to_mend", suffix), ("receipt", ".html"))
    )
    answer_part, mend_part, page_part = parts = [_part(path, secrets.token_hex(4)) for path in (answer, mend, summary)]
    tables = map(_table, [outcomes] if isinstance(outcomes, pd.DataFrame) else outcomes)
    tally, cells, kinds = Tally.for_rules(rules), _Cells(layout, rules, about.lang), Kinds(layout)
    with ExitStack() as stack:
        stack.callback(_clear_away, parts)
        with ExitStack() as open_:
            full, rejected = (
                _Out(open_.enter_context(part.open("wb")), _encoding(layout)) for part in (answer_part, mend_part)
            )
            blocks = each_read(source, read_blocks(source, layout, characters))
            for block, rows in _with_outcomes(blocks, tables, kinds):
                _answer(block, rows, cells, kinds, full, rejected)
                tally.add(rows)
                reached("receipt-rows")
        intact()
        _name(answer_part, answer)
        reached("receipt-begun")
        files = [answer]
        if tally.outcomes["rejected"]:
            _name(mend_part, mend)
            files.append(mend)
        else:
            mend.unlink(missing_ok=True)
        page_part.write_text(page(about, layout, tally, rules, files), encoding="utf-8")
        _name(page_part, summary)
    for path in (answer, mend, summary):
        _clear_away(path.parent.glob(f".{escape(path.name)}.*part"))
    return Receipt(answer, summary, mend if len(files) > 1 else None, tally)


class _Out:
    """A file of text, written from Arrow arrays of lines."""

    def __init__(self, file: IO[bytes], encoding: str) -> None:
        self._file = file
        self._as_it_is = encoding in ("utf-8", "utf-8-sig")
        self._encoder = codecs.getincrementalencoder(encoding)()
        if encoding == "utf-8-sig":
            file.write(codecs.BOM_UTF8)

    def write(self, lines: pa.Array) -> None:
        """Add the lines, which hold their own ends."""
        if not len(lines):
            return
        data = pa.concat_arrays([lines]) if lines.offset else lines
        offsets = np.frombuffer(data.buffers()[1], np.int64)
        text = memoryview(data.buffers()[2] or b"")[offsets[0] : offsets[len(data)]]
        self._file.write(text if self._as_it_is else self._encoder.encode(str(text, "utf-8")))


def _answer(block: Block, rows: pa.Table, cells: _Cells, kinds: Kinds, full: _Out, rejected: _Out) -> None:
    """Write a block of lines to the receipt, the rejected records and the header also to the rows to mend."""
    at = rows["line"].to_numpy() - block.first
    mend = np.zeros(len(block.lines), bool)
    mend[at[pc.equal(rows["outcome"], "rejected").to_numpy(zero_copy_only=False)]] = True
    added = cells.of(rows)
    header = kinds.layout.header_line - block.first
    if 0 <= header < len(block.lines):
        # what stands above the header is no record, so the header comes first
        at, mend[header] = np.insert(at, 0, header), True
        added = [pa.concat_arrays([pa.array([name], pa.large_string()), part])
                 for name, part in zip(ADDED[cells.lang], added, strict=True)]  # fmt: skip
    text = answered(block, Answers(at, added), kinds)
    full.write(text)
    rejected.write(text.filter(pa.array(mend)))


class _Cells:
    """The cells that a receipt adds, each distinct text made once."""

    def __init__(self, layout: Layout, rules: Rules, lang: str) -> None:
        self.layout, self.rules, self.lang = layout, rules, lang
        self._said = words(lang)
        self._reason, self._hint = cache(self._reason_of), cache(self._hint_of)

    def of(self, rows: pa.Table) -> list[pa.Array]:
        """Result, lead number, all reasons, what can be done."""
        ids = _column(rows, "issues")
        both = pc.binary_join_element_wise(ids, _column(rows, "reasons"), pa.scalar("|", pa.large_string()))
        return [
            mapped(_column(rows, "outcome"), lambda code: self._said.get(f"outcome.{code}", code)),
            _column(rows, "lead"),
            mapped(pc.utf8_trim(both, "|"), lambda joined: self._sentences(joined, self._reason)),
            mapped(ids, lambda joined: self._sentences(joined, self._hint)),
        ]

    def _sentences(self, joined: str, sentence: Callable[[str], str]) -> str:
        texts = dict.fromkeys(text for id_ in joined.split("|") if id_ and (text := sentence(id_)))
        return guarded_text(("; " if self.lang == "en" else "；").join(texts))

    def _reason_of(self, rule_id: str) -> str:
        """What is wrong, in which column of this file, and the rule that says so."""
        rule = self.rules.find(rule_id)
        form, column = "reason", ""
        if isinstance(rule, CheckRule):
            columns = [self.layout.header[index].strip() for index in self.layout.mapping.get(rule.field, ())]
            form = "reason.column" if columns else "reason.no_column"
            column = self._said["columns.between"].join(columns)
        return self._said[form].format(text=self.rules.statement(rule_id, self.lang), column=column, id=rule_id)

    def _hint_of(self, rule_id: str) -> str:
        return self.rules.hint(rule_id, self.lang) if isinstance(self.rules.find(rule_id), CheckRule) else ""


def _table(rows: pd.DataFrame | pa.Table) -> pa.Table:
    return pa.Table.from_pandas(rows, preserve_index=False) if isinstance(rows, pd.DataFrame) else rows


def _column(rows: pa.Table, name: str) -> pa.Array:
    """A column as text, blank where it has nothing or does not exist."""
    if name not in rows.column_names:
        return pa.repeat(pa.scalar("", pa.large_string()), len(rows))
    return pc.fill_null(flat(rows[name]), "")


def _with_outcomes(
    blocks: Iterator[Block], tables: Iterator[pa.Table], kinds: Kinds
) -> Iterator[tuple[Block, pa.Table]]:
    """Blocks of whole records with the outcomes of their lines, however the outcomes were cut."""
    waiting, begun = next(tables, _NONE), None
    for some in blocks:
        block = some if begun is None else joined(begun, some)
        last = block.first + len(block.lines) - 1
        while not (len(waiting) and waiting["line"][-1].as_py() > last):
            following = next(tables, None)
            if following is None:
                break
            waiting = pa.concat_tables([waiting, following]) if len(waiting) else following
        lines = waiting["line"].to_numpy()
        cut = int(np.searchsorted(lines, last, side="right"))
        goes_on = last_may_go_on(block, lines[:cut] - block.first, kinds)
        begun = None
        if goes_on is not None:
            block, begun = (
                block._replace(lines=block.lines.slice(0, goes_on)),
                Block(block.first + goes_on, block.lines.slice(goes_on), block.final),
            )
            cut -= 1
        yield block, waiting.slice(0, cut)
        waiting = waiting.slice(cut)


def _encoding(layout: Layout) -> str:
    """The file's own encoding; UTF-8 with its mark, without which spreadsheets misread it, also for plain ASCII."""
    return "utf-8-sig" if layout.encoding in ("ascii", "utf-8") else layout.encoding


def _stem(about: About) -> tuple[str, str]:
    stem, dot, ending = about.name.rpartition(".")
    suffix = f".{ending.lower()}" if ending.lower() in ("csv", "tsv", "txt") else ".csv"
    short = (stem if dot else about.name).encode()[:160].decode(errors="ignore")
    return f"{about.batch:06d}_{short}", suffix


def _part(path: Path, token: str) -> Path:
    """Where a file is written until it is whole: no two writers of one receipt, on whichever hosts, share it."""
    return path.with_name(f".{path.name}.{os.getpid()}-{token}.part")


def _name(part: Path, path: Path) -> None:
    """Give a whole file its name; where its part is gone, another worker has finished the same receipt."""
    try:
        part.replace(path)
    except FileNotFoundError:
        if not path.exists():
            raise


def _clear_away(parts: Iterable[Path]) -> None:
    """Remove parts: one's own where they got no name, and those of runs that died or came second."""
    for part in parts:
        part.unlink(missing_ok=True)
