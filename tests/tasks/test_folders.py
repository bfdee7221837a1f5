"""The ways of a file: taken once, found again, never overwritten."""

import multiprocessing
import os
import signal
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from config.schema import Channel
from config.settings import Settings
from tasks import folders
from tasks.folders import LeadFile, claim, file_away, make_folders, refuse
from tasks.unreadable import UnreadableFile

AS_OF = datetime(2024, 3, 31, 17, 0, tzinfo=UTC)  # already April in Shanghai
CHANNELS = {name: Channel(name=name) for name in ("default", "expo")}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = Settings(home=tmp_path)
    make_folders(made, CHANNELS)
    return made


def _drop(settings: Settings, name: str, text: str = "公司\n", channel: str = "default") -> Path:
    path = settings.intake / channel / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def _claimed(settings: Settings, **seams: object) -> list[LeadFile]:
    usual = {"clock": lambda: time.time() + 60}
    return list(claim(settings, CHANNELS, AS_OF, **(usual | seams)))  # type: ignore[arg-type]


def _names(files: list[LeadFile]) -> list[str]:
    return [file.name for file in files]


def test_files_are_taken_by_channel_and_name(settings: Settings) -> None:
    for channel, name in (("expo", "a.csv"), ("default", "c.csv"), ("default", "b.csv")):
        _drop(settings, name, channel=channel)
    assert [(file.channel.name, file.name) for file in _claimed(settings)] == [
        ("default", "b.csv"),
        ("default", "c.csv"),
        ("expo", "a.csv"),
    ]


def test_what_programs_leave_and_links_are_passed_over(settings: Settings, tmp_path: Path) -> None:
    for name in ("~$a.csv", "a.csv.tmp", "a.part", ".hidden.csv", "desktop.ini", "Thumbs.db", "a.ok", ".x/b.csv"):
        _drop(settings, name)
    secret = tmp_path / "secret.csv"
    secret.write_text("x")
    (settings.intake / "default" / "link.csv").symlink_to(secret)
    (settings.intake / "default" / "linked").symlink_to(tmp_path)
    assert _claimed(settings) == []


def test_a_file_that_still_grows_is_left_alone(settings: Settings) -> None:
    growing, whole = _drop(settings, "growing.csv"), _drop(settings, "whole.csv")

    def grow(_seconds: float) -> None:
        growing.write_text("more and more")

    assert _names(_claimed(settings, clock=time.time, pause=grow)) == ["whole.csv"]
    assert growing.exists()
    assert not whole.exists()


def test_a_marker_makes_a_file_ready_at_once_and_goes_with_it(settings: Settings) -> None:
    path = _drop(settings, "a.csv")
    marker = _drop(settings, "a.csv.ok", "")

    def never(_seconds: float) -> None:
        raise AssertionError("waited")

    assert _names(_claimed(settings, clock=time.time, pause=never)) == ["a.csv"]
    assert not path.exists()
    assert not marker.exists()


def test_a_name_too_long_for_a_marker_stops_no_other_file(settings: Settings) -> None:
    for name in ("a" * 251 + ".csv", "a.csv"):
        _drop(settings, name)
    assert _names(_claimed(settings)) == ["a.csv", "a" * 196 + ".csv"]
    assert list((settings.intake / "default").iterdir()) == []


def test_the_sub_folder_names_the_team(settings: Settings) -> None:
    _drop(settings, "华东销售一部/三月/a.csv")
    assert [(file.name, file.team_hint) for file in _claimed(settings)] == [("a.csv", "华东销售一部")]


def test_a_finished_file_lies_in_the_folder_of_its_business_month(settings: Settings) -> None:
    _drop(settings, "市场部/a.csv", "first")
    first = file_away(_claimed(settings)[0], settings)
    _drop(settings, "a.csv", "second")
    second = file_away(_claimed(settings)[0], settings)
    assert first == settings.done / "default" / "2024-04" / "a.csv"
    assert (second.name, first.read_text(), second.read_text()) == ("a (2).csv", "first", "second")
    assert list((settings.processing / "default").iterdir()) == []


def test_a_move_that_was_cut_short_is_finished_once(settings: Settings) -> None:
    _drop(settings, "a.csv")
    file = _claimed(settings)[0]
    half = settings.done / "default" / "2024-04" / "a.csv"
    half.parent.mkdir(parents=True)
    os.link(file.path, half)  # killed between the link and the removal
    assert file_away(file, settings) == half
    assert not file.path.exists()
    assert [path.name for path in half.parent.iterdir()] == ["a.csv"]


