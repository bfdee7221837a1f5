"""A disk that is full or read-only, for real: one clear line, an exit code, and no half file."""

import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from flows.cli import run
from flows.console import CONFIG, DATABASE, OK, REFUSED

Leads = Callable[..., tuple[int, str]]
# where no disk of our own can be had a file of a process grows no longer than this
_LEAST = 4096


@dataclass(frozen=True)
class Disk:
    """A small disk; where none may be mounted, a folder, and limits that do the same."""

    place: Path
    mounted: bool

    @contextmanager
    def full(self) -> Iterator[str]:
        """Leave no byte free for a while; gives what the system says of it."""
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        try:
            if self.mounted:
                with (self.place / "fill").open("wb", buffering=0) as file:
                    for size in (1 << 16, 1):
                        while self._adds(file, size):
                            pass
            else:
                resource.setrlimit(resource.RLIMIT_FSIZE, (_LEAST, hard))
            yield "No space left on device" if self.mounted else "File too large"
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
            (self.place / "fill").unlink(missing_ok=True)

    def seal(self) -> str:
        """Let nothing be written any more; gives what the system says of it."""
        if self.mounted:
            subprocess.run(["mount", "-o", "remount,ro", self.place], check=True)
            return "Read-only file system"
        if os.geteuid() == 0:
            pytest.skip("no disk may be mounted here, and root writes whatever the modes say")
        for path in (self.place, *self.place.rglob("*")):
            path.chmod(0o555)
        return "Permission denied"

    @staticmethod
    def _adds(file, size: int) -> bool:
        try:
            return file.write(b"\0" * size) > 0
        except OSError:
            return False


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", place]
    mounted = not subprocess.run(mount, check=False, capture_output=True).returncode
    try:
        yield Disk(place, mounted)
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", place], check=True)
        else:
            for path in (place, *place.rglob("*")):
                path.chmod(0o755)


@pytest.fixture
def leads(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Leads:
    """Run one command in a home; gives its exit code and what it says is wrong, or its last line."""

    def one(home: Path, *words: object) -> tuple[int, str]:
        monkeypatch.setenv("LEADS_HOME", str(home))
        code, said = run(list(map(str, words))), capsys.readouterr()
        lines = said.err.strip().split("\n")
        return code, "\n".join(line for line in lines if line.startswith("leads: ")) or said.out.strip().split("\n")[-1]

    return one


@pytest.fixture
def table(tmp_path: Path) -> Path:
    rows = [f"公司{n}机械有限公司,联系人{n},1380000{n:04d},改造生产线," for n in range(90)]
    path = tmp_path / "leads.csv"
    path.write_text("\n".join(("公司名称,联系人,电话,需求描述,紧急程度", *rows, "")), encoding="utf-8")
    return path


def test_on_a_full_disk_a_file_is_written_whole_or_not_at_all(
    disk: Disk, leads: Leads, table: Path, tmp_path: Path
) -> None:
    home, out = tmp_path / "home", disk.place
    asked = [("template", "--out", out / "t.xlsx"), ("new-channel", table, "--name", "x", "--out", out / "x.yaml"),
             ("inspect", table, "--out", out / "i.csv")]  # fmt: skip
    if disk.mounted:  # a limit of the process would keep the database from its file, too
        assert leads(home, "ingest", table, "--direct")[0] == OK
        asked += [(*words, "--out", out / name) for *words, name in (
            ("quality", "q.xlsx"), ("quality", "q.csv"), ("export", "leads", "l.csv"), ("export", "rows", "r.parquet"),
            ("export", "sheets", "--owner", "linruoxi", "s.xlsx"),
        )]  # fmt: skip
    else:
        asked = [asked[0], asked[2]]
    with disk.full() as why:
        there = sorted(out.iterdir())
        for words in asked:
            assert leads(home, *words) == (REFUSED, f"leads: {words[-1]}: {why}"), words
            assert sorted(out.iterdir()) == there, words
    assert leads(home, *asked[0])[0] == OK
    assert [path.name for path in out.iterdir()] == ["t.xlsx"]


def test_a_full_disk_under_the_database_is_said_in_one_line_and_harms_nothing(
    disk: Disk, leads: Leads, table: Path
) -> None:
    home = disk.place / "home"
    assert leads(home, "db", "upgrade")[0] == OK
    with disk.full():
        code, line = leads(home, "ingest", table, "--direct")
        assert code == DATABASE
        assert line.startswith("leads: the database cannot be used: its disk is full")
    # with room again the same command does the whole of it
    assert leads(home, "ingest", table, "--direct")[0] == OK


def test_a_home_that_is_read_only_is_said_in_one_line(disk: Disk, leads: Leads, table: Path) -> None:
    home, out = disk.place / "home", disk.place / "t.xlsx"
    # by a process that leaves no file open
    made = [sys.executable, "-m", "flows", "db", "upgrade"]
    subprocess.run(made, env=os.environ | {"LEADS_HOME": str(home)}, check=True, capture_output=True)
    why = disk.seal()
    line = f"leads: LEADS_HOME: {home} cannot be written to: {why}"
    assert leads(home, "ingest", table, "--direct") == (CONFIG, line)
    assert leads(home, "template", "--out", out) == (REFUSED, f"leads: {out}: {why}")
    code, line = leads(home, "explain", "XL202403001")
    assert code == DATABASE
    assert line.startswith("leads: the database cannot be used: its")
