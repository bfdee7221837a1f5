"""Partner feeds against a real server: every way of paging, signing in and failing."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from benchmarks.partner import FAULTS, Partner, in_turn, serving, signed, some_leads
from config.loader import load_config
from config.settings import Settings
from flows.feeding import pull_feeds, reread_feed
from models.audit import audit
from models.db import begin, make_engine
from tasks.feeds.errors import FeedError
from tasks.feeds.rows import read_stamp, write_stamp
from tests.kept import put_tables

AS_OF = datetime(2024, 3, 15, 1, 0, tzinfo=UTC)
MAPPING = {
    "id": "id",
    "updated": "updated_at",
    "items": "data.items",
    "fields": {
        "company": "account.name", "contact": "person.name", "phone": "person.mobiles", "need": "want",
        "budget": "money",
    },
    "limits": {"wait_seconds": 0, "read_seconds": 5},
}  # fmt: skip
PAGING = {
    "none": {"kind": "none"},
    "page": {"kind": "page"},
    "offset": {"kind": "offset", "size": 2},
    "cursor": {"kind": "cursor", "next": "paging.next"},
    "link": {"kind": "link"},
    "next_url": {"kind": "next_url", "next": "paging.next"},
}


class Company:
    """A company's home with one feed, and what is in its base."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.settings = folder, Settings(_env_file=None, home=folder / "home", database_url=url)
        (folder / "company" / "channels").mkdir(parents=True)

    def write(self, partner: Partner, **more: object) -> None:
        """Write the feed's YAML (JSON is YAML)."""
        paging = PAGING[partner.kind]
        feed = {"url": partner.url, "paging": paging, **MAPPING, **more}
        stated = {"kind": "feed", "source": "合作伙伴转介绍", "feed": feed}
        (self.folder / "company" / "channels" / "acme.yaml").write_text(json.dumps(stated, ensure_ascii=False), "utf-8")

    def pull(self, as_of: datetime = AS_OF, **more: object):
        """One pull; gives what came of it."""
        (result,) = pull_feeds(self.settings, load_config(self.folder / "company"), as_of, ("acme",), **more).feeds
        return result

    def ask(self, statement: str) -> list[tuple]:
        """Ask the base."""
        engine = make_engine(self.settings.database_url)
        try:
            with engine.connect() as conn:
                assert audit(conn) == []
                return [tuple(row) for row in conn.execute(text(statement)).all()]
        finally:
            engine.dispose()

    def ids(self) -> list[str]:
        """The ids of the live rows of open leads."""
        return [
            row[0]
            for row in self.ask(
                "SELECT DISTINCT s.external_id FROM submission s JOIN membership m ON m.submission_id = s.id"
                " AND m.until IS NULL JOIN lead l ON l.id = m.lead_id WHERE l.closed_at IS NULL ORDER BY s.external_id"
            )
        ]


@pytest.fixture
def company(tmp_path: Path) -> Company:
    put_tables(tmp_path / "leads.db")
    return Company(tmp_path, f"sqlite:///{tmp_path}/leads.db")


def _all(count: int) -> list[str]:
    return sorted(f"L{number}" for number in range(count))


@pytest.mark.parametrize("kind", PAGING)
def test_every_way_of_paging_brings_every_record_once(company: Company, kind: str) -> None:
    with serving(Partner(some_leads(5), kind)) as partner:
        company.write(partner)
        result = company.pull()
        assert (result.complete, dict(result.outcomes)) == (True, {"created": 5})
        assert company.ids() == _all(5)
        again = company.pull(AS_OF + timedelta(hours=1))
        assert (again.complete, dict(again.outcomes)) == (True, {})


@pytest.mark.parametrize("fault", FAULTS)
def test_what_passes_is_asked_for_again(company: Company, fault: str) -> None:
    with serving(Partner(some_leads(5), fault=in_turn([None, fault, fault]))) as partner:
        company.write(partner)
        result = company.pull()
        assert (result.fault, result.retries, company.ids()) == ("", 2, _all(5))


