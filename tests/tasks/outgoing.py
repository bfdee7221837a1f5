"""A base with owned leads, and the mails that come of it."""

import email
import email.policy
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, select, text

from config.loader import load_config
from config.schema import Config
from config.settings import Settings
from models import Message
from models.db import begin, make_engine
from tests.kept import put_tables
from tests.prepared import settle_once

AS_OF = datetime(2024, 3, 15, 2, 0, tzinfo=UTC)
_NOTICES = """
rules:
  - {{id: N-LISTED, value: {listed}}}
  - id: N-WORKBOOK-ROWS
    statement: {{zh: "附件最多 {{N-WORKBOOK-ROWS}} 条", en: "At most {{N-WORKBOOK-ROWS}} leads"}}
    source: H1-5.2-remind
    effective: 2024-01-01
    value: {rows}
"""
_ROSTER = """
people:
  - {id: jing, name: 景主管, role: 主管, team: 甲组, email: jing@example.com, reports_to: qi}
  - {id: sun, name: 孙资深, role: 资深, team: 甲组, email: sun@example.com, reports_to: jing, deputy: tan%s}
  - {id: tan, name: 谭资深, role: 资深, team: 甲组, email: tan@example.com, reports_to: jing, capacity: 0}
  - {id: wei, name: 魏代表, role: 销售代表, team: 甲组, email: wei@example.com, reports_to: jing}
  - {id: xu, name: 许助理, role: 助理, team: 甲组, email: xu@example.com, reports_to: jing}
  - {id: qi, name: 戚经理, role: 经理, team: 销售部, email: qi@example.com}
"""
AWAY = ", leave: [{from: 2024-03-14, to: 2024-03-20}]"
GRADE_A = {"chain_state": "complete", "urgency_state": "urgent"}


def base(folder: Path) -> Engine:
    """An empty base in a folder."""
    put_tables(folder / "leadflow.db")
    return make_engine(f"sqlite:///{folder / 'leadflow.db'}")


def config_of(folder: Path, *, listed: int = 10, rows: int = 5000, leave: str = "") -> Config:
    """The shipped rules with a small roster."""
    (folder / "rules").mkdir(parents=True, exist_ok=True)
    (folder / "rules" / "notices.yaml").write_text(_NOTICES.format(listed=listed, rows=rows), encoding="utf-8")
    (folder / "roster.yaml").write_text(_ROSTER % leave, encoding="utf-8")
    return load_config(folder)


def settings_of(folder: Path, **said: Any) -> Settings:
    """Settings with their home in a folder."""
    return Settings(_env_file=None, home=folder / "home", **said)


def lead_rows(count: int, start: int = 0, **said: Any) -> list[dict[str, Any]]:
    """Rows of different people at different companies."""
    return [
        {"name": f"林溪{n}", "company": f"晨星{n}公司", "mobile": f"138{n:08d}", "mail": f"lin{n}@example.cn", **said}
        for n in range(start, start + count)
    ]


def own(engine: Engine, config: Config, *rows: dict[str, Any], file: str = "a.csv") -> None:
    """Take rows in, so that they are leads with owners."""
    settle_once(engine, *rows, file=file, config=config, as_of=AS_OF)


def messages(engine: Engine) -> list[Any]:
    """What the outbox holds, in its order."""
    with engine.connect() as conn:
        return list(conn.execute(select(Message.__table__).order_by(Message.id)))


def put(engine: Engine, *addresses: str, created_at: datetime = AS_OF, state: str = "pending") -> None:
    """Put small messages into the outbox, one an address."""
    with begin(engine) as conn:
        start = conn.execute(text("SELECT count(*) FROM message")).scalar_one()
        for number, address in enumerate(addresses, start=start + 1):
            said = {"kind": "new_leads", "recipient": f"p{number}", "address": address, "state": state, "attempts": 0}
            body = {"subject": "新线索 1 条", "text": f"正文 {number}\n.点", "html": f"<p>正文 {number}</p>"}
            conn.execute(
                Message.__table__.insert(),
                {"id": number, "key": f"k{number}", "created_at": created_at, **said, **body},
            )


def read_mail(data: bytes) -> EmailMessage:
    """A mail as a mail program reads it."""
    message = email.message_from_bytes(data, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message
