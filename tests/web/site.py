"""The applications on an empty base with channels of a test's own, and what came of posts."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient
from sqlalchemy import text

from config.loader import load_config
from config.settings import Settings
from flows.posting import sweep_posts
from models.audit import audit
from models.db import make_engine, upgrade
from web.app import create_app

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "samples" / "webhooks"
SECRET = "s" * 32


class Site:
    """A company with a public application; `channels` by name as its YAML would state them."""

    def __init__(self, folder: Path, url: str = "", channels: Mapping[str, Any] | None = None, **settings: Any) -> None:
        self.settings = Settings(_env_file=None, home=folder / "home", database_url=url, secret=SECRET, **settings)
        own = folder / "company" / "channels"
        own.mkdir(parents=True)
        for name, stated in (channels or {}).items():
            (own / f"{name}.yaml").write_text(
                stated if isinstance(stated, str) else json.dumps(stated, ensure_ascii=False), "utf-8"
            )
        self.config = load_config(folder / "company")
        self.settings.home.mkdir(parents=True, exist_ok=True)
        self.engine = make_engine(self.settings.database_url)
        upgrade(self.engine)
        self.app = create_app(self.settings, self.config, self.engine)
        self.client = TestClient(self.app, raise_server_exceptions=False, follow_redirects=False)

    def sweep(self) -> Any:
        """Settle what was posted."""
        return sweep_posts(self.settings, self.config, datetime.now(UTC))

    def ask(self, statement: str) -> list[tuple]:
        """Ask the base."""
        with self.engine.connect() as conn:
            assert audit(conn) == []
            return [tuple(row) for row in conn.execute(text(statement)).all()]

    def posts(self) -> list[tuple]:
        """What lies in the inbox: channel, state, body."""
        inbox = self.app.state.desk.inbox
        with inbox.engine.connect() as conn:
            found = conn.execute(text("SELECT channel, state, body FROM post ORDER BY seq")).all()
        return [(row.channel, row.state, json.loads(row.body)) for row in found]
