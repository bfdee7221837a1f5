"""Homes to run in, and a note of every kill."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from benchmarks.cluster import create_database, drop_database
from tests.crash.hits import KILLED_AT
from tests.crash.lead_files import drop_files, write_roster
from tests.crash.runs import Base

_NUMBER = count()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Base]]:
    """Makes a home with files that wait and an empty database, as often as it is asked; once a database system."""
    server = request.getfixturevalue("postgres_server") if request.param == "postgresql" else None
    made: list[str] = []

    def make() -> Base:
        number = next(_NUMBER)
        home = tmp_path / f"home{number}"
        write_roster(home / "config")
        drop_files(home / "intake")
        if server is None:
            return Base(home, f"sqlite:///{home / 'leadflow.db'}")
        made.append(f"{request.fixturename}_{tmp_path.parent.name}_{number}".replace("-", "_"))
        return Base(home, create_database(server, made[-1]))

    yield make
    for name in made:
        drop_database(server, name)


@pytest.fixture
def killed(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Note where a process was killed; the notes of all tests are counted at the end."""

    def note(place: str) -> None:
        print(f"killed at {place}")
        record_property(KILLED_AT, place)

    return note
