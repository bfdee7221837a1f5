"""Serve the pages that mails link to: `leads web`, and a child of `leads up`."""

import signal
import sys

from config.loader import load_config
from config.settings import Settings
from flows.commands import usable_home
from flows.worker import end_with_input


def serve(settings: Settings, host: str, port: int) -> int:
    """Serve until the process is told to stop; gives the exit code."""
    import uvicorn

    from models.db import make_engine, upgrade
    from web.app import create_app

    config = load_config(settings.config)
    usable_home(settings)
    engine = make_engine(settings.database_url)
    upgrade(engine)
    app = create_app(settings, config, engine)
    print(f"leads web: http://{host}:{port} (Ctrl-C stops it)", file=sys.stderr, flush=True)
    # no access log: the path of a signed link is what opens it
    uvicorn.run(app, host=host, port=port, log_level="warning", access_log=False, server_header=False)
    return 0


if __name__ == "__main__":
    from config.settings import get_settings

    end_with_input(signal.SIGTERM)
    sys.exit(serve(get_settings(), "127.0.0.1", int(sys.argv[1])))
