"""The same rows make the same leads, however they arrive: twice, otherwise encoded, shuffled, in many files."""

import csv
import io
import itertools
import random
import shutil
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pytest

from benchmarks.cluster import drop_database
from benchmarks.leads import HEADER, lead_tables
from config.loader import load_config
from config.settings import Settings, get_settings
from flows.intake import take_in
from flows.request import Request
from models.db import make_engine, read_frame
from tests.crash.runs import IN_FULL
from tests.postgres import new_tables
from tests.warm import Warm

AS_OF = datetime(2024, 3, 18, 1, 0, tzinfo=UTC)
CONFIG = load_config()
NUMBER = itertools.count()
Row = list[str]

_LEADS = """
SELECT l.id, l.number, l.verdict, l.verdict_rule, l.reasons, l.grade, l.grade_rule, l.owner, l.owner_rule, l.status,
       s.raw
FROM lead l JOIN membership m ON m.lead_id = l.id AND m.until IS NULL JOIN submission s ON s.id = m.submission_id
WHERE l.closed_at IS NULL ORDER BY s.id
"""
_COLUMNS = "来源 公司名称 行业 联系人 职位 电话 邮箱 需求描述 预算范围 决策链 首次接触时间 紧急程度 备注".split()
_CLEAR = ["自动化生产线改造，两条", "20-30万", "总经理"]
# what a person may be told apart by, or not: every case that matching knows, and some that nobody can tell apart
_PEOPLE: list[Row] = [
    [
        "官网表单",
        "杭州澄屿机械有限公司",
        "制造业",
        "季若谷",
        "总经理",
        "13955501234",
        "",
        *_CLEAR,
        "2024-03-01",
        "高",
        "",
    ],
    [
        "电话咨询",
        "杭州澄屿机械有限公司",
        "制造业",
        "季若谷",
        "",
        "+86 139-5550-1234",
        "",
        *_CLEAR,
        "2024-03-05",
        "",
        "",
    ],
    # another company, the same mobile
    ["展会", "苏州栖川电子有限公司", "", "季若谷", "", "13955501234", "r.ji@example.com", *_CLEAR, "", "", ""],
    # the same personal address
    ["展会", "苏州栖川电子有限公司", "电子", "季先生", "", "", "R.Ji@Example.com", "", "", "", "2024-02-01", "", ""],
    # two people of one name at one company, and a row that could be either
    ["百度", "上海朗岫软件有限公司", "IT", "樊清妍", "采购", "13955500001", "", *_CLEAR, "2024-03-02", "急", ""],
    ["百度", "上海朗岫软件有限公司", "IT", "樊清妍", "", "13955500002", "", "了解一下", "", "", "2024-03-02", "", ""],
    ["百度", "上海朗岫软件有限公司", "IT", "樊清妍", "", "", "info@langxiu.example.com", *_CLEAR, "", "", ""],
    ["百度", "上海朗岫软件有限公司", "IT", "樊清妍", "", "", "", *_CLEAR, "", "", ""],
    # one of that name only: a row without phone and e-mail joins him
    ["官网表单", "武汉霁野物流有限公司", "物流", "卞云舟", "", "13955500003", "", *_CLEAR, "2024-03-04", "高", ""],
    ["官网表单", "武汉霁野物流有限公司", "物流", "卞云舟", "", "", "", *_CLEAR, "2024-03-06", "", "再次咨询"],
    # no full name, and a line of the whole company
    ["电话咨询", "青岛砚舟食品有限公司", "食品", "王总", "", "0532-85550123", "", *_CLEAR, "2024-03-07", "", ""],
    ["电话咨询", "青岛砚舟食品有限公司", "食品", "王总", "", "4008001234", "", *_CLEAR, "", "", ""],
    # nobody to reach, no company, rubbish
    ["官网表单", "合肥昀泰医药有限公司", "医药", "祁星野", "", "", "", *_CLEAR, "", "", ""],
    ["官网表单", "", "", "祁星野", "", "13955500004", "", *_CLEAR, "", "", ""],
    ["官网表单", "测试公司", "", "测试", "", "11111111111", "", "测试", "", "", "", "", ""],
    ["官网表单", "天津泊澜汽车有限公司", "汽车", "裴怀瑾", "", "13955500005", "", "求职，还招人吗", "", "", "", "", ""],
]
# a number that six companies give is nobody's; before the fifth comes it joins them
_PEOPLE += [
    ["官网表单", f"{place}禾曜纺织有限公司", "纺织", f"邵{place}", "", "13955509999", "", *_CLEAR, "", "", ""]
    for place in ("无锡", "嘉兴", "佛山", "天津", "合肥", "武汉")
]
# the first row once more, word for word
_PEOPLE += [list(_PEOPLE[0])]


class Lead(NamedTuple):
    """A lead by what its rows say, whatever its number is."""

    rows: tuple[str, ...]
    decided: tuple[str, ...]