@pytest.mark.parametrize(
    ("fault", "code"),
    [("500", "unreachable"), ("half", "unreachable"), ("no_json", "bad_json"), ("shape", "shape"), ("404", "refused"),
     ("403", "sign_in"), ("hang_up", "unreachable"), ("retry:86400", "asked_to_wait"),
     ("to:http://other.example/leads", "elsewhere"), ("to:/leads", "loop")],
)  # fmt: skip
def test_what_does_not_pass_ends_the_round_and_the_next_goes_on(company: Company, fault: str, code: str) -> None:
    partner = Partner(some_leads(3500), size=1000, fault=lambda number: fault if number >= 3 else None)
    with serving(partner):
        company.write(partner)
        stopped = company.pull()
        assert (stopped.complete, stopped.code) == (False, code)
        assert "feed acme" in stopped.fault
        assert len(company.ids()) == 2000, "what was committed together stays"
        asked = len(partner.seen)
        partner.fault = in_turn([])
        result = company.pull()
        assert (result.complete, result.fault) == (True, "")
        assert company.ids() == _all(3500)
        assert partner.seen[asked]["cursor"] == "c2000", "it goes on where it was"


def test_a_cursor_that_has_run_out_begins_the_round_anew(company: Company) -> None:
    with serving(Partner(some_leads(3500), size=1000, fault=lambda number: "500" if number >= 3 else None)) as partner:
        company.write(partner)
        assert company.pull().code == "unreachable"
        old = len(partner.seen)
        partner.fault = lambda number: "410" if number == old else None
        result = company.pull()
        assert (result.complete, company.ids(), "cursor" in partner.seen[old + 1]) == (True, _all(3500), False)


@pytest.mark.parametrize("kind", ["page", "offset"])
def test_a_page_past_the_end_that_does_not_exist_ends_the_round(company: Company, kind: str) -> None:
    with serving(Partner(some_leads(4), kind)) as partner:
        past = {"page": "3", "offset": "4"}[kind]
        partner.fault = lambda number: "404" if partner.seen[number].get(kind) == past else None
        company.write(partner)
        assert (company.pull().fault, company.ids()) == ("", _all(4))


@pytest.mark.parametrize("nought", [0, "0", None, False, ""])
def test_a_cursor_of_nought_is_the_end(company: Company, nought: object) -> None:
    with serving(Partner(some_leads(2), "none")) as partner:
        partner.page = lambda query: ({"data": {"items": partner.records}, "paging": {"next": nought}}, {})
        partner.kind = "cursor"
        company.write(partner)
        assert (company.pull().complete, len(partner.seen)) == (True, 1)


def test_retry_after_is_kept_to(company: Company) -> None:
    from tasks.feeds.client import Client

    waited: list[float] = []
    with serving(Partner(some_leads(1), fault=in_turn(["retry:7", "503"]))) as partner:
        company.write(partner, limits={"wait_seconds": 30})
        feed = load_config(company.folder / "company").channels["acme"].feed
        Client("acme", feed, wait=waited.append).get(partner.url, {}, lambda said: None)
    assert waited[0] == 7
    assert 0.25 <= waited[1] <= 1, "the second wait is its own"


def test_a_rate_is_kept_to(company: Company) -> None:
    from tasks.feeds.client import Client

    waited: list[float] = []
    with serving(Partner(some_leads(1))) as partner:
        company.write(partner, rate={"requests": 2, "seconds": 60})
        feed = load_config(company.folder / "company").channels["acme"].feed
        client = Client("acme", feed, wait=waited.append, clock=lambda: 100.0)
        for _ in range(3):
            client.get(partner.url, {}, lambda said: None)
    assert waited == [30.0, 30.0]


