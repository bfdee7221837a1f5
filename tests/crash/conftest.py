"""Homes to run in, and a note of every kill."""

import shutil
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from benchmarks.cluster import drop_database
from tests.crash.hits import KILLED_AT
from tests.crash.lead_files import drop_files, write_roster
from tests.crash.runs import Base, leads
from tests.postgres import new_tables

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
        return Base(home, new_tables(server, made[-1]))

    yield make
    for name in made:
        drop_database(server, name)


_HEADER = "公司名称,联系人,电话,需求描述,预算范围,决策链,紧急程度,所属行业,线索来源"
_ROW = "甲科技有限公司,张三,13800001111,采购生产管理系统,20-30万,张三总经理决策,两周内,制造业,官网"


@pytest.fixture(scope="session")
def one_lead(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Base]:
    """Makes homes with one A lead that nobody has called, each a copy of one."""
    first = tmp_path_factory.mktemp("home")
    (first / "a.csv").write_text(f"{_HEADER}\n{_ROW}\n", "utf-8")
    base = Base(first, f"sqlite:///{first / 'leadflow.db'}")
    assert leads(base, "ingest", "--direct", "a.csv", "--as-of", "2024-03-15T10:00") == 0

    def made(folder: Path) -> Base:
        shutil.copytree(first, folder)
        return Base(folder, f"sqlite:///{folder / 'leadflow.db'}")

    return made


@pytest.fixture
def killed(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Note where a process was killed; the notes of all tests are counted at the end."""

    def note(place: str) -> None:
        print(f"killed at {place}")
        record_property(KILLED_AT, place)

    return note
