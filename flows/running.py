"""The commands `leads up` and `leads status`."""

import json

from config.loader import load_config
from config.settings import Settings
from flows.commands import usable_home
from flows.console import Answer, aside
from flows.up import Up, run


def up(settings: Settings, port: int | None, *, as_json: bool) -> Answer:
    """Run everything until a stop is asked for."""
    load_config(settings.config)  # what is wrong with it is said before anything is started
    usable_home(settings)

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


def _page(settings: Settings, started: Up) -> str:
    lines = [
        f"leadflow is up (process {started.as_dict()['pid']}); Ctrl-C or SIGTERM stops it",
        f"  Prefect        {started.url}",
        f"  drop files in  {settings.intake}/CHANNEL",
        f"  receipts       {settings.receipts}",
        f"  logs           {settings.up}",
        "  how it is      leads status",
    ]
    return "\n".join(lines)
