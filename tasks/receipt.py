"""The receipt of a file: a copy that answers every row, the rows that need mending, and a page that sums it up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from config.schema import CheckRule, Rules
from tasks.guard import guarded_text
from tasks.headers import ADDED
from tasks.layout import Layout
from tasks.receipt_page import About, Tally, page
from tasks.receipt_rows import Answers, answered, lines_of
from tasks.receipt_words import words
from tasks.records import Lines, Records, read_records
from tasks.rules.clean.texts import choose, flat, mapped

# Encodings that can hold every character.
_HOLD_ALL = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030")
_CHUNK = 50_000


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
    outcomes: pd.DataFrame | Iterable[pd.DataFrame],
    rules: Rules,
    folder: Path,
    about: About,
) -> Receipt:
    """Write the receipt of a file into a folder and return its files; the same input gives the same bytes.

    outcomes: frames in file order with line (int64), outcome, lead (NA where there is none), issues and, if wanted,
    reasons (both rule ids joined by '|'), entry_team and entrant; every row read from the file has one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    said = words(about.lang)
    stem, suffix = _stem(about)
    answer, mend, summary = (
        folder / f"{stem}_{said[name]}{ending}"
        for name, ending in (("receipt", suffix), ("to_mend", suffix), ("receipt", ".html"))
    )
    frames = iter([outcomes] if isinstance(outcomes, pd.DataFrame) else outcomes)
    tally = Tally.for_rules(rules)
    encoding = _encoding(layout, rules, about.lang)
    with ExitStack() as stack:
        full, rejected = (
            stack.enter_context(_part(path).open("w", encoding=encoding, newline="")) for path in (answer, mend)
        )
        for records, rows in _with_outcomes(read_records(source, layout, _CHUNK, titles=True), frames):
            _answer(records, rows, layout, rules, about.lang, full, rejected)
            tally.add(rows)
    _part(answer).replace(answer)
    files = [answer]
    if tally.outcomes["rejected"]:
        _part(mend).replace(mend)
        files.append(mend)
    else:
        _part(mend).unlink()
        mend.unlink(missing_ok=True)
    _part(summary).write_text(page(about, layout, tally, rules, files), encoding="utf-8")
    _part(summary).replace(summary)
    return Receipt(answer, summary, mend if len(files) > 1 else None, tally)


def _answer(
    records: Lines | Records,
    rows: pd.DataFrame,
    layout: Layout,
    rules: Rules,
    lang: str,
    full: IO[str],
    rejected: IO[str],
) -> None:
    """Write the records of a chunk to the receipt, the rejected ones and the header also to the rows to mend."""
    lines = lines_of(records)
    place = np.searchsorted(_lines(rows), lines)
    header = lines == layout.header_line
    given = np.isin(lines, _lines(rows))
    cells = _cells(rows, rules, lang)
    added = [
        choose(header, name, pc.fill_null(column.take(pa.array(np.where(given, place, -1), mask=~given)), ""))
        for name, column in zip(ADDED[lang], cells, strict=True)
    ]
    text = answered(records, Answers(given | header, added), layout)
    full.writelines(text)
    mend = header.copy()
    mend[given] = (rows["outcome"] == "rejected").to_numpy()[place[given]]
    rejected.writelines(np.array(text, object)[mend].tolist())


def _cells(rows: pd.DataFrame, rules: Rules, lang: str) -> list[pa.Array]:
    """The added cells of rows with an outcome: result, lead number, all reasons, what can be done."""
    said = words(lang)
    ids = _text(rows["issues"])
    if "reasons" in rows.columns:
        both = pc.binary_join_element_wise(ids, _text(rows["reasons"]), pa.scalar("|", pa.large_string()))
        ids = pc.utf8_trim(both, "|")
    return [
        mapped(_text(rows["outcome"]), lambda code: said.get(f"outcome.{code}", code)),
        _text(rows["lead"]),
        mapped(ids, lambda joined: guarded_text(_sentences(joined, lambda id_: rules.statement(id_, lang), lang))),
        mapped(ids, lambda joined: guarded_text(_sentences(joined, lambda id_: _hint(id_, rules, lang), lang))),
    ]


def _sentences(joined: str, sentence: Callable[[str], str], lang: str) -> str:
    texts = dict.fromkeys(text for id_ in joined.split("|") if id_ and (text := sentence(id_)))
    return ("; " if lang == "en" else "；").join(texts)


def _hint(rule_id: str, rules: Rules, lang: str) -> str:
    return rules.hint(rule_id, lang) if isinstance(rules.find(rule_id), CheckRule) else ""


def _text(column: pd.Series) -> pa.Array:
    return pc.fill_null(flat(pa.array(column.astype("str"), from_pandas=True)), "")


def _with_outcomes(
    chunks: Iterator[Lines | Records], frames: Iterator[pd.DataFrame]
) -> Iterator[tuple[Lines | Records, pd.DataFrame]]:
    """Each chunk of records with the outcomes of its lines, however the frames of outcomes were cut."""
    none = {name: pd.Series(dtype="str") for name in ("outcome", "lead", "issues")}
    waiting = next(frames, pd.DataFrame({"line": pd.Series(dtype="int64"), **none}))
    for records in chunks:
        last = int(lines_of(records).max(initial=0))
        while not (_lines(waiting) > last).any():
            following = next(frames, None)
            if following is None:
                break
            waiting = pd.concat([waiting, following], ignore_index=True) if len(waiting) else following
        cut = int(np.searchsorted(_lines(waiting), last, side="right"))
        yield records, waiting.iloc[:cut]
        waiting = waiting.iloc[cut:]


def _lines(rows: pd.DataFrame) -> np.ndarray:
    return rows["line"].to_numpy(np.int64)


def _encoding(layout: Layout, rules: Rules, lang: str) -> str:
    """The file's own encoding, else UTF-8 with its mark where that cannot hold the answer."""
    if layout.encoding in _HOLD_ALL:
        return layout.encoding
    said = [
        *words(lang).values(),
        *ADDED[lang],
        *(text for rule in rules.checklist for text in (rule.statement, rule.hint)),
    ]
    try:
        "".join(map(str, said)).encode(layout.encoding)
    except UnicodeEncodeError:
        return "utf-8-sig"
    return layout.encoding


def _stem(about: About) -> tuple[str, str]:
    stem, dot, ending = about.name.rpartition(".")
    suffix = f".{ending.lower()}" if ending.lower() in ("csv", "tsv", "txt") else ".csv"
    short = (stem if dot else about.name).encode()[:160].decode(errors="ignore")
    return f"{about.batch:06d}_{short}", suffix


def _part(path: Path) -> Path:
    return path.with_name(f".{path.name}.part")
