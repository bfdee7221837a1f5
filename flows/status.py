"""How leadflow is: what runs, what is late, what failed; each finding is one line that says what to do."""

import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, func, inspect, select

from config.schema import Config
from config.settings import Settings
from flows.api import Api, ApiFailed, time_of
from flows.feeding import late_feeds
from flows.request import rules_on
from flows.runs import is_alive
from flows.server import is_healthy
from flows.up import read_note, running
from models import Message
from models.db import is_newest, make_engine
from tasks.batches import unfinished
from tasks.folders import looks, unread
from tasks.posts.inbox import FILE as POSTS_FILE
from tasks.posts.inbox import open_inbox
from tasks.quiet import quiet_channels
from tasks.waiting import left_behind, oldest

#: How long (seconds) a file, a run or a post may wait before it counts as late.
FILE_LATE, RUN_LATE, POST_LATE = 300.0, 120.0, 120.0
_ENDED_BADLY = ("FAILED", "CRASHED")


@dataclass
class Status:
    """What was found; `late`, `failed` and `missing` are what is not well, a line each."""

    services: list[dict[str, Any]] = field(default_factory=list)
    deployments: list[dict[str, Any]] = field(default_factory=list)
    folders: dict[str, Any] = field(default_factory=dict)
    mails: dict[str, int] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    late: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    @property
    def faults(self) -> list[str]:
        """Everything that is not well."""
        return [*self.missing, *self.late, *self.failed]

    def as_dict(self) -> dict[str, Any]:
        """The status as an answer's data."""
        return {"healthy": not self.faults, **vars(self)}


def status(settings: Settings, config: Config, now: datetime) -> Status:
    """Look at the processes, the runs, the folders, the batches and the outbox."""
    found = Status()
    _see_processes(found, settings, now)
    _see_folders(found, settings, config)
    _see_database(found, settings, config, now)
    return found


def _see_processes(found: Status, settings: Settings, now: datetime) -> None:
    noted = running(settings)
    if noted is None:
        found.missing.append("leads up does not run: nothing is taken in until it does, or until leads ingest")
        return
    found.services = [service | {"runs": is_alive(service["pid"])} for service in noted.get("services", ())]
    found.missing += [
        f"the {one['name']} is being started again; {one['log']}" for one in found.services if not one["runs"]
    ]
    scan = read_note(settings.up / "scan.json")
    at = time_of(scan["at"]) if scan else None
    if at is None or now - at > timedelta(seconds=60):
        found.late.append(f"the folder scan has not looked since {_moment(at, settings)}")
    found.missing += [f"the folder scan cannot ask for runs: {fault}" for fault in (scan or {}).get("faults", ())]
    if "prefect" in noted:
        _see_runs(found, Api(f"{noted['prefect']}/api"), settings, now)


def _see_runs(found: Status, api: Api, settings: Settings, now: datetime) -> None:
    try:
        if not is_healthy(api.url, seconds=5):
            raise ApiFailed("it does not answer")
        for deployment in api.deployments():
            _see_deployment(found, api, deployment, settings, now)
    except ApiFailed as failed:
        found.missing.append(f"Prefect at {api.url} cannot be asked: {failed}")


def _see_deployment(found: Status, api: Api, deployment: dict[str, Any], settings: Settings, now: datetime) -> None:
    name = deployment["name"]
    states = ("PENDING", "RUNNING", "COMPLETED", "FAILED", "CRASHED", "CANCELLED")
    # a run that only found another one at work ended well
    runs = [run for run in api.runs(deployment["id"], states=states) if run["state_type"] != "CANCELLED"]
    due = api.due(deployment["id"], now - timedelta(seconds=RUN_LATE))
    last = runs[0] if runs else None
    shown = {
        "name": name,
        "last": last["state_name"] if last else None,
        "at": last["expected_start_time"] if last else None,
    }
    found.deployments.append(shown | {"late": len(due), "paused": bool(deployment.get("paused"))})
    if due:
        since = _moment(time_of(due[0]["expected_start_time"]), settings)
        found.late.append(f"{name}: {len(due)} runs wait to begin, the first since {since}")
    if last and last["state_type"] in _ENDED_BADLY:
        message = (last["state"] or {}).get("message") or ""
        when = _moment(time_of(last["expected_start_time"]), settings)
        found.failed.append(f"{name}: the last run, of {when}, ended as {last['state_name']}: {message[:300]}")


def _see_folders(found: Status, settings: Settings, config: Config) -> None:
    waiting = [path for name in config.channels for path, _ in looks(settings.intake / name)]
    left = left_behind(settings, config.channels) if settings.processing.is_dir() else 0
    lost = unread(settings, config.channels)
    found.folders = {"waiting": len(waiting), "left_behind": left, "unread": lost}
    age = oldest(waiting, time.time())
    if age > FILE_LATE:
        found.late.append(f"{len(waiting)} files wait in {settings.intake}, one for {int(age / 60)} minutes")
    if lost:
        found.late.append("in no channel's folder, so nothing reads it: " + ", ".join(lost[:5]))


def _see_database(found: Status, settings: Settings, config: Config, now: datetime) -> None:
    engine = make_engine(settings.database_url)
    try:
        if _has_tables(engine):
            _see_batches(found, engine, now)
            _see_mails(found, engine)
            _see_posts(found, engine, settings, now)
            quiet = quiet_channels(engine, config, rules_on(config.rules, now, settings), now, settings.zone)
            found.late += [one.line() for one in quiet]
            late, failed = late_feeds(engine, config, now, settings)
            found.late += late
            found.failed += failed
    finally:
        engine.dispose()


def _has_tables(engine: Engine) -> bool:
    """Whether there is a base to ask; asking makes none."""
    file = engine.url.database if engine.dialect.name == "sqlite" else None
    return (not file or Path(file).exists()) and inspect(engine).has_table("lead")


def _see_batches(found: Status, engine: Engine, now: datetime) -> None:
    for batch in unfinished(engine):
        with suppress(TypeError):
            if now - batch.received_at > timedelta(seconds=3600):
                found.late.append(f"batch {batch.id} ({batch.file}, {batch.channel}) is not finished since an hour")


def _see_mails(found: Status, engine: Engine) -> None:
    with engine.connect() as conn:
        counted = conn.execute(select(Message.state, func.count()).group_by(Message.state)).all()
    found.mails = {state: count for state, count in counted}  # noqa: C416 - rows are no pairs to dict()
    for state in ("refused", "unknown"):
        if count := found.mails.get(state):
            found.failed.append(f"{count} mails are {state}: see the addresses in roster.yaml and the mail server")


def _see_posts(found: Status, engine: Engine, settings: Settings, now: datetime) -> None:
    if not is_newest(engine) or (engine.dialect.name == "sqlite" and not (settings.home / POSTS_FILE).exists()):
        return
    inbox = open_inbox(settings, engine)
    try:
        oldest = inbox.oldest()
        if oldest is not None and now - oldest > timedelta(seconds=POST_LATE):
            found.late.append(f"posts of forms or webhooks wait since {_moment(oldest, settings)}")
        failed = sum(counts.get("failed", 0) for counts in inbox.counts().values())
        if failed:
            found.failed.append(f"of {failed} posts no rows could be made; the internal page of channels names them")
    finally:
        inbox.close()


def _moment(at: datetime | None, settings: Settings) -> str:
    return f"{at.astimezone(settings.zone):%Y-%m-%d %H:%M}" if at else "its start"


def now_utc() -> datetime:
    """This moment."""
    return datetime.now(UTC)