class Place:
    """Fresh homes on one kind of database, and what came of the files that each has taken."""

    def __init__(self, folder: Path, new_database: Callable[[], str]) -> None:
        self.folder, self.new_database = folder, new_database

    def home(self, chunk_rows: int = 50_000) -> Settings:
        """Settings of a home that nobody has used."""
        name = self.folder / f"home{next(NUMBER)}"
        return get_settings(home=name, chunk_rows=chunk_rows, database_url=self.new_database())

    def file(self, rows: Sequence[Row], *, encoding: str = "utf-8", delimiter: str = ",", newline: str = "\n") -> Path:
        """Write a file of a name of its own."""
        out = io.StringIO(newline="")
        csv.writer(out, delimiter=delimiter, lineterminator=newline).writerows([_header(rows), *rows])
        path = self.folder / f"file{next(NUMBER)}.csv"
        path.write_bytes(out.getvalue().encode(encoding))
        return path


@pytest.fixture
def sqlite(tmp_path: Path) -> Place:
    return Place(tmp_path, lambda: "")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """Fresh homes on SQLite, and on PostgreSQL."""
    if request.param == "sqlite":
        yield Place(tmp_path, lambda: "")
        return
    server = request.getfixturevalue("postgres_server")
    made: list[str] = []

    def new_database() -> str:
        made.append(f"same_{tmp_path.name[-20:].lower().strip('_')}_{next(NUMBER)}")
        return new_tables(server, made[-1])

    yield Place(tmp_path, new_database)
    for name in made:
        drop_database(server, name)


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Settings]:
    """Makes homes that have taken in the usual rows, each a copy of one."""
    place = Place(tmp_path_factory.mktemp("usual"), lambda: "")
    settings = place.home()
    assert _take(settings, place.file(_rows())) == ["taken"]

    def copied(folder: Path) -> Settings:
        home = folder / f"home{next(NUMBER)}"
        shutil.copytree(settings.home, home)
        return get_settings(home=home, database_url="")

    return copied


def _header(rows: Sequence[Row]) -> Row:
    return _COLUMNS if len(rows[0]) == len(_COLUMNS) else [*HEADER][-len(rows[0]) :]


def _rows(seed: int = 1) -> list[Row]:
    """The people above among a hundred rows as they come in life, without identifiers of their own."""
    [table] = lead_tables(0, 100, seed=seed)
    others = table.select(["线索来源", "公司名称", "所属行业", "联系人", "职位", "电话", "邮箱", "需求描述", "预算范围",
                           "决策链", "首次接触时间", "紧急程度", "备注"])  # fmt: skip
    rows = [*_PEOPLE, *([cell or "" for cell in row.values()] for row in others.to_pylist())]
    return _shuffled(rows, seed)


def _shuffled(rows: Sequence[Row], seed: int) -> list[Row]:
    return random.Random(seed).sample(rows, len(rows))


def _take(settings: Settings, *files: Path) -> list[str]:
    """Take files in, one run each; gives how each ended."""
    states = []
    for file in files:
        states += [done.state for done in take_in(Request((file,), None, AS_OF), settings, CONFIG).files]
    return states


def _found(settings: Settings) -> pd.DataFrame:
    engine = make_engine(settings.database_url)
    with engine.connect() as conn:
        found = read_frame(conn, _LEADS).fillna("-")
    engine.dispose()
    return found


def leads(settings: Settings) -> list[Lead]:
    """Every open lead: the different rows it is made of, verdict, grade and their rules."""
    return _leads_of(_found(settings))


def _leads_of(found: pd.DataFrame) -> list[Lead]:
    decided = ["verdict", "verdict_rule", "reasons", "grade", "grade_rule", "status"]
    return sorted(
        Lead(tuple(sorted(set(rows["raw"]))), tuple(rows[decided].iloc[0])) for _, rows in found.groupby("id")
    )


def numbers_and_owners(settings: Settings) -> list[tuple[str, ...]]:
    """Every row with its lead's number, owner and the reason why he has it."""
    found = _found(settings)[["raw", "number", "owner", "owner_rule"]]
    return sorted(found.itertuples(index=False, name=None))


def _taken(place: Place, rows: Sequence[Row], **how: str) -> list[Lead]:
    settings = place.home()
    assert _take(settings, place.file(rows, **how)) == ["taken"]
    return leads(settings)


TWINS = {
    "windows line ends": {"newline": "\r\n"},
    "GB18030": {"encoding": "gb18030"},
    "byte order mark": {"encoding": "utf-8-sig"},
    "semicolons": {"delimiter": ";"},
    "tabs": {"delimiter": "\t"},
    "UTF-16": {"encoding": "utf-16"},
}


def test_the_rows_cover_what_they_are_meant_to(usual: Callable[[Path], Settings], tmp_path: Path) -> None:
    found = leads(usual(tmp_path))
    by_size = {len(lead.rows) for lead in found}
    assert {1, 2, 4} <= by_size
    assert {lead.decided[0] for lead in found} == {"valid", "to_verify", "invalid"}
    namesakes = [lead for lead in found if any("樊清妍" in row for row in lead.rows)]
    assert len(namesakes) == 3, "two people, and one row that could be either"
    six = [lead for lead in found if any("13955509999" in row for row in lead.rows)]
    assert len(six) == 6, "a number of many companies joins nobody"


