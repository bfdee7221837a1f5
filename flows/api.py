"""Prefect's API over plain HTTP, for the light processes: importing Prefect costs seconds and a hundred megabytes."""

import base64
import json
import os
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime
from typing import Any

SECONDS = 10.0
_BUSY, _PAUSES = (429, 503), (0.5, 1.0, 2.0)
#: States of a run that has a process, or is to have one at any moment.
ACTIVE = ("PENDING", "RUNNING", "CANCELLING")


class ApiFailed(Exception):  # noqa: N818 - read in a sentence: why nothing could be asked
    """The API did not answer, or refused; the message says which."""


class Api:
    """The API at one address."""

    def __init__(self, url: str) -> None:
        """Name the address, which ends in /api."""
        self.url = url.rstrip("/")

    def call(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """GET a path, or POST a body to it; gives the JSON of the answer."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        if secret := os.environ.get("PREFECT_API_AUTH_STRING"):
            headers["Authorization"] = "Basic " + base64.b64encode(secret.encode()).decode()
        request = urllib.request.Request(f"{self.url}/{path}", data, headers)
        for pause in (*_PAUSES, None):
            try:
                with urllib.request.urlopen(request, timeout=SECONDS) as answer:
                    return json.loads(answer.read() or b"null")
            except urllib.error.HTTPError as refused:
                # its database is busy: nothing was done
                if pause is None or refused.code not in _BUSY:
                    raise ApiFailed(f"{path}: {refused.code}") from refused
                time.sleep(pause)
            except (OSError, ValueError) as error:
                raise ApiFailed(f"{path}: {type(error).__name__}") from error
        raise AssertionError("unreachable")

    def deployments(self) -> list[dict[str, Any]]:
        """Every deployment that is registered, by name."""
        found: list[dict[str, Any]] = self.call("deployments/filter", {"limit": 200})
        return sorted(found, key=lambda deployment: str(deployment["name"]))

    def runs(self, deployment: str, *, states: tuple[str, ...] = (), limit: int = 20) -> list[dict[str, Any]]:
        """Runs of a deployment (id), the one expected last first."""
        body: dict[str, Any] = {
            "deployments": {"id": {"any_": [deployment]}},
            "sort": "EXPECTED_START_TIME_DESC",
            "limit": limit,
        }
        if states:
            body["flow_runs"] = {"state": {"type": {"any_": list(states)}}}
        found: list[dict[str, Any]] = self.call("flow_runs/filter", body)
        return found

    def due(self, deployment: str, now: datetime) -> list[dict[str, Any]]:
        """Runs that should have begun and have not."""
        body = {
            "deployments": {"id": {"any_": [deployment]}},
            "flow_runs": {
                "state": {"type": {"any_": ["SCHEDULED"]}},
                "expected_start_time": {"before_": now.isoformat()},
            },
            "sort": "EXPECTED_START_TIME_ASC",
            "limit": 50,
        }
        found: list[dict[str, Any]] = self.call("flow_runs/filter", body)
        return found

    def start(self, deployment: str) -> str:
        """Ask for a run of a deployment (id) now; gives the run's id."""
        made = self.call(f"deployments/{deployment}/create_flow_run", {"state": {"type": "SCHEDULED"}})
        return str(made["id"])

    def crash(self, run: str, why: str) -> None:
        """Say of a run that its process is gone, so that its place is free."""
        state = {"type": "CRASHED", "name": "Crashed", "message": why}
        self.call(f"flow_runs/{run}/set_state", {"state": state, "force": True})

    def pool(self, name: str) -> dict[str, Any] | None:
        """A work pool, or None where there is none yet."""
        try:
            found: dict[str, Any] = self.call(f"work_pools/{name}")
        except ApiFailed as failed:
            if isinstance(failed.__cause__, urllib.error.HTTPError) and failed.__cause__.code == 404:
                return None
            raise
        return found

    def workers(self, pool: str) -> list[dict[str, Any]]:
        """The workers of a pool."""
        found: list[dict[str, Any]] = self.call(f"work_pools/{pool}/workers/filter", {})
        return found


def time_of(text: str | None) -> datetime | None:
    """A time as the API writes it."""
    return datetime.fromisoformat(text).astimezone(UTC) if text else None
