"""Tables of a foreign system put side by side: columns found by name, files joined by key."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from config.history import History, HistoryFile


@dataclass(frozen=True)
class Problem:
    """What is wrong, and where: a line of 0 means the whole file or column."""

    file: str
    line: int
    column: str
    what: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.column}: {self.what}" if self.column else f"{place}: {self.what}"


@dataclass
class Problems:
    """The first problems of each kind in full, and how many there are."""

    listed: list[Problem] = field(default_factory=list)
    count: int = 0

    def add(self, file: str, column: str, what: str, line: int = 0) -> None:
        """Note one problem."""
        self.count += 1
        self.listed.append(Problem(file, line, column, what))

    def add_rows(self, rows: pd.DataFrame, where: np.ndarray, column: str, what: str, values: pd.Series) -> None:
        """Note a problem of each row where `where` holds; `{}` in `what` becomes the row's value."""
        at = np.flatnonzero(where)
        self.count += len(at)
        for place in at[:LISTED]:
            file, line, value = rows["file"].iloc[place], int(rows["line"].iloc[place]), str(values.iloc[place])
            self.listed.append(Problem(str(file), line, column, what.format(repr(value[:60]))))


_FRACTION = re.compile(r"\d+\.0")
#: The file of a problem that lies in the mapping itself; its column is the key.
MAPPING = "mapping"
#: Of one kind of problem, so many are listed.
LISTED = 20


@dataclass(frozen=True)
class Part:
    """All files of one kind under each other: columns by the key of their header; file, line and the columns' texts."""

    name: str
    columns: Mapping[str, str]
    rows: pd.DataFrame

    def missing(self, column: str) -> str:
        """Why a column is not found."""
        return _missing(column, self.columns)


def column_key(header: str) -> str:
    """A header as it is compared: width, case, and blanks around it do not matter."""
    return " ".join(unicodedata.normalize("NFKC", header).replace("\ufeff", "").split()).casefold()


def part_of(
    file: HistoryFile,
    tables: Sequence[tuple[str, Sequence[str], pd.DataFrame]],
    blanks: Sequence[str],
    problems: Problems,
) -> Part:
    """Put the tables (name, header, rows) of one kind of file under each other.

    Each table has its own order of columns; a column that one lacks is blank there. Cells lose the blanks around
    them, those that are as good as blank (`blanks`) become so, and spelling is mended.
    """
    frames: list[pd.DataFrame] = []
    columns: dict[str, str] = {}
    for name, header, rows in tables:
        keys = [column_key(text) for text in header]
        twice = {key for key in keys if key and keys.count(key) > 1}
        named = {f"c{at}": key for at, key in enumerate(keys) if key and key not in twice}
        frames.append(rows[["line", *named]].rename(columns=named).assign(file=name))
        columns |= {key: header[int(at[1:])].strip() for at, key in named.items()}
        # a column that stands twice is there, but it cannot be named
        columns |= {f"\x00{key}": key for key in twice}
    rows = pd.concat(frames, ignore_index=True)
    own = [key for key in columns if not key.startswith("\x00")]
    as_good = {text.casefold() for text in blanks}
    for key in own:
        rows[key] = _cleaned(rows[key], as_good)
    for column, texts in file.replace.items():
        key = column_key(column)
        if key not in columns:
            problems.add(str(tables[0][0]), column, _missing(column, columns))
            continue
        rows[key] = _replaced(rows[key], texts)
    return Part(file.name, columns, rows[["file", "line", *own]])


def _cleaned(cells: pd.Series, blanks: set[str]) -> pd.Series:
    texts = {text: "" if text.strip().casefold() in blanks else text.strip() for text in cells.dropna().unique()}
    return cells.map(texts).fillna("").astype("str")


def _replaced(cells: pd.Series, texts: Mapping[str, str]) -> pd.Series:
    mended = cells.map({key.strip(): value for key, value in texts.items()})
    return mended.where(mended.notna(), cells).astype("str")


def _missing(column: str, columns: Mapping[str, str]) -> str:
    known = [text for key, text in columns.items() if not key.startswith("\x00")]
    if f"\x00{column_key(column)}" in columns:
        return "stands twice in the header, so it cannot be named"
    shown = ", ".join(known[:30]) + (" …" if len(known) > 30 else "")
    return f"there is no such column; there are: {shown}"


@dataclass(frozen=True)
class Joined:
    """One row a lead: file, line, and each column as `name.key`; what the joins found."""

    rows: pd.DataFrame
    parts: tuple[Part, ...]
    #: Per joined file: rows of it that fit no lead, values without a row in it (with how many leads have them).
    unused: dict[str, int]
    alone: dict[str, dict[str, int]]

    def find(self, column: str) -> str | None:
        """The name of a column: of the first file that has it, or of the file that is named before a dot."""
        key = column_key(column)
        for part in self.parts:
            if key in part.columns:
                return f"{part.name}.{key}"
        name, _, rest = column.partition(".")
        named = next((part for part in self.parts if part.name == name and column_key(rest) in part.columns), None)
        return f"{named.name}.{column_key(rest)}" if named else None

    def missing(self, column: str) -> str:
        """Why a column is not found."""
        every = {key: text for part in self.parts for key, text in part.columns.items()}
        return _missing(column, every)


