"""A company's own configuration folder for the benchmarks: people enough to own every lead."""

from __future__ import annotations

from pathlib import Path

from benchmarks.words import CITIES

# of a hundred people; the roles that own no leads are left out
ROLES = {"supervisor": 12, "senior": 33, "representative": 37, "assistant": 18}
_PER_TEAM = 10


def write_overlay(folder: Path, people: int, leads: int) -> Path:
    """Make a LEADS_CONFIG folder in which `people` can own `leads`; gives the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "roster.yaml").write_text(bench_roster(people, leads), encoding="utf-8")
    return folder


def bench_roster(people: int, leads: int = 1_000_000) -> str:
    """The text of a roster.yaml: roles in proportion, half of the people bound to provinces, nobody full or away."""
    provinces = sorted({city[1] for city in CITIES})
    lines = ["people:"]
    supervisor = ""
    for number in range(people):
        role = _role(number)
        lines += [
            f"- id: p{number:04d}",
            f"  name: 员工{number:04d}",
            f"  role: {role}",
            f"  team: 销售{number // _PER_TEAM + 1}组",
            f"  email: p{number:04d}@example.com",
            f"  capacity: {5 + number * 7 % 11}",
            # one person alone could own them all: no cap is met
            f"  open_cap: {leads}",
        ]
        if role == "supervisor":
            supervisor = f"p{number:04d}"
        else:
            lines.append(f"  reports_to: {supervisor}")
        if number % 2:
            near = [provinces[(number // 2 + step) % len(provinces)] for step in range(3)]
            lines.append(f"  regions: [{', '.join(near)}]")
    return "\n".join(lines) + "\n"


def _role(number: int) -> str:
    """The role of the n-th person; any few dozen people in a row have all of them."""
    place = number * 41 % 100
    for role, share in ROLES.items():
        if place < share:
            return role
        place -= share
    raise ValueError("the shares of the roles do not make a hundred")
