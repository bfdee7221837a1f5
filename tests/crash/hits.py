"""Tells at the end of a test run where the crash tests killed processes, and how often."""

from collections import Counter

import pytest

KILLED_AT = "killed at"


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print each point with the number of kills there; silent where nothing was killed."""
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.stats.get(kind, [])]
    noted = [note for report in reports if report.when == "call" for note in report.user_properties]
    counted = Counter(str(place) for name, place in noted if name == KILLED_AT)
    if counted:
        terminalreporter.section("PROCESSES KILLED AT")
        for place, count in counted.items():
            terminalreporter.line(f"{count:4d}  {place}")