def test_the_same_file_again_by_its_name_or_by_another_changes_nothing(place: Place) -> None:
    settings = place.home()
    file = place.file(_rows())
    assert _take(settings, file) == ["taken"]
    before = _found(settings)
    renamed = file.with_name("又一份.csv")
    renamed.write_bytes(file.read_bytes())
    assert _take(settings, file, renamed, file) == ["known"] * 3
    assert _found(settings).equals(before)


@pytest.mark.parametrize("how", TWINS.values(), ids=TWINS)
def test_a_twin_makes_the_same_leads_alone_and_after_the_file(
    how: dict[str, str], sqlite: Place, usual: Callable[[Path], Settings]
) -> None:
    settings = usual(sqlite.folder)
    wanted = leads(settings)
    twin = sqlite.file(_rows(), **how)
    assert _take(settings, twin) == ["taken"]
    assert leads(settings) == wanted, "no lead twice because its row came again"
    alone = sqlite.home()
    _take(alone, twin)
    assert leads(alone) == wanted


def test_a_gb18030_twin_is_the_same_on_any_database(place: Place) -> None:
    rows = _rows(2)
    settings = place.home()
    _take(settings, place.file(rows))
    wanted = leads(settings)
    _take(settings, place.file(rows, encoding="gb18030"))
    assert leads(settings) == wanted
    assert _taken(place, rows, encoding="gb18030") == wanted


def test_shuffled_rows_make_the_same_leads_in_chunks_of_any_size(place: Place) -> None:
    rows = _rows(3)
    wanted = _taken(place, rows)
    settings = place.home(chunk_rows=40)
    _take(settings, place.file(_shuffled(rows, 30)))
    assert leads(settings) == wanted


@pytest.mark.parametrize("seed", range(2))
def test_rows_in_any_order_and_split_make_the_same_leads(seed: int, sqlite: Place) -> None:
    rows = _rows(seed)
    wanted = _taken(sqlite, rows)
    assert _taken(sqlite, _shuffled(rows, seed + 1)) == wanted
    settings = sqlite.home(chunk_rows=30)
    shuffled = _shuffled(rows, seed + 2)
    _take(settings, *(sqlite.file(part) for part in (shuffled[:3], shuffled[3:50], shuffled[50:])))
    assert leads(settings) == wanted


@pytest.mark.slow
@pytest.mark.each_database
def test_rows_split_over_many_files_make_the_same_leads(place: Place) -> None:
    rows = _rows(5)
    wanted = _taken(place, rows)
    settings = place.home()
    shuffled = _shuffled(rows, 50)
    count = 40 if IN_FULL else 12
    files = [place.file(shuffled[part::count]) for part in range(count)]
    result = take_in(Request(tuple(files), None, AS_OF), settings, CONFIG)
    assert len(result.in_state("taken")) == count
    assert result.outcomes().total() == len(rows)
    assert leads(settings) == wanted


def test_rows_with_identifiers_of_their_own_are_known_again_in_another_file(place: Place) -> None:
    [table] = lead_tables(0, 150, seed=6)
    rows = [[cell or "" for cell in row.values()] for row in table.to_pylist()]
    settings = place.home()
    _take(settings, place.file(rows))
    before = _found(settings)
    shuffled = _shuffled(rows, 60)
    _take(settings, place.file(shuffled, encoding="gb18030"))
    found = _found(settings)
    assert leads(settings) == _leads_of(before)
    engine = make_engine(settings.database_url)
    with engine.connect() as conn:
        again = read_frame(
            conn,
            "SELECT m.outcome, s.same_as FROM submission s LEFT JOIN membership m ON m.submission_id = s.id"
            " AND m.until IS NULL WHERE s.batch_id = 2 AND s.accepted",
        )
    engine.dispose()
    assert set(again["outcome"]) == {"merged"}
    assert again["same_as"].notna().all(), "an unchanged record is no news"
    assert set(found["number"]) == set(before["number"])


def test_the_same_files_in_the_same_order_give_the_same_numbers_and_owners(place: Place) -> None:
    rows = _rows(7)
    files = [place.file(rows[part::3]) for part in range(3)]
    first, second = place.home(), place.home()
    _take(first, *files)
    _take(second, *files)
    assert numbers_and_owners(first) == numbers_and_owners(second)
    # one run over the files is as good as a run each
    third = place.home()
    take_in(Request(tuple(files), None, AS_OF), third, CONFIG)
    assert numbers_and_owners(third) == numbers_and_owners(first)


def test_the_command_line_gives_what_the_procedure_gives(sqlite: Place) -> None:
    rows = _rows(8)
    wanted = _taken(sqlite, rows)
    settings = sqlite.home()
    words = [str(sqlite.file(rows, encoding="gb18030", newline="\r\n")), "--direct", "--as-of", AS_OF.isoformat()]
    code, said = Warm(["ingest", *words], sqlite.folder, {"LEADS_HOME": str(settings.home)}).ended(120)
    assert code == 0, said
    assert leads(settings) == wanted
