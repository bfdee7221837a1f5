"""The one place where tests meet Prefect: a server for the session, started when a test first asks."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def prefect_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Prefect's own test harness: a server and a database that go with the session."""
    os.environ["PREFECT_HOME"] = str(tmp_path_factory.mktemp("prefect"))
    from prefect.testing.utilities import prefect_test_harness

    with prefect_test_harness(server_startup_timeout=120):
        yield


@pytest.fixture
def lead_file(tmp_path: Path) -> Path:
    """A file of three rows: two of one person, and one that nobody can be reached by."""
    path = tmp_path / "leads.csv"
    head = "外部编号,来源,公司名称,行业,联系人,职位,电话,邮箱,需求描述,预算范围,决策链,创建时间,紧急程度"
    person = "杭州澄屿机械有限公司,制造业,季若谷,总经理"
    first = f"E1,官网表单,{person},13955501234,,自动化生产线改造,20-30万,总经理,2024-03-15,高"
    again = f"E2,电话咨询,{person},139-5550-1234,,自动化生产线改造,30-40万,总经理,2024-03-16,高"
    lost = "E3,官网表单,,,,,,,请回电,,,2024-03-16,"
    path.write_text("\n".join((head, first, again, lost, "")), encoding="utf-8")
    return path
