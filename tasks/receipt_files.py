"""The files of a receipt, each of which gets its name only when it is whole."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from glob import escape
from pathlib import Path
from types import TracebackType
from typing import Self

from tasks.points import reached
from tasks.receipt_page import About, Tally
from tasks.receipt_words import words


@dataclass(frozen=True)
class Receipt:
    """The files of a receipt and what was counted while they were written."""

    rows: Path
    page: Path
    to_mend: Path | None
    tally: Tally


class ReceiptFiles:
    """The answer to every row, the rows to mend and the page of a receipt, as they are written.

    `answer` and `mend` are what is written to; `close` names them, and leaving clears away what got no name.
    """

    def __init__(self, folder: Path, about: About, suffix: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        said = words(about.lang)
        self._named = tuple(
            folder / f"{_stem(about)}_{said[name]}{ending}"
            for name, ending in (("receipt", suffix), ("to_mend", suffix), ("receipt", ".html"))
        )
        self.answer, self.mend, self._page = self._parts = tuple(
            _part(path, secrets.token_hex(4)) for path in self._named
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: object, _trace: TracebackType | None) -> None:
        _clear_away(self._parts)

    def close(self, tally: Tally, page: Callable[[list[Path]], str]) -> Receipt:
        """Give the written files their names and write the page that `page` makes of them."""
        answer, mend, summary = self._named
        _name(self.answer, answer)
        reached("receipt-begun")
        files = [answer]
        if tally.outcomes["rejected"]:
            _name(self.mend, mend)
            files.append(mend)
        else:
            mend.unlink(missing_ok=True)
        self._page.write_text(page(files), encoding="utf-8")
        _name(self._page, summary)
        for path in self._named:
            _clear_away(path.parent.glob(f".{escape(path.name)}.*part"))
        return Receipt(answer, summary, mend if len(files) > 1 else None, tally)


def _stem(about: About) -> str:
    stem, dot, _ = about.name.rpartition(".")
    short = (stem if dot else about.name).encode()[:160].decode(errors="ignore")
    return f"{about.batch:06d}_{short}"


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
