"""The receipt goes by mail to the channel's contact: once, with its files, and so does the word about a bad file."""

import email
import email.policy
import os
import signal
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from config.loader import load_config
from config.schema import Config
from config.settings import Settings, get_settings
from flows.intake import take_in
from flows.request import Request
from tests.warm import Warm

AS_OF = datetime(2024, 3, 18, 1, 0, tzinfo=UTC)
HEADER = "来源,公司名称,行业,联系人,职位,电话,需求描述,预算范围,决策链,创建时间"
ROWS = f"""{HEADER}
官网表单,杭州澄屿机械有限公司,制造业,季若谷,总经理,13955501234,自动化生产线改造,20-30万,总经理,2024-03-15
官网表单,,,,,,请回电,,,2024-03-15
"""


@pytest.fixture
def settings(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    company = tmp_path / "company"
    (company / "channels").mkdir(parents=True)
    (company / "channels" / "default.yaml").write_text("contact: marketing@example.com\n", "utf-8")
    monkeypatch.setenv("LEADS_CONFIG", str(company))
    return get_settings()


@pytest.fixture
def config(settings: Settings) -> Config:
    return load_config(settings.config)


def drop(settings: Settings, name: str, content: bytes) -> None:
    folder = settings.intake / "default"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.ok").touch()
    (folder / name).write_bytes(content)


def run(settings: Settings, config: Config) -> None:
    take_in(Request((), None, AS_OF, False), settings, config)


def mails(settings: Settings, kind: str) -> list[email.message.EmailMessage]:
    paths = sorted(settings.mails.glob(f"*_{kind}_*.eml"))
    return [email.message_from_bytes(path.read_bytes(), policy=email.policy.default) for path in paths]  # type: ignore[misc]


def test_the_contact_gets_the_receipt_with_its_files_once(settings: Settings, config: Config) -> None:
    drop(settings, "名单.csv", ROWS.encode("gb18030"))
    run(settings, config)
    run(settings, config)
    [mail] = mails(settings, "receipt")
    assert mail["To"].addresses[0].addr_spec == "marketing@example.com"
    assert "名单.csv" in mail["Subject"]
    assert "退回 1" in mail.get_body(("plain",)).get_content()
    files = {part.get_filename(): part.get_content() for part in mail.iter_attachments()}
    written = {path.name: path.read_bytes() for path in (settings.receipts / "default").glob("*.csv")}
    assert files == written
    assert len(files) == 2


def test_a_large_receipt_stays_where_it_is_and_the_mail_says_where(settings: Settings) -> None:
    rule = "- {id: N-RECEIPT-BYTES, value: 10}\n"
    (settings.config / "rules").mkdir()
    (settings.config / "rules" / "notices.yaml").write_text(rule, "utf-8")
    drop(settings, "名单.csv", ROWS.encode())
    run(settings, load_config(settings.config))
    [mail] = mails(settings, "receipt")
    assert list(mail.iter_attachments()) == []
    assert str(settings.receipts / "default") in mail.get_body(("plain",)).get_content()


def test_the_contact_hears_of_a_file_that_cannot_be_read(settings: Settings, config: Config) -> None:
    drop(settings, "信.csv", "您好，附件里是名单。\n".encode())
    run(settings, config)
    [mail] = mails(settings, "refused")
    body = mail.get_body(("plain",)).get_content()
    [note] = (settings.refused / "default").rglob("*.txt")
    assert body.splitlines()[2] in note.read_text("utf-8-sig")


def test_without_a_contact_nobody_is_written_to(home: Path) -> None:
    settings = get_settings()
    drop(settings, "a.csv", ROWS.encode())
    run(settings, load_config(None))
    assert mails(settings, "receipt") == []
    with create_engine(settings.database_url).connect() as conn:
        kinds = set(conn.execute(text("SELECT DISTINCT kind FROM message")).scalars())
    assert "receipt" not in kinds


@pytest.mark.kill
def test_a_run_killed_while_it_posts_leaves_one_mail(settings: Settings, config: Config) -> None:
    drop(settings, "名单.csv", ROWS.encode())
    told = {name: value for name, value in os.environ.items() if name.startswith("LEADS_")}
    words = ["ingest", "--direct", "--as-of", "2024-03-18T09:00"]
    code, said = Warm(words, Path.cwd(), told | {"LEADS_STOP_AT": "posted:1"}).ended(120)
    assert code == -signal.SIGKILL, said
    run(settings, config)
    run(settings, config)
    assert len(mails(settings, "receipt")) == 1
