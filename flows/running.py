"""The commands `leads up` and `leads status`."""

import json
import subprocess
import sys
from typing import TYPE_CHECKING

from config.loader import load_config
from config.settings import Settings
from flows.children import ROOT, environment
from flows.commands import usable_home
from flows.console import OK, UNWELL, Answer, aside
from flows.up import Up, run, told_of

if TYPE_CHECKING:
    from flows.status import Status


def up(settings: Settings, port: int | None, *, as_json: bool) -> Answer:
    """Run everything until a stop is asked for."""
    load_config(settings.config)  # what is wrong with it is said before anything is started
    usable_home(settings)
    if code := _upgrade(settings):
        return Answer("", {}, code)

    def tell(started: Up) -> None:
        said = started.as_dict()
        if as_json:
            print(json.dumps({"home": str(settings.home), **said}, ensure_ascii=False), flush=True)
        else:
            print(_page(settings, started), flush=True)

    if not as_json:
        aside("starting; the first time takes half a minute")
    run(settings, port, tell)
    return Answer("stopped", {})


def _upgrade(settings: Settings) -> int:
    """Bring the database to the newest schema and make the folders, in a process of its own; gives its exit code.

    A database that cannot be reached is said now, once, and not by every run.
    """
    command = [sys.executable, "-m", "flows", "db", "upgrade"]
    told = environment(**told_of(settings))
    return subprocess.run(command, cwd=ROOT, env=told, stdout=subprocess.DEVNULL, check=False).returncode


def _page(settings: Settings, started: Up) -> str:
    said = started.as_dict()
    lines = [
        f"leadflow is up (process {said['pid']}); Ctrl-C or SIGTERM stops it",
        f"  Prefect        {started.url}",
        f"  for everybody  {said['web']}, for people {settings.base_url or '(LEADS_BASE_URL is not set)'}",
        f"  internal       {said['internal']}",
        f"  drop files in  {settings.intake}/CHANNEL",
        f"  receipts       {settings.receipts}",
        f"  logs           {settings.up}",
        "  how it is      leads status",
    ]
    return "\n".join(lines)


def status(settings: Settings) -> Answer:
    """Say how everything is; exit code 6 where something is late, failed or does not run."""
    from flows.status import now_utc
    from flows.status import status as look

    found = look(settings, load_config(settings.config), now_utc())
    faults = tuple(found.faults)
    return Answer(_state(found), found.as_dict(), UNWELL if faults else OK, faults)


def _state(found: "Status") -> str:
    lines = [f"{one['name']:<10} process {one['pid'] or '-'}, started {one['starts']}x" for one in found.services]
    for one in found.deployments:
        paused = " (paused)" if one["paused"] else ""
        lines.append(f"{one['name']:<10} last run {one['last'] or 'none yet'} {one['at'] or ''}{paused}".rstrip())
    folders = found.folders
    lines.append(
        f"{'folders':<10} {folders['waiting']} files wait, {folders['left_behind']} were left behind by a run that died"
    )
    mails = ", ".join(f"{count} {state}" for state, count in sorted(found.mails.items()))
    lines.append(f"{'mails':<10} {mails or 'none'}")
    lines.append("all is well" if not found.faults else f"{len(found.faults)} things are not well")
    return "\n".join(lines)
