"""The outbox sent by a process of its own."""

from collections.abc import Sequence
from pathlib import Path

from config.loader import load_config
from config.settings import Settings
from models.db import make_engine
from tasks.outbox import send_pending
from tests.tasks.outgoing import AS_OF


def send(words: Sequence[str]) -> None:
    """Send what waits in a SQLite database to a robot at an address."""
    url, database = words
    settings = Settings(
        _env_file=None, home=Path(database).parent, wecom_url=url, mail_mode="send",
        smtp_url="smtp://127.0.0.1:9?from=leads@example.com",
    )  # fmt: skip
    send_pending(make_engine(f"sqlite:///{database}"), settings, AS_OF, load_config().rules.at(AS_OF.date()), now=AS_OF)
