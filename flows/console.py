"""What a command says: text for people, JSON for programs, one line for an error."""

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

OK = 0
REFUSED = 1
USAGE = 2
FILES = 3
CONFIG = 4
DATABASE = 5
UNWELL = 6
INTERRUPTED = 130

# what each code means, as --help says it; README.md has the same
EXIT_CODES = {
    OK: "done",
    REFUSED: "what was asked cannot be done",
    USAGE: "wrong command line",
    FILES: "a file was refused, or a feed ended early; the others were taken",
    CONFIG: "settings or configuration cannot be used",
    DATABASE: "the database cannot be reached or used",
    UNWELL: "something is late, failed or does not run",
    INTERRUPTED: "interrupted",
}

# by name, so that saying an error imports nothing that the command did not need itself
_EXIT_CODES = {
    "config.errors.ConfigError": CONFIG,
    "flows.console.UsageError": USAGE,
    "flows.console.Refused": REFUSED,
    "models.bulk.WriteFailed": DATABASE,
    "models.db.DatabaseError": DATABASE,
    "tasks.judge.JudgeError": REFUSED,
    "flows.reviewing.ReviewError": REFUSED,
    "tasks.blocks.BlockError": REFUSED,
    "tasks.calendar.CalendarError": REFUSED,
    "tasks.follow_ups.FollowUpError": REFUSED,
    "tasks.orders.OrderError": REFUSED,
    "tasks.revert.RevertError": REFUSED,
    "tasks.split.SplitError": REFUSED,
    "tasks.unreadable.UnreadableFile": FILES,
    "sqlalchemy.exc.ArgumentError": CONFIG,
    "sqlalchemy.exc.SQLAlchemyError": DATABASE,
    "tasks.rules.worktime.OutsideCalendar": REFUSED,
    "xlsxwriter.exceptions.FileCreateError": REFUSED,
    "builtins.OSError": REFUSED,
}


# how the names of SQLite's errors begin, and what that means to whoever looks after the machine
_OF_SQLITE = {
    "SQLITE_FULL": "its disk is full",
    "SQLITE_IOERR": "its disk is full or damaged",
    "SQLITE_CANTOPEN": "its folder is missing, read-only or another user's",
    "SQLITE_READONLY": "its file or folder is read-only",
}


class UsageError(Exception):
    """The command cannot be carried out as it was given; exit code 2."""


def refuse_no_folder(out: Path) -> None:
    """UsageError where the folder of a file that is to be written does not exist."""
    if not out.absolute().parent.is_dir():
        raise UsageError(f"--out {out}: its folder does not exist")


class Refused(Exception):  # noqa: N818 - it is an answer, not a fault
    """The command was understood and could not be done; exit code 1."""


@dataclass(frozen=True)
class Answer:
    """What a command found: text for a person, data for a program, the exit code, and what is wrong in a line each."""

    text: str
    data: dict[str, Any] = field(default_factory=dict)
    code: int = OK
    faults: tuple[str, ...] = ()


def say_home(home: Path, *, aside: bool) -> None:
    """Print where all state lies; `aside` keeps standard output free for the answer."""
    print(f"LEADS_HOME {home}", file=sys.stderr if aside else sys.stdout, flush=True)


def say(answer: Answer, home: Path, *, as_json: bool = False, quiet: bool = False) -> int:
    """Print an answer and give its exit code."""
    for fault in answer.faults:
        aside(f"leads: {fault}")
    if as_json:
        print(json.dumps({"home": str(home), **answer.data}, ensure_ascii=False, indent=2, default=str))
    elif answer.text and not (quiet and answer.code == OK):
        print(answer.text)
    return answer.code


def aside(line: str) -> None:
    """Print a remark about the run where it does not mix with the answer."""
    print(line, file=sys.stderr, flush=True)


def exit_code(error: BaseException) -> int | None:
    """The exit code of an error that one line tells; None for a fault that deserves its trace."""
    for kind in type(error).__mro__:
        code = _EXIT_CODES.get(f"{kind.__module__}.{kind.__name__}")
        if code is not None:
            return code
    return None


def one_line(error: BaseException) -> str:
    """The error as one line, without the values that a database error would show."""
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    cause = getattr(error, "orig", None)
    if (known := _of_sqlite(error)) is not None:
        return known
    text = f"{type(cause).__name__}: {cause}" if cause is not None else str(error)
    return text.strip().split("\n")[0] or type(error).__name__


def _of_sqlite(error: BaseException | None) -> str | None:
    """What keeps SQLite from its file, in words; None where something else is wrong."""
    while error is not None:
        cause = getattr(error, "orig", None) or error
        name = getattr(cause, "sqlite_errorname", None) or ""
        for begins, said in _OF_SQLITE.items():
            if name.startswith(begins):
                return f"the database cannot be used: {said} ({cause})"
        error = error.__cause__
    return None
