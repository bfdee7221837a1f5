"""The flow as Prefect runs it: names, one task run a chunk, counts without a word of the rows."""

import asyncio
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError, OperationalError

pytestmark = [pytest.mark.usefixtures("prefect_server"), pytest.mark.timeout(300)]

AS_OF = datetime(2024, 3, 18, 1, 0, tzinfo=UTC)


def _stored() -> dict[str, Any]:
    """Everything that Prefect keeps of the runs so far."""

    async def read() -> dict[str, Any]:
        from prefect.client.orchestration import get_client

        async with get_client() as client:
            return {
                "flow_runs": await client.read_flow_runs(),
                "task_runs": await client.read_task_runs(),
                "artifacts": await client.read_artifacts(),
                "logs": await client.read_logs(),
            }

    return asyncio.run(read())


def test_the_flow_takes_a_file_in_one_task_run_a_chunk(
    home: Path, lead_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows.ingest import ingest

    monkeypatch.setenv("LEADS_CHUNK_ROWS", "2")
    result = ingest(paths=[str(lead_file)], as_of=AS_OF)
    assert result.outcomes() == {"created": 1, "merged": 1, "rejected": 1}

    stored = _stored()
    assert "ingest 2024-03-18 01:00Z" in {run.name for run in stored["flow_runs"]}
    assert {"batch 1 chunk 0", "batch 1 chunk 1"} <= {run.name for run in stored["task_runs"]}
    assert [artifact.key for artifact in stored["artifacts"]] == ["ingest"]
    kept = " ".join(str(item.model_dump()) for kind in stored.values() for item in kind)
    for personal in ("季若谷", "13955501234", "澄屿"):
        assert personal not in kept


def test_a_second_run_finds_nothing_new(home: Path, lead_file: Path) -> None:
    from flows.ingest import ingest

    ingest(paths=[str(lead_file)], as_of=AS_OF)
    assert [file.state for file in ingest(paths=[str(lead_file)], as_of=AS_OF).files] == ["known"]


def _in_a_flow(work: Any) -> Any:
    from prefect import flow

    from flows.ingest import in_task_run

    return flow(name="of-the-test")(lambda: in_task_run("batch 7 chunk 0", work))()


def test_a_busy_database_is_tried_again() -> None:
    faults = [OperationalError("insert", {}, sqlite3.OperationalError("database is locked"))]

    def work() -> str:
        if faults:
            raise faults.pop()
        return "done"

    assert _in_a_flow(work) == "done"


def test_a_lasting_fault_reaches_prefect_by_its_kind_alone() -> None:
    from flows.ingest import StepFailed

    tries = []

    def work() -> None:
        tries.append(1)
        raise IntegrityError("insert", {}, Exception("Key (phone)=(13955509876) already exists"))

    with pytest.raises(StepFailed, match=r"batch 7 chunk 0: sqlalchemy\.exc\.IntegrityError$") as caught:
        _in_a_flow(work)
    assert len(tries) == 1
    assert isinstance(caught.value.fault, IntegrityError), "who started the run still gets the fault itself"
    kept = " ".join(str(item.model_dump()) for kind in _stored().values() for item in kind)
    assert "13955509876" not in kept
