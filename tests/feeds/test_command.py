"""`leads feed` as operations uses it: the README's YAML, answers, exit codes, and a pull that is killed."""

import json
import os
import re
import signal
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import text

from benchmarks.partner import Partner, in_turn, serving, some_leads
from flows.cli import run
from models.audit import audit
from models.db import make_engine
from tests.warm import Warm

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
ENOUGH = 4_500


@pytest.fixture
def company(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A company whose feed is the README's, with nothing but the addresses changed."""
    monkeypatch.setenv("LEADS_CONFIG", str(tmp_path / "company"))
    monkeypatch.setenv("PARTNER_ID", "me")
    monkeypatch.setenv("PARTNER_SECRET", "secret")
    folder = tmp_path / "company" / "channels"
    folder.mkdir(parents=True)
    return folder


def write(folder: Path, partner: Partner, *changes: tuple[str, str]) -> None:
    stated = re.search(r"```yaml\n(kind: feed\n.*?)```", README, re.DOTALL)
    assert stated
    yaml = stated[1].replace("https://api.partner.example/v1/leads", partner.url)
    yaml = yaml.replace("https://api.partner.example/token", partner.url.replace("/leads", "/token"))
    for old, new in (("rate: {requests: 60, seconds: 60}", "limits: {wait_seconds: 0}"), *changes):
        assert old in yaml
        yaml = yaml.replace(old, new)
    (folder / "partner.yaml").write_text(yaml, "utf-8")


def said(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> dict:
    capsys.readouterr()
    assert run([*arguments, "--json"]) == code
    return json.loads(capsys.readouterr().out)


def test_the_feed_of_the_readme_is_set_up_by_its_yaml_alone(company: Path, capsys) -> None:
    with serving(
        Partner(some_leads(5), allowed=lambda request: "token" in request.headers["Authorization"])
    ) as partner:
        write(company, partner)
        assert run(["check-rules"]) == 0
        seen = said(capsys, "feed", "check", "partner")
        assert (seen["records"], seen["readable"], seen["is_last_page"], seen["unmapped"]) == (
            2, 2, False, ["deleted", "id", "updated_at"],
        )  # fmt: skip
        assert {one["field"]: one["filled"] for one in seen["fields"]}["phone"] == 2
        (pulled,) = said(capsys, "feed", "pull", "partner")["feeds"]
        assert (pulled["pages"], pulled["outcomes"], pulled["complete"]) == (3, {"created": 5}, True)
        assert "since" not in partner.seen[-1]
        (again,) = said(capsys, "feed", "pull")["feeds"]
        assert (again["outcomes"], partner.seen[-1]["since"]) == ({}, "2024-03-01T07:50:00Z")
        assert run(["feed", "reread", "partner"]) == 0
        assert "nothing new" in capsys.readouterr().out
    listed = said(capsys, "batches")["batches"]
    assert [(one["channel"], one["rows"]) for one in listed] == [("partner", 5)]


def test_a_check_names_the_places_that_no_field_reads_however_deep(company: Path, capsys) -> None:
    records = [one | {"account": {"name": "嘉兴精工", "site": "x.cn"}} for one in some_leads(1)]
    with serving(Partner(records, allowed=lambda request: "token" in request.headers["Authorization"])) as partner:
        write(company, partner)
        assert "account.site" in said(capsys, "feed", "check", "partner")["unmapped"]


def test_a_pull_that_ends_early_says_so_by_its_exit_code_and_to_status(company: Path, capsys) -> None:
    with serving(Partner(some_leads(5), fault=in_turn(["404"]))) as partner:
        write(company, partner)
        (pulled,) = said(capsys, "feed", "pull", "partner", code=3)["feeds"]
        assert pulled["code"] == "refused"
        status = said(capsys, "status", code=6)
        assert any("feed partner: the partner refuses the request (HTTP 404)" in one for one in status["failed"])
        said(capsys, "feed", "pull", "partner")
        assert not any("feed partner" in one for one in said(capsys, "status", code=6)["failed"])


def _self_signed(folder: Path) -> ssl.SSLContext:
    """A certificate for 127.0.0.1 that nobody has signed but its own key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1))
    signed = made.sign(key, hashes.SHA256())
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, *plain) + signed.public_bytes(serialization.Encoding.PEM)
    (folder / "own.pem").write_bytes(pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "own.pem")
    return context


def test_a_certificate_that_nobody_signed_is_not_trusted(company: Path, tmp_path: Path, capsys) -> None:
    with serving(Partner(some_leads(3)), _self_signed(tmp_path)) as partner:
        write(company, partner)
        (pulled,) = said(capsys, "feed", "pull", "partner", code=3)["feeds"]
        assert pulled["code"] == "unreachable"
        assert "(SSLError" in pulled["fault"]
        assert partner.seen == []


def test_a_proxy_that_is_not_there_is_an_outage(company: Path, capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(Partner(some_leads(3))) as partner:
        write(company, partner)
        with monkeypatch.context() as outage:
            outage.setenv("HTTP_PROXY", "http://127.0.0.1:1")
            outage.setenv("NO_PROXY", "")
            (pulled,) = said(capsys, "feed", "pull", "partner", code=3)["feeds"]
            assert pulled["code"] == "unreachable"
            assert "(ProxyError" in pulled["fault"]
        (pulled,) = said(capsys, "feed", "pull", "partner")["feeds"]
        assert pulled["outcomes"] == {"created": 3}


def test_what_is_no_feed_is_refused(company: Path, capsys) -> None:
    assert run(["feed", "pull"]) == 1
    assert "there is no feed" in capsys.readouterr().err
    assert run(["feed", "check", "default"]) == 2
    assert "is no feed" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("old", "new", "said_of_it"),
    [
        ("kind: cursor  ", "kind: courser  ", "paging"),
        ("client_id: PARTNER_ID", "client_id: my-own-secret", "auth"),
        ("url: http:", "url: ftp:", "ftp:"),
        ("*/15 * * * *", "99 * * * *", "schedule"),
        ("company: account.name", "firm: account.name", "firm"),
        ("id: id  ", "ident: id  ", "feed.id"),
        ("updated: updated_at", "updated: null", "since needs updated"),
    ],
)
def test_a_wrong_feed_is_named_by_file_and_key(company: Path, capsys, old: str, new: str, said_of_it: str) -> None:
    with serving(Partner()) as partner:
        write(company, partner, (old, new))
    assert run(["check-rules"]) == 4
    error = capsys.readouterr().err
    assert "partner.yaml" in error
    assert said_of_it in error


@pytest.mark.kill
@pytest.mark.slow
def test_a_pull_killed_anywhere_goes_on_without_a_gap_or_a_repeat(company: Path, home: Path) -> None:
    with serving(Partner(some_leads(ENOUGH), size=500)) as partner:
        write(company, partner)
        for point in ("in-transaction:1", "page-committed:1", "in-transaction:2", "telling:1", None):
            told = {name: value for name, value in os.environ.items() if name.startswith("LEADS_")}
            told |= {"LEADS_STOP_AT": point} if point else {}
            code, said = Warm(["feed", "pull", "partner"], home.parent, told).ended(120)
            assert code == (-signal.SIGKILL if point else 0), said[-2000:]
    engine = make_engine(f"sqlite:///{home}/leadflow.db")
    with engine.connect() as conn:
        assert audit(conn) == []
        counted = "SELECT count(*), count(DISTINCT external_id) FROM submission"
        assert tuple(conn.execute(text(counted)).one()) == (ENOUGH, ENOUGH)
        assert conn.execute(text("SELECT count(*) FROM lead")).scalar_one() == ENOUGH
        assert conn.execute(text("SELECT sum(rows) FROM batch")).scalar_one() == ENOUGH
    engine.dispose()