def join(parts: Sequence[Part], history: History, problems: Problems) -> Joined:
    """Join the files to the first one, in their order."""
    first = parts[0]
    rows = _qualified(first).assign(file=first.rows["file"], line=first.rows["line"])
    joined = Joined(rows, (first,), {}, {})
    for part, file in zip(parts[1:], history.files[1:], strict=True):
        joined = _join_one(joined, part, file, problems)
    return joined


def _qualified(part: Part) -> pd.DataFrame:
    own = [key for key in part.rows if key not in ("file", "line")]
    return part.rows[own].rename(columns={key: f"{part.name}.{key}" for key in own})


def _join_one(joined: Joined, part: Part, file: HistoryFile, problems: Problems) -> Joined:
    pairs = []
    where = str(part.rows["file"].iloc[0]) if len(part.rows) else part.name
    for own, other in file.join.items():
        mine, theirs = column_key(own), joined.find(other)
        if mine not in part.columns:
            problems.add(where, own, _missing(own, part.columns))
        elif theirs is None:
            problems.add(where, own, f"is joined to {other}, and no file before this one has such a column")
        else:
            pairs.append((f"{part.name}.{mine}", theirs))
    if len(pairs) < len(file.join):
        # files that are joined to this one are asked for its columns all the same
        blank = joined.rows.assign(**{str(name): "" for name in _qualified(part)})
        return Joined(blank, (*joined.parts, part), joined.unused, joined.alone)
    wanted = _keys(joined.rows, [theirs for _, theirs in pairs], file.split)
    cells = _qualified(part)
    offered = cells.assign(
        key=_keys(cells, [mine for mine, _ in pairs]), line=part.rows["line"], file=part.rows["file"]
    )
    offered = offered[offered["key"].notna()]
    distinct = wanted.dropna().drop_duplicates()
    unused = int((~offered["key"].isin(distinct)).sum())
    once = offered.drop_duplicates([*map(str, cells), "key"])
    right = _one_each(once, file, distinct, problems).drop(columns=["line", "file"])
    merged = joined.rows.assign(key=wanted).merge(right, on="key", how="left").drop(columns="key")
    merged = merged.fillna(dict.fromkeys(map(str, cells), ""))
    alone = wanted[wanted.isin(distinct[~distinct.isin(right["key"])])].value_counts()
    counted = {str(key).replace("\x1f", " / "): int(count) for key, count in alone.items()}
    return Joined(
        merged, (*joined.parts, part), joined.unused | {part.name: unused}, joined.alone | {part.name: counted}
    )


def _keys(rows: pd.DataFrame, columns: Sequence[str], split: str | None = None) -> pd.Series:
    """What rows are joined by; null where any of the columns is blank."""

    def key_of(cell: str) -> str:
        return column_key(cell.split(split)[0] if split else cell)

    texts = [_whole(rows[column].map({text: key_of(text) for text in rows[column].unique()})) for column in columns]
    key = texts[0]
    blank = key == ""
    for text in texts[1:]:
        key, blank = key + "\x1f" + text, blank | (text == "")
    return key.mask(blank)


def _whole(keys: pd.Series) -> pd.Series:
    """Numbers without the fraction that a column gets where some of its cells are blank: 12.0 is 12."""
    once = keys[keys != ""].unique()
    if len(once) and all(_FRACTION.fullmatch(key) for key in once):
        return keys.str.removesuffix(".0")
    return keys


def _one_each(offered: pd.DataFrame, file: HistoryFile, wanted: pd.Series, problems: Problems) -> pd.DataFrame:
    """The rows that are joined: of several with one key those that the mapping says."""
    if file.several == "all":
        return offered
    if file.several in ("last", "furthest"):
        return offered.drop_duplicates("key", keep="last")
    double = offered[offered["key"].duplicated() & offered["key"].isin(wanted)].reset_index(drop=True)
    if len(double) and file.several == "refuse":
        what = "{} fits leads that have a row of this file already; say several: first, last or all"
        problems.add_rows(double, np.ones(len(double), dtype=bool), ", ".join(file.join), what, double["key"])
    return offered.drop_duplicates("key")


def side_by_side(texts: Sequence[pd.Series], separator: str) -> pd.Series:
    """Texts of one index joined row by row."""
    joined = texts[0]
    for text in texts[1:]:
        joined = joined + separator + text
    return joined
