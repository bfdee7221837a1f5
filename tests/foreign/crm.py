"""A made-up CRM of four files, and its figures by plain SQL over the files as they are."""

import csv
import random
import re
import sqlite3
from datetime import date, timedelta
from pathlib import Path

README = Path(__file__).parents[2] / "README.md"
_PRODUCTS = ("GTX Basic", "GTXPro", "MG Special")
_AGENTS = tuple(f"Agent {letter}" for letter in "ABCDEFG")
_SECTORS = ("technolgy", "medical", "retail")


def readme_mapping() -> str:
    """The mapping that README.md shows."""
    found = re.search(r"```yaml\n(# crm\.yaml\n.*?)```", README.read_text("utf-8"), re.DOTALL)
    assert found
    return found[1]


def full_mapping() -> str:
    """The mapping of README.md, with the fields that it leaves out."""
    more = "  source: lead_source\n  reason: loss_reason\n  grade: {column: rating, map: {hot: A, warm: B, cold: C}}\n"
    return readme_mapping().replace("  currency:", more + "  currency:")


def write_files(folder: Path, deals: int = 400, seed: int = 7) -> list[Path]:
    """Write the files of the mapping in README.md; open deals have no closing date, new ones no date at all."""
    chance = random.Random(seed)
    accounts = [(f"Company {at}", chance.choice(_SECTORS), chance.choice((12, 450, 2_000))) for at in range(20)]
    rows = [_deal(at, chance, [name for name, *_ in accounts]) for at in range(deals)]
    head = "opportunity_id sales_agent product account deal_stage engage_date close_date close_value lead_source"
    head += " loss_reason rating"
    teams = [(agent, f"Manager {at % 2}", ("East", "West")[at % 2]) for at, agent in enumerate(_AGENTS)]
    return [
        _write(folder / "sales_pipeline.csv", tuple(head.split()), rows),
        _write(folder / "accounts.csv", ("account", "sector", "employees"), accounts),
        _write(folder / "sales_teams.csv", ("sales_agent", "manager", "regional_office"), teams),
    ]


def _deal(at: int, chance: random.Random, accounts: list[str]) -> tuple[object, ...]:
    stage = chance.choices(("Won", "Lost", "Engaging", "Prospecting"), (50, 28, 17, 5))[0]
    engaged = date(2016, 10, 20) + timedelta(days=chance.randrange(400))
    closed = engaged + timedelta(days=chance.randrange(1, 130))
    ended = stage in ("Won", "Lost")
    return (
        f"D{at:05d}",
        chance.choice(_AGENTS),
        chance.choice(_PRODUCTS),
        chance.choice(accounts) if ended or chance.random() < 0.5 else "",
        stage,
        "" if stage == "Prospecting" else engaged,
        closed if ended else "",
        f"${chance.randrange(100, 9000):,}.00" if stage == "Won" else "",
        chance.choice(("Web", "Fair", "Partner", "")),
        chance.choice(("Price", "Budget", "No answer", "")) if stage == "Lost" else "",
        chance.choice(("hot", "warm", "cold")),
    )


def _write(path: Path, head: tuple[str, ...], rows: list[tuple[object, ...]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(head)
        writer.writerows(rows)
    return path


def by_sql(folder: Path, statement: str) -> list[tuple[object, ...]]:
    """Ask the files themselves, as tables of text of their own names."""
    base = sqlite3.connect(":memory:")
    for path in folder.glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            head, *rows = csv.reader(file)
        base.execute(f"CREATE TABLE {path.stem} ({', '.join(head)})")
        base.executemany(f"INSERT INTO {path.stem} VALUES ({', '.join('?' * len(head))})", rows)
    return base.execute(statement).fetchall()
