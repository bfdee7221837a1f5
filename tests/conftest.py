"""What all tests share: a clean environment, a home of their own, and a loud word about what was skipped."""

import gc
import os
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

for _name in ("DO_NOT_TRACK", "PREFECT_SERVER_ANALYTICS_ENABLED", "GX_ANALYTICS_ENABLED"):
    os.environ[_name] = "1" if _name == "DO_NOT_TRACK" else "false"

pytest_plugins = ["tests.postgres", "tests.databases", "tests.crash.hits"]

_MISSING = "missing:"

# tests that share what takes long to make, by the beginning of their names: one worker has them all.
# (pytest-xdist 3.8 finds no group by its mark any more, since pytest 9.2 keeps the names of tests elsewhere.)
_TOGETHER = {
    "tests/flows/test_up.py": "up",
    "tests/flows/test_by_hand.py": "by hand",
    "tests/flows/test_same_leads.py": "same leads",
    "tests/flows/test_ingest.py": "prefect",
    "tests/flows/test_review_flow.py": "prefect",
    "tests/flows/test_cli.py::test_with_the_engine": "prefect",
    "tests/reviews/test_pages.py": "review year",
    "tests/reviews/test_year.py": "review year",
    "tests/reviews/test_mails.py": "review mails",
    "tests/simulated/test_promises_kept.py": "promises",
    "tests/simulated/test_year.py": "year",
    "tests/simulated/test_people.py": "people",
    "tests/web/test_browser.py": "browser",
    "tests/web/test_day_pictures.py": "day pictures",
}


# and here whoever has one of a file has them all: what they begin with is copied (tests/kept.py)
_FILE_BY_FILE = ("tests/flows/test_record_files.py", "tests/reviews/", "tests/tasks/", "tests/web/")


class _Together(LoadScopeScheduling):
    """Gives tests out one by one, but for those that stay together."""

    def _split_scope(self, nodeid: str) -> str:
        return _scope(nodeid)


def _scope(nodeid: str) -> str:
    alone = nodeid.partition("::")[0] if nodeid.startswith(_FILE_BY_FILE) else nodeid
    return next((group for start, group in _TOGETHER.items() if nodeid.startswith(start)), alone)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> _Together:
    """How pytest-xdist gives tests to its workers: in the order in which they were found."""
    config.option.loadscopereorder = False
    return _Together(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where several workers share the tests, the long ones begin and the smallest end: nobody waits for another."""

    def turn(item: pytest.Item) -> int:
        if item.get_closest_marker("slow"):
            return 0
        return 1 if _scope(item.nodeid) != item.nodeid else 2

    if hasattr(config, "workerinput"):
        items.sort(key=turn)


def pytest_collection_finish() -> None:
    """What was imported stays: the collector need not walk it again and again, which is a tenth of all time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests see none of the developer's LEADS_… settings."""
    for name in os.environ:
        if name.startswith("LEADS_") and not name.startswith("LEADS_TEST_"):
            monkeypatch.delenv(name)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A LEADS_HOME of the test's own, in a working directory without a .env."""
    folder = tmp_path / "home"
    monkeypatch.setenv("LEADS_HOME", str(folder))
    monkeypatch.chdir(tmp_path)
    return folder


def _nothing_may_be_skipped() -> bool:
    return os.environ.get("LEADS_TEST_REQUIRE") == "all"


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):
    """Where nothing may be skipped, a skip is a failure."""
    outcome = yield
    report = outcome.get_result()
    if report.skipped and not hasattr(report, "wasxfail") and _nothing_may_be_skipped():
        report.outcome = "failed"
        report.longrepr = f"LEADS_TEST_REQUIRE=all, and this was skipped: {_reason(report)}"


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where nothing may be skipped, a module skipped as a whole fails the session too."""
    terminal = session.config.pluginmanager.get_plugin("terminalreporter")
    if terminal and terminal.stats.get("skipped") and _nothing_may_be_skipped() and session.exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """End, after pytest's own closing line, with one list of what could not be tested on this machine."""
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    counted: dict[str, int] = {}
    for report in terminal.stats.get("skipped", []) if terminal else []:
        reason = _reason(report).removeprefix(_MISSING).strip()
        counted[reason] = counted.get(reason, 0) + 1
    if not counted:
        return
    terminal.section("NOT TESTED ON THIS MACHINE", sep="!", red=True, bold=True)
    for reason, count in sorted(counted.items()):
        terminal.line(f"SKIPPED BECAUSE MISSING: {reason} ({count} tests)")
    terminal.line("LEADS_TEST_REQUIRE=all makes these failures; .ci/run installs what is missing.")


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    said = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return said.removeprefix("Skipped: ")