def test_a_refused_file_lies_beside_a_note(settings: Settings) -> None:
    _drop(settings, "a.csv")
    target = refuse(_claimed(settings)[0], settings, UnreadableFile("no_header"))
    assert target == settings.refused / "default" / "2024-04" / "a.csv"
    note = target.with_name("a.csv.说明.txt").read_text("utf-8-sig")
    assert "文件：a.csv" in note
    assert "没有找到表头" in note
    assert "处理办法" in note


def test_a_file_read_in_place_is_never_moved(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("x")
    file = folders.in_place(path, CHANNELS["default"])
    assert refuse(file, settings, UnreadableFile("empty")) == path
    assert file_away(file, settings) == path
    assert path.exists()


def test_a_live_claim_is_nobody_elses(settings: Settings) -> None:
    _drop(settings, "a.csv")
    first = _claimed(settings)
    assert _names(first) == ["a.csv"]
    assert _claimed(settings) == []
    file_away(first[0], settings)
    assert _claimed(settings) == []


def test_what_a_killed_run_left_is_found_first(settings: Settings) -> None:
    _drop(settings, "市场部/b.csv")
    child = multiprocessing.get_context("spawn").Process(target=_claim_and_hang, args=(settings.home,))
    child.start()
    _until(lambda: (settings.home / "claimed").exists())
    _drop(settings, "a.csv")
    assert _names(_claimed(settings)) == ["a.csv"], "the other process is alive and keeps b.csv"
    assert child.pid
    os.kill(child.pid, signal.SIGKILL)
    child.join()
    assert [(file.name, file.team_hint) for file in _claimed(settings)] == [("b.csv", "市场部")]


def test_two_workers_never_take_the_same_file(settings: Settings) -> None:
    for number in range(60):
        _drop(settings, f"{number:02}.csv")
    context = multiprocessing.get_context("spawn")
    with context.Pool(2) as pool:
        taken = pool.map(_take_all, [settings.home] * 2)
    assert sorted(taken[0] + taken[1]) == [f"{number:02}.csv" for number in range(60)]


def test_an_empty_claim_of_a_killed_run_is_cleared_away(settings: Settings) -> None:
    (settings.processing / "default" / "abc").mkdir(parents=True)
    assert _claimed(settings) == []
    assert list((settings.processing / "default").iterdir()) == []


def test_files_and_folders_of_no_channel_are_named(settings: Settings) -> None:
    _drop(settings, "a.csv", channel="expo2024")
    _drop(settings, "b.csv")
    (settings.intake / "empty").mkdir()
    (settings.intake / "loose.csv").write_text("x")
    (settings.intake / ".loose.csv.part").write_text("x")
    assert folders.unread(settings, CHANNELS) == ["expo2024/", "loose.csv"]


def test_what_is_no_file_or_lies_too_deep_is_named_and_left(settings: Settings) -> None:
    _drop(settings, "a.csv")
    box = settings.intake / "default"
    (box / "链接.csv").symlink_to(box / "a.csv")
    (box / "folder").symlink_to(settings.home)
    os.mkfifo(box / "pipe.csv")
    deep = box / "1" / "2" / "3" / "4"
    deep.mkdir(parents=True)
    (deep / "read.csv").write_text("x")
    (deep / "5").mkdir()
    (deep / "5" / "deep.csv").write_text("x")
    named = ["default/1/2/3/4/5/deep.csv", "default/folder", "default/pipe.csv", "default/链接.csv"]
    assert folders.unread(settings, CHANNELS) == named
    assert sorted(file.name for file in _claimed(settings)) == ["a.csv", "read.csv"]
    assert folders.unread(settings, CHANNELS) == named


def test_names_that_no_table_can_hold_are_mended(settings: Settings) -> None:
    raw = os.fsencode(settings.intake / "default") + b"/" + "客户.csv".encode("gbk")
    Path(os.fsdecode(raw)).write_text("x")
    _drop(settings, "a\u202e\x07b.csv")
    _drop(settings, "长" * 70 + ".csv")
    assert _names(_claimed(settings)) == ["ab.csv", "长" * 65 + ".csv", "客户.csv"]


def _claim_and_hang(home: Path) -> None:
    held = _claimed(Settings(home=home))
    (home / "claimed").write_text(held[0].name)
    time.sleep(60)


def _take_all(home: Path) -> list[str]:
    made = Settings(home=home)
    taken = []
    for file in claim(made, CHANNELS, AS_OF, clock=lambda: time.time() + 60):
        taken.append(file.name)
        file_away(file, made)
    return taken


def _until(holds: object, seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not holds():  # type: ignore[operator]
        assert time.monotonic() < end
        time.sleep(0.05)
