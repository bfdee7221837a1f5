"""prefect.yaml promises only what the code keeps."""

import importlib
import inspect
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parent.parent


def _deployments() -> list[dict[str, Any]]:
    return YAML(typ="safe").load(ROOT / "prefect.yaml")["deployments"]


def _named(deployment: dict[str, Any]) -> str:
    return str(deployment["name"])


def _flow(deployment: dict[str, Any]) -> Any:
    module, _, name = deployment["entrypoint"].rpartition(".")
    return getattr(importlib.import_module(module), name)


deployments = pytest.mark.parametrize("deployment", _deployments(), ids=_named)


@deployments
def test_the_entrypoint_is_a_flow_named_by_its_module(deployment: dict[str, Any]) -> None:
    from prefect import Flow

    flow = _flow(deployment)
    assert isinstance(flow, Flow)
    assert flow.name == deployment["name"]
    assert ":" not in deployment["entrypoint"], "by file, flows/ itself would be first on sys.path"


@deployments
def test_every_parameter_exists_and_validates(deployment: dict[str, Any]) -> None:
    flow = _flow(deployment)
    known = inspect.signature(flow.fn).parameters
    assert set(deployment.get("parameters", {})) <= set(known)
    flow.validate_parameters(deployment.get("parameters", {}))


@deployments
def test_every_schedule_parses_in_the_business_zone(deployment: dict[str, Any]) -> None:
    from prefect.client.schemas.schedules import CronSchedule

    for schedule in deployment["schedules"]:
        parsed = CronSchedule(**schedule)
        assert parsed.timezone == "Asia/Shanghai"


@deployments
def test_one_run_at_a_time_and_the_late_ones_are_cancelled(deployment: dict[str, Any]) -> None:
    assert deployment["concurrency_limit"] == {"limit": 1, "collision_strategy": "CANCEL_NEW"}
    assert deployment["work_pool"] == {"name": "local-process"}


def test_every_flow_is_deployed() -> None:
    from prefect import Flow

    modules = [importlib.import_module(f"flows.{path.stem}") for path in (ROOT / "flows").glob("[!_]*.py")]
    own = {flow.name for module in modules for flow in vars(module).values() if isinstance(flow, Flow)}
    assert own == {deployment["name"] for deployment in _deployments()}
