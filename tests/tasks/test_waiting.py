"""The looks of the long-lived scan: which files are complete, and what a killed run left."""

import os
import time
from pathlib import Path

import pytest

from config.settings import Settings
from tasks.claims import take_lock
from tasks.folders import EMPTY_AGED, make_folders
from tasks.waiting import Watch, left_behind, oldest


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = Settings(_env_file=None, home=tmp_path)
    make_folders(made, ["default", "expo"])
    return made


def watch_of(settings: Settings) -> Watch:
    return Watch(settings, ("default", "expo"))


def names(paths: list[Path]) -> list[str]:
    return [path.name for path in paths]


def test_a_file_is_ready_when_two_looks_found_it_the_same(settings: Settings) -> None:
    watch, path = watch_of(settings), settings.intake / "expo" / "a.csv"
    path.write_text("公司\n")
    assert watch.look() == []
    path.write_text("公司\n甲\n")
    assert watch.look() == []
    assert names(watch.look()) == ["a.csv"]
    assert watch.waiting == (path,)


def test_a_marked_one_and_one_renamed_in_are_ready_soon(settings: Settings) -> None:
    watch, folder = watch_of(settings), settings.intake / "default"
    (folder / "marked.csv").write_text("公司\n")
    (folder / "marked.csv.ok").touch()
    (settings.home / "made.csv").write_text("公司\n")
    (settings.home / "made.csv").rename(folder / "renamed.csv")
    assert names(watch.look()) == ["marked.csv"]
    assert names(watch.look()) == ["marked.csv", "renamed.csv"]


def test_what_programs_leave_is_never_ready(settings: Settings) -> None:
    watch = watch_of(settings)
    for name in ("~$a.xlsx", "a.csv.tmp", "a.csv.part", "desktop.ini", ".a.csv", "b.crdownload"):
        (settings.intake / "default" / name).write_text("x")
    assert (watch.look(), watch.look(), watch.waiting) == ([], [], ())


def test_an_empty_file_may_only_have_been_begun(settings: Settings) -> None:
    watch, path = watch_of(settings), settings.intake / "default" / "a.csv"
    path.touch()
    assert (watch.look(), watch.look()) == ([], [])
    long_ago = time.time() - EMPTY_AGED - 60
    os.utime(path, (long_ago, long_ago))
    assert not path.stat().st_size
    path.with_name("a.csv.ok").touch()
    assert names(watch.look()) == ["a.csv"], "its sender says that it is complete"


def test_a_file_whose_date_lies_hours_off_is_judged_by_looks_alone(settings: Settings) -> None:
    watch, path = watch_of(settings), settings.intake / "default" / "a.csv"
    for hours in (-5, 5):
        path.write_text(f"公司\n{hours}\n")
        os.utime(path, (time.time() + hours * 3600,) * 2)
        assert watch.look() == []
    assert names(watch.look()) == ["a.csv"]


def test_only_claims_that_nobody_holds_are_left_behind(settings: Settings) -> None:
    for name in ("dead", "alive"):
        (settings.processing / "default" / name).mkdir(parents=True)
        (settings.processing / "default" / name / "a.csv").write_text("x")
    lock = take_lock(settings.processing / "default" / "alive")
    assert lock is not None
    assert left_behind(settings, ("default", "expo")) == 1
    lock.release()
    assert left_behind(settings, ("default", "expo")) == 2


def test_the_oldest_tells_how_long_it_waits(settings: Settings) -> None:
    path = settings.intake / "default" / "a.csv"
    path.write_text("x")
    assert oldest([path, path.with_name("gone.csv")], path.stat().st_mtime + 400) == pytest.approx(400, abs=2)
    assert oldest([], time.time()) == 0
