"""A file so large that its answer is written by a process beside: killed with either of the two, and run again."""

import csv
from pathlib import Path

import pytest

from tasks.prepare import is_large
from tasks.source import Source
from tests.crash.lead_files import CHUNK_ROWS, list_of_the_form, write_roster
from tests.crash.left_behind import LeftBehind
from tests.crash.runs import IN_FULL, KILLED, Base, ingest

pytestmark = [pytest.mark.kill, pytest.mark.slow, pytest.mark.timeout(300)]

# few rows suffice where each has a text of this length in a column that nobody reads
_LETTERS = 70_000
# where a process is killed, and which of the two it is; the mails go out before the answer is written
PLACES = {
    "telling:1": "the run itself",
    **({"mail-out:2": "the run itself"} if IN_FULL else {}),
    "receipt-rows:1": "beside",
    **({"answered:1": "beside", "receipt-begun:1": "beside", "done:1": "the run itself"} if IN_FULL else {}),
}


def test_a_large_file_killed_while_it_is_answered_leaves_what_an_undisturbed_run_leaves(tmp_path: Path) -> None:
    undisturbed = _base(tmp_path / "undisturbed")
    run = ingest(undisturbed)
    assert run.code == 0, run.said
    wanted = LeftBehind.of(undisturbed)

    base = _base(tmp_path / "killed")
    for place, process in PLACES.items():
        run = ingest(base, stop_at=place)
        assert f"reached {place}" in run.said.splitlines(), run.said
        assert (run.code == KILLED) == (process == "the run itself")
        assert ("the process beside ended early" in run.said) == (process == "beside")
        wanted.must_hold_what_is_answered(base)
    run = ingest(base)
    assert run.code == 0, run.said
    wanted.must_equal(base)


def _base(home: Path) -> Base:
    write_roster(home / "config")
    header, *rows = csv.reader(list_of_the_form().splitlines())
    path = home / "intake" / "default" / "大名单.csv"
    path.parent.mkdir(parents=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([[*header, "附件"], *([*row, "x" * _LETTERS] for row in rows)])
    path.with_name(f"{path.name}.ok").touch()
    assert is_large(Source(path))
    assert len(rows) > CHUNK_ROWS
    return Base(home, f"sqlite:///{home / 'leadflow.db'}")