AUTH: dict[str, tuple[dict, Callable]] = {
    "header": (
        {"kind": "header", "header": "X-Key", "key": "ACME_KEY"},
        lambda request: request.headers.get("X-Key") == "secret",
    ),
    "bearer": (
        {"kind": "header", "prefix": "Bearer ", "key": "ACME_KEY"},
        lambda request: request.headers.get("Authorization") == "Bearer secret",
    ),
    "basic": (
        {"kind": "basic", "user": "ACME_ID", "password": "ACME_KEY"},
        lambda request: request.headers.get("Authorization") == "Basic bWU6c2VjcmV0",
    ),
    "hmac": ({"kind": "hmac", "key": "ACME_KEY"}, lambda request: signed(request, b"secret")),
    "oauth2": (
        {"kind": "oauth2", "token_url": "TOKEN", "client_id": "ACME_ID", "client_secret": "ACME_KEY"},
        lambda request: (request.headers.get("Authorization") or "").startswith("Bearer token"),
    ),
    "oauth2 in the form": (
        {"kind": "oauth2", "token_url": "TOKEN", "client_id": "ACME_ID", "client_secret": "ACME_KEY",
         "credentials": "form"},
        lambda request: (request.headers.get("Authorization") or "").startswith("Bearer token"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", AUTH)
def test_every_way_of_signing_in(company: Company, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    auth, allowed = AUTH[kind]
    with serving(Partner(some_leads(5), allowed=allowed)) as partner:
        if "token_url" in auth:
            auth = {**auth, "token_url": partner.url.replace("/leads", "/token")}
        company.write(partner, auth=auth)
        missing = company.pull()
        assert missing.code == "secret"
        assert "ACME_" in missing.fault
        monkeypatch.setenv("ACME_ID", "me")
        monkeypatch.setenv("ACME_KEY", "wrong")
        assert company.pull().code == "sign_in"
        monkeypatch.setenv("ACME_KEY", "secret")
        assert company.pull().complete
        assert company.ids() == _all(5)
    stored = company.ask("SELECT fault, state FROM feed") + company.ask("SELECT counts, layout FROM batch")
    assert "secret" not in str(stored)


def test_a_token_that_is_not_taken_any_more_is_fetched_anew(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACME_ID", "me")
    monkeypatch.setenv("ACME_KEY", "secret")
    taken = {"Bearer token1"}
    with serving(Partner(some_leads(6))) as partner:
        partner.allowed = lambda request: request.headers.get("Authorization") in taken

        def revoke(number: int) -> None:
            if number == 1:
                taken.clear()
                taken.add("Bearer token2")

        partner.before = revoke
        auth = {**AUTH["oauth2"][0], "token_url": partner.url.replace("/leads", "/token")}
        company.write(partner, auth=auth)
        assert company.pull().complete
        assert (partner.tokens, company.ids()) == (2, _all(6))


@pytest.mark.parametrize("kind", ["link", "next_url"])
def test_a_next_page_at_another_address_is_not_asked_for(company: Company, kind: str) -> None:
    with serving(Partner(some_leads(5), kind, elsewhere="http://other.example/leads")) as partner:
        company.write(partner)
        result = company.pull()
        assert (result.code, "other.example" in result.fault) == ("elsewhere", True)


@pytest.mark.parametrize(
    "onward",
    ["http://other.example\\@127.0.0.1:{port}/x", "http://127.0.0.1:abc/", "http://[oops/", "//other.example/x",
     "http://me:you@127.0.0.1:{port}/leads", "https://127.0.0.1:{port}/leads", "http://127.0.0.1:{port} @other/x"],
)  # fmt: skip
def test_a_next_address_that_can_be_read_otherwise_is_not_asked(company: Company, onward: str) -> None:
    with serving(Partner(some_leads(4), "next_url")) as partner:
        partner.elsewhere = onward.format(port=partner.url.split(":")[2].split("/")[0])
        company.write(partner)
        assert (company.pull().code, len(partner.seen)) == ("elsewhere", 1)


@pytest.mark.parametrize(
    "link", ['<URL>; rel="next last"', '<URL>; title="a=b, c"; rel=next', '<x>; rel="prev", <URL>; Rel="NEXT"']
)
def test_the_header_link_is_read_in_all_its_forms(company: Company, link: str) -> None:
    with serving(Partner(some_leads(4), "link")) as partner:
        page = partner.page

        def other(query: dict[str, str]):
            said, headers = page(query)
            return said, ({"Link": link.replace("URL", f"{partner.url}?at=2")} if headers else {})

        partner.page = other  # type: ignore[method-assign]
        company.write(partner)
        assert (company.pull().fault, company.ids()) == ("", _all(4))


def test_a_page_larger_than_is_allowed_is_refused(company: Company) -> None:
    with serving(Partner(some_leads(50), "none")) as partner:
        company.write(partner, limits={"page_bytes": 1000, "wait_seconds": 0})
        assert company.pull().code == "too_large"


def test_pages_that_lead_in_a_circle_end_the_round(company: Company) -> None:
    with serving(Partner(some_leads(6))) as partner:
        company.write(partner)
        partner._start = lambda query: 2  # type: ignore[method-assign]
        assert company.pull().code == "loop"


def test_a_cursor_that_stays_where_nothing_follows_ends_the_round(company: Company) -> None:
    with serving(Partner(some_leads(4))) as partner:
        page = partner.page

        def lasting(query: dict[str, str]):
            said, headers = page(query)
            said["paging"] = {"next": str(min(partner._start(query) + 2, 4))}
            return said, headers

        partner.page = lasting  # type: ignore[method-assign]
        company.write(partner)
        assert (company.pull().fault, company.ids()) == ("", _all(4))


def test_a_partner_that_does_not_look_at_the_page_is_noticed(company: Company) -> None:
    with serving(Partner(some_leads(6), "page")) as partner:
        company.write(partner)
        partner._start = lambda query: 0  # type: ignore[method-assign]
        assert company.pull().code == "loop"


def test_a_round_of_too_many_pages_is_cut_off(company: Company) -> None:
    with serving(Partner(some_leads(9))) as partner:
        company.write(partner, limits={"pages": 3})
        assert company.pull().code == "too_many"


@pytest.mark.parametrize("kind", ["page", "offset"])
def test_records_that_shift_while_they_are_read_are_not_missed(company: Company, kind: str) -> None:
    with serving(Partner(some_leads(8), kind)) as partner:
        company.write(partner)

        def remove_the_first(number: int) -> None:
            if number == 2:
                del partner.records[0]

        partner.before = remove_the_first
        result = company.pull()
        assert result.complete
        assert company.ids() == _all(8)


def test_empty_pages_in_between_do_not_end_a_round_of_cursors(company: Company) -> None:
    with serving(Partner(some_leads(6))) as partner:
        company.write(partner)
        page = partner.page

        def sparse(query: dict[str, str]):
            said, headers = page(query)
            if query.get("cursor") == "c2":
                said["data"]["items"] = []
            return said, headers

        partner.page = sparse  # type: ignore[method-assign]
        assert company.pull().complete
        assert company.ids() == ["L0", "L1", "L4", "L5"]


def test_create_update_delete_and_restore(company: Company) -> None:
    with serving(Partner(some_leads(3))) as partner:
        company.write(partner, since={"parameter": "since"}, deleted={"path": "deleted"})
        company.pull()
        first = partner.records[0]
        partner.records[0] = {**first, "want": "要两套系统", "money": "50万", "updated_at": "2024-03-02T08:00:00Z"}
        changed = company.pull(AS_OF + timedelta(hours=1))
        assert dict(changed.outcomes) == {"updated": 1}
        assert company.ask("SELECT need, budget_max FROM lead WHERE need LIKE '%两套%'") == [("要两套系统", 500000.0)]
        assert partner.seen[-2]["since"] == "2024-03-01T07:50:00Z", "the newest stamp less the overlap"
        # an older delivery comes late: it changes nothing
        partner.records[0] = first | {"want": "旧的", "updated_at": "2024-03-01T23:00:00Z"}
        assert dict(company.pull(AS_OF + timedelta(hours=2)).outcomes) == {}
        partner.records[0] = first | {"deleted": True, "updated_at": "2024-03-03T08:00:00Z"}
        gone = company.pull(AS_OF + timedelta(hours=3))
        assert (gone.withdrawn, gone.kept) == (2, []), "both deliveries of it"
        assert company.ids() == ["L1", "L2"]
        assert company.ask("SELECT kind FROM lead_event ORDER BY id")[-1] == ("withdrawn",)
        partner.records[0] = first | {"updated_at": "2024-03-04T08:00:00Z"}
        assert dict(company.pull(AS_OF + timedelta(hours=4)).outcomes) == {"created": 1}
        assert company.ids() == ["L0", "L1", "L2"]


def test_a_lead_that_somebody_works_on_outlives_its_deletion(company: Company) -> None:
    with serving(Partner(some_leads(2))) as partner:
        company.write(partner, deleted={"path": "deleted"})
        company.pull()
        engine = make_engine(company.settings.database_url)
        with begin(engine) as conn:
            conn.execute(text("UPDATE lead SET touched_at = '2024-03-15 02:00:00' WHERE number LIKE '%001'"))
        engine.dispose()
        for record in partner.records:
            record["deleted"] = True
        result = company.pull(AS_OF + timedelta(hours=1))
        assert (result.withdrawn, len(result.kept)) == (1, 1)
        assert len(company.ids()) == 1


def test_a_stamp_ahead_of_the_partners_clock_skips_nothing(company: Company) -> None:
    leads = some_leads(2)
    leads[0]["updated_at"] = "2199-01-01T00:00:00Z"
    clock = datetime(2024, 3, 15, 1, 0, tzinfo=UTC).timestamp()
    with serving(Partner(leads, clock=lambda: clock)) as partner:
        company.write(partner, since={"parameter": "since", "overlap_minutes": 0})
        company.pull()
        partner.records += some_leads(1, 7, "2024-03-15T02:00:00Z")
        company.pull(AS_OF + timedelta(days=1))
        assert company.ids() == ["L0", "L1", "L7"]


def test_a_row_of_which_no_lead_can_be_made_is_rejected_once(company: Company) -> None:
    leads = [*some_leads(1), {"id": "L9", "updated_at": "x"}, "no object", 7, {"account": {"name": "无编号厂"}}]
    with serving(Partner(leads, "none")) as partner:
        company.write(partner)
        first = company.pull()
        assert dict(first.outcomes) == {"created": 1, "rejected": 4}
        assert first.issues["C-COMPANY"] == 3
        assert dict(company.pull(AS_OF + timedelta(hours=1)).outcomes) == {}


def test_a_mended_mapping_is_laid_over_the_kept_pages(company: Company) -> None:
    with serving(Partner(some_leads(5))) as partner:
        fields = {key: path for key, path in MAPPING["fields"].items() if key not in ("need", "phone")}
        company.write(partner, fields=fields)
        assert dict(company.pull().outcomes) == {"rejected": 5}
        partner.records[0] = partner.records[0] | {"want": "要两套系统", "updated_at": "2024-03-02T08:00:00Z"}
        company.pull(AS_OF + timedelta(hours=1))
        asked = len(partner.seen)
        company.write(partner)
        config = load_config(company.folder / "company")
        (again,) = reread_feed(company.settings, config, "acme", AS_OF + timedelta(hours=2)).feeds
        assert dict(again.outcomes) == {"created": 5}
        assert company.ask("SELECT count(*) FROM lead WHERE need = '要两套系统'") == [(1,)]
        (twice,) = reread_feed(company.settings, config, "acme", AS_OF + timedelta(hours=3)).feeds
        assert (dict(twice.outcomes), len(partner.seen)) == ({}, asked), "nothing else comes of it, nobody is asked"


def test_pages_go_after_the_days_of_the_rule(company: Company) -> None:
    with serving(Partner(some_leads(3))) as partner:
        company.write(partner)
        company.pull()
        assert company.ask("SELECT count(*) FROM feed_page") == [(2,)]
        company.pull(AS_OF + timedelta(days=29))
        assert company.ask("SELECT count(*) FROM feed_page") == [(4,)]
        company.pull(AS_OF + timedelta(days=31))
        assert company.ask("SELECT count(*) FROM feed_page") == [(4,)]


def test_a_schedule_decides_and_a_paused_feed_is_left_alone(company: Company) -> None:
    with serving(Partner(some_leads(1))) as partner:
        company.write(partner, schedule="0 9 * * *")
        config = load_config(company.folder / "company")

        def due(at: datetime) -> int:
            return len(pull_feeds(company.settings, config, at, scheduled=True).feeds)

        # AS_OF is nine in the morning in Shanghai
        assert [due(AS_OF + timedelta(hours=hours)) for hours in (0, 1, 23, 24, 25)] == [1, 0, 0, 1, 0]
        company.write(partner, paused=True)
        config = load_config(company.folder / "company")
        assert due(AS_OF + timedelta(days=9)) == 0


@pytest.mark.parametrize(
    ("written", "again"),
    [
        ("2024-03-01T08:00:00Z", "2024-03-01T08:00:00Z"),
        ("2024-03-01T08:00:00.750Z", "2024-03-01T08:00:00Z"),
        ("2024-03-01T08:00:00+08:00", "2024-03-01T08:00:00+08:00"),
        ("2024-03-01T08:00:00+0800", "2024-03-01T08:00:00+08:00"),
        ("2024-03-01 08:00:00", "2024-03-01T08:00:00"),
        ("2024-03-01", "2024-03-01T00:00:00"),
        (1709280000, "1709280000"),
        (1709280000123, "1709280000123"),
        (1709280000123456, "1709280000123456"),
        ("20240301080000", "20240301080000"),
        (20240301080000, "20240301080000"),
        ("2024/03/01 08:00:00", "2024/03/01 08:00:00"),
        ("/Date(1709280000000)/", "/Date(1709280000000)/"),
        ("/Date(1709280000000+0800)/", "/Date(1709280000000)/"),
        ("Fri, 01 Mar 2024 08:00:00 GMT", "Fri, 01 Mar 2024 08:00:00 GMT"),
        ("Fri, 01 Mar 2024 16:00:00 +0800", "Fri, 01 Mar 2024 08:00:00 GMT"),
        ("20241301080000", "20241301080000"),
        ("999999999999999999", None),
        ("0001-01-01T00:00:00+08:00", None),
        ("yesterday", None),
        (True, None),
        (None, None),
        ({}, None),
    ],
)
def test_stamps_are_written_as_their_partner_does(written: object, again: str | None) -> None:
    stamp = read_stamp(written)
    assert (stamp and write_stamp(stamp.seconds, stamp.form)) == again


@pytest.mark.parametrize("written", [1709280000, "20240301080000", "/Date(1709280000000)/", "2024/03/01 08:00:00"])
def test_a_stamp_is_a_moment_however_it_is_written(written: object) -> None:
    stamp = read_stamp(written)
    assert stamp
    assert stamp.seconds == 1709280000


@pytest.mark.postgres
@pytest.mark.parametrize("base", ["sqlite", "postgresql"])
def test_what_no_database_keeps_stops_no_feed(
    company: Company, tmp_path: Path, request: pytest.FixtureRequest, base: str
) -> None:
    if base == "postgresql":
        company = Company(tmp_path / "other", request.getfixturevalue("postgres_url"))
    odd = some_leads(3)
    odd[0] |= {"want": "报修\x00系统\ud800", "id": "L\x000"}
    odd[1] |= {"want": {"a": [{"b": "一套系统"}]}, "account": {"name": "x" * 5000}}
    with serving(Partner(odd, "none")) as partner:
        company.write(partner)
        result = company.pull()
        assert (result.fault, dict(result.outcomes), company.ids()) == ("", {"created": 3}, _all(3))
        assert dict(company.pull(AS_OF + timedelta(hours=1)).outcomes) == {}


def test_what_is_nested_without_end_is_a_fault_of_the_feed(company: Company) -> None:
    deep: object = "x"
    for _ in range(900):
        deep = [deep]
    with serving(Partner([*some_leads(1), {"id": "deep", "want": deep}], "none")) as partner:
        company.write(partner)
        assert company.pull().code in ("", "bad_json")


@pytest.mark.postgres
def test_the_same_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    company = Company(tmp_path, postgres_url)
    with serving(Partner(some_leads(7), fault=in_turn([None, "half", "500"]))) as partner:
        company.write(partner, since={"parameter": "since"}, deleted={"path": "deleted"})
        assert dict(company.pull().outcomes) == {"created": 7}
        partner.records[3] |= {"deleted": True, "updated_at": "2024-03-03T08:00:00Z"}
        partner.records[4] |= {"want": "要两套系统", "updated_at": "2024-03-03T08:00:00Z"}
        changed = company.pull(AS_OF + timedelta(hours=1))
        assert (dict(changed.outcomes), changed.withdrawn) == ({"updated": 1}, 1)
        assert company.ids() == ["L0", "L1", "L2", "L4", "L5", "L6"]


def test_an_error_says_which_feed_and_survives_its_process() -> None:
    import pickle

    error = pickle.loads(pickle.dumps(FeedError("acme", "shape", "data.items is missing")))
    assert str(error) == "feed acme: an answer has another shape than the channel says (data.items is missing)"
