"""Intake folders on another file system: taken once, whole, and given back where a worker dies in between."""

import multiprocessing
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from config.schema import Channel
from config.settings import Settings
from tasks.folders import claim, file_away, make_folders
from tasks.shares import clock_of
from tests.postgres import missing

AS_OF = datetime(2024, 3, 31, 1, 0, tzinfo=UTC)
CHANNELS = {"default": Channel(name="default")}
SHARE = Path("/dev/shm")


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    """A home whose intake folder lies on another file system."""
    if not SHARE.is_dir() or SHARE.stat().st_dev == tmp_path.stat().st_dev:
        missing("a second file system at /dev/shm")
    share = Path(tempfile.mkdtemp(dir=SHARE))
    made = Settings(_env_file=None, home=tmp_path)
    make_folders(made, [])
    made.intake.mkdir()
    (made.intake / "default").symlink_to(share)
    yield made
    shutil.rmtree(share)


def drop(settings: Settings, name: str, text: str = "公司\n") -> Path:
    path = settings.intake / "default" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.with_name(name + ".ok").touch()
    return path


def claimed(settings: Settings) -> list[tuple[str, str]]:
    return [(file.name, file.path.read_text()) for file in claim(settings, CHANNELS, AS_OF)]


def test_a_file_is_taken_whole_and_the_share_is_left_empty(settings: Settings) -> None:
    drop(settings, "名单.csv", "甲\n" * 1000)
    [file] = list(claim(settings, CHANNELS, AS_OF))
    assert file.path.read_text() == "甲\n" * 1000
    assert list((settings.intake / "default").iterdir()) == []
    assert file_away(file, settings).name == "名单.csv"


@pytest.mark.kill
@pytest.mark.parametrize("point", ["taking:1", "copied:1"])
def test_a_worker_that_dies_on_the_way_loses_nothing(settings: Settings, point: str) -> None:
    drop(settings, "a.csv", "first\n")
    child = multiprocessing.get_context("spawn").Process(target=_claim_until, args=(settings.home, point))
    child.start()
    child.join(60)
    assert child.exitcode == -signal.SIGKILL
    assert claimed(settings) == [("a.csv", "first\n")]
    assert list((settings.intake / "default").glob("*csv*")) == []
    assert list((settings.intake / "default").glob(".taking-*")) == []


def test_a_living_worker_keeps_what_it_moves(settings: Settings) -> None:
    first = drop(settings, "a.csv")
    held = list(claim(settings, CHANNELS, AS_OF))
    assert held[0].claim is not None
    taking = first.with_name(f".taking-{held[0].claim.folder.name}-b.csv")
    taking.write_text("half\n")
    assert claimed(settings) == []
    assert taking.exists()


def test_two_workers_never_take_the_same_file(settings: Settings) -> None:
    for number in range(40):
        drop(settings, f"{number:02}.csv")
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        taken = pool.map(_take_all, [settings.home] * 2)
    assert sorted(taken[0] + taken[1]) == [f"{number:02}.csv" for number in range(40)]


def test_the_clock_is_that_of_the_folder_and_leaves_nothing(tmp_path: Path) -> None:
    assert abs(clock_of(tmp_path) - time.time()) < 5
    assert list(tmp_path.iterdir()) == []
    assert clock_of(tmp_path / "gone") == float("-inf")


def _claim_until(home: Path, point: str) -> None:
    os.environ["LEADS_STOP_AT"] = point
    list(claim(Settings(_env_file=None, home=home), CHANNELS, AS_OF))


def _take_all(home: Path) -> list[str]:
    made = Settings(_env_file=None, home=home)
    taken = []
    for file in claim(made, CHANNELS, AS_OF):
        taken.append(file.name)
        file_away(file, made)
    return taken
