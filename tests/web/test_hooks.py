"""Webhooks: nine vendors' shapes and one never seen, by YAML alone; proved, kept once, answered as each wants it."""

import base64
import hashlib
import hmac
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from sqlalchemy import text
from werkzeug import Request, Response

from config.errors import ConfigError
from models.db import begin
from tests.web.site import EXAMPLES, ROOT, Site
from tests.web.vendors import KEYS, VENDORS, Vendor, hmac_hex


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize("name", VENDORS)
def test_every_vendors_example_yields_its_lead(tmp_path: Path, name: str) -> None:
    vendor = VENDORS[name]
    site = Site(tmp_path, channels={name: (EXAMPLES / f"{name}.yaml").read_text("utf-8")})
    if name == "facebook":
        pytest.importorskip("requests")
    answer = vendor.send(site.client, f"/hooks/{name}")
    assert (answer.status_code, answer.text) == (200, vendor.reply)
    # sent again, as vendors do when they did not hear the answer
    assert vendor.send(site.client, f"/hooks/{name}").status_code == 200
    assert len(site.posts()) == 1
    for broken in vendor.broken():
        refused = broken.send(site.client, f"/hooks/{name}")
        assert (refused.status_code, refused.headers["content-type"]) == (401, "application/problem+json")
    assert len(site.posts()) == 1
    if name == "facebook":
        return
    site.sweep()
    rows = site.ask(f"SELECT {', '.join(vendor.yields)} FROM submission")
    assert rows == [tuple(vendor.yields.values())]


@pytest.mark.usefixtures("keys")
def test_a_record_that_is_only_an_id_is_looked_up(tmp_path: Path, httpserver: HTTPServer) -> None:
    shipped = (EXAMPLES / "facebook.yaml").read_text("utf-8")
    own = shipped.replace("https://graph.facebook.com/v21.0", httpserver.url_for("/v21.0"))
    site = Site(tmp_path, channels={"facebook": own})
    down = [True]

    def lead(request: Request) -> Response:
        number = request.path.rsplit("/", 1)[1]
        if request.headers["authorization"] != "Bearer fb-token" or down[0]:
            return Response("no", 503)
        said = {
            "full_name": "李明",
            "company_name": f"澄屿{number}有限公司",
            "phone_number": f"+86138{int(number):08d}",
        }
        data = [{"name": name, "values": [value]} for name, value in said.items()]
        return Response(json.dumps({"id": number, "field_data": data}), content_type="application/json")

    httpserver.expect_request(re.compile(r"/v21.0/\d+")).respond_with_handler(lead)
    assert VENDORS["facebook"].send(site.client, "/hooks/facebook").status_code == 200
    assert site.sweep().rows == 0
    assert [state for _, state, _ in site.posts()] == ["looking"]
    down[0] = False
    with begin(site.app.state.desk.inbox.engine) as conn:
        conn.execute(text("UPDATE post SET next_at = NULL"))
    assert site.sweep().rows == 2
    rows = site.ask("SELECT company, phone, external_id FROM submission ORDER BY id")
    assert rows == [("澄屿7001有限公司", "13800007001", "7001"), ("澄屿7002有限公司", "13800007002", "7002")]


@pytest.mark.usefixtures("keys")
def test_a_get_confirms_an_address_only_with_its_token(tmp_path: Path) -> None:
    site = Site(tmp_path, channels={"facebook": (EXAMPLES / "facebook.yaml").read_text("utf-8")})
    right = site.client.get("/hooks/facebook?hub.mode=subscribe&hub.challenge=42%3Cb%3E&hub.verify_token=fb-verify")
    assert (right.status_code, right.text, right.headers["content-type"]) == (200, "42<b>", "text/plain; charset=utf-8")
    assert site.client.get("/hooks/facebook?hub.challenge=42&hub.verify_token=no").status_code == 401
    assert site.client.get("/hooks/facebook").status_code == 404


def test_standard_webhooks_with_old_and_new_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = base64.b64encode(b"k" * 24).decode()
    monkeypatch.setenv("NEW_KEY", "whsec_" + base64.b64encode(b"n" * 24).decode())
    monkeypatch.setenv("OLD_KEY", f"whsec_{key}")
    hook = {"sign": {"kind": "standard", "key": ["NEW_KEY", "OLD_KEY"]}, "fields": {"phone": "phone"}}
    site = Site(tmp_path, channels={"acme": {"kind": "webhook", "webhook": hook}})
    body = json.dumps({"phone": "13812340001"}).encode()

    def send(number: str, *, ago: float = 0, changed: bytes = b"") -> int:
        at = str(int((datetime.now(UTC) - timedelta(seconds=ago)).timestamp()))
        signed = hmac.new(b"k" * 24, f"{number}.{at}.".encode() + body, hashlib.sha256).digest()
        headers = {
            "webhook-id": number, "webhook-timestamp": at, "content-type": "application/json",
            "webhook-signature": f"v1,AAAA v1,{base64.b64encode(signed).decode()}",
        }  # fmt: skip
        return site.client.post("/hooks/acme", content=changed or body, headers=headers).status_code

    assert [send("m1"), send("m1"), send("m2")] == [200] * 3
    assert [send("m3", ago=400), send("m4", ago=-400), send("m5", changed=body + b" ")] == [401] * 3
    assert len(site.posts()) == 2


def test_a_challenge_may_come_as_a_post(tmp_path: Path) -> None:
    hook = {
        "sign": {"kind": "none"}, "fields": {"phone": "phone"},
        "challenge": {"at": {"field": "challenge"}, "body": '{"challenge": "{challenge}"}', "type": "application/json"},
    }  # fmt: skip
    site = Site(tmp_path, channels={"lark": {"kind": "webhook", "webhook": hook}})
    answer = site.client.post("/hooks/lark", json={"challenge": 'a"b', "type": "url_verification"})
    assert answer.json() == {"challenge": 'a"b'}
    assert site.posts() == []


def test_a_test_of_the_vendor_is_answered_and_is_no_lead(tmp_path: Path, keys: None) -> None:
    site = Site(tmp_path, channels={"google-ads": (EXAMPLES / "google-ads.yaml").read_text("utf-8")})
    vendor = VENDORS["google-ads"]
    assert vendor.changed(is_test=True).send(site.client, "/hooks/google-ads").status_code == 200
    assert [state for _, state, _ in site.posts()] == ["test"]


def test_the_readmes_vendor_is_set_up_by_its_yaml_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    section = readme[readme.index("## I connect a form") :]
    [yaml, sent] = re.findall(r"```(?:yaml|json)\n(.*?)```", section, re.DOTALL)[:2]
    monkeypatch.setenv("ACME_SECRET", "a secret of the vendor")
    site = Site(tmp_path, channels={"acme": yaml})
    body = sent.encode()
    at = str(int(datetime.now(UTC).timestamp()))
    seal = hmac_hex("a secret of the vendor", f"{at}.".encode() + body)
    answer = site.client.post(
        "/hooks/acme", content=body,
        headers={"content-type": "application/json", "x-acme-signature": f"t={at},v1={seal}"},
    )  # fmt: skip
    assert (answer.status_code, answer.json()["ok"]) == (200, True)
    site.sweep()
    assert site.ask("SELECT company, contact, phone, external_id, need, industry, source_detail FROM submission") == [
        ("杭州澄屿机械有限公司", "李明", "13812340001", "8817", "自动化生产线改造", "制造业", "官网表单（spring）")
    ]


def test_sorted_pieces_are_signed_and_their_challenge_is_sealed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACME_TOKEN", "mytoken")
    sign = {
        "kind": "digest", "algorithm": "sha1", "key": "ACME_TOKEN", "at": {"query": "signature"}, "text": "{sorted}",
        "sorted": ["{key}", "{query:timestamp}", "{query:nonce}"],
    }  # fmt: skip
    challenge = {
        "at": {"query": "crc"}, "body": '{"token": "sha256={hmac}"}', "type": "application/json", "key": "ACME_TOKEN",
        "encoding": "base64",
    }  # fmt: skip
    hook = {"sign": sign, "challenge": challenge, "fields": {"phone": "phone"}}
    site = Site(tmp_path, channels={"acme": {"kind": "webhook", "webhook": hook}})

    def send(signature: str) -> int:
        query = f"signature={signature}&timestamp=1764300000&nonce=abc"
        return site.client.post(f"/hooks/acme?{query}", json={"phone": "13812340001"}).status_code

    right = hashlib.sha1("".join(sorted(["mytoken", "1764300000", "abc"])).encode()).hexdigest()
    wrong = hashlib.sha1(b"mytoken1764300000abc").hexdigest()
    assert [send(right), send(wrong), send("")] == [200, 401, 401]
    sealed = base64.b64encode(hmac.new(b"mytoken", b"c0-4f+/==", hashlib.sha256).digest()).decode()
    assert site.client.get("/hooks/acme?crc=c0-4f%2B/==").json() == {"token": f"sha256={sealed}"}
    # nobody has a message of his own signed that way
    for token in ('{"phone":"13812340002"}', "phone=13812340002", "a&phone=1"):
        assert site.client.get("/hooks/acme", params={"crc": token}).status_code == 400


def test_all_fields_and_the_public_address_are_signed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACME_TOKEN", "k3y")
    monkeypatch.setenv("LEADS_BASE_URL", "https://leads.example.com")
    sign = {
        "kind": "hmac", "algorithm": "sha1", "encoding": "base64", "key": "ACME_TOKEN", "at": {"header": "X-Signature"},
        "text": "{url}{fields}", "fields": {"assign": "", "join": ""},
    }  # fmt: skip
    hook = {"sign": sign, "fields": {"phone": "From", "need": "Body"}}
    by_query = {"kind": "digest", "algorithm": "md5", "key": "ACME_TOKEN", "at": {"field": "sign"},
                "text": "{fields}&key={key}", "fields": {"without": "sign", "blank": False}}  # fmt: skip
    channels = {"calls": {"kind": "webhook", "webhook": hook},
                "pay": {"kind": "webhook", "webhook": {**hook, "sign": by_query}}}  # fmt: skip
    site = Site(tmp_path, channels=channels)
    form = {"To": "1", "From": "13812340001", "Body": "报价"}
    text = "https://leads.example.com/hooks/calls?a=1" + "".join(f"{name}{form[name]}" for name in sorted(form))
    seal = base64.b64encode(hmac.new(b"k3y", text.encode(), hashlib.sha1).digest()).decode()
    for changed, code in (({}, 200), ({"Body": "另一个"}, 401)):
        answer = site.client.post("/hooks/calls?a=1", data={**form, **changed}, headers={"x-signature": seal})
        assert answer.status_code == code
    said = {"From": "13812340002", "Body": "报价", "n": 3, "list": [1, {"a": "b"}], "none": None, "blank": ""}
    text = 'Body=报价&From=13812340002&list=[1,{"a":"b"}]&n=3&key=k3y'
    sign_of = hashlib.md5(text.encode()).hexdigest().upper()
    assert site.client.post("/hooks/pay", json={**said, "sign": sign_of}).status_code == 200
    assert site.client.post("/hooks/pay", json={**said, "n": 4, "sign": sign_of}).status_code == 401


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"sign": {"kind": "hmac", "key": "K", "at": {"header": "X"}, "text": "{sorted}"}}, "belong together"),
        ({"sign": {"kind": "hmac", "key": "K", "at": {"header": "X"}, "sorted": ["{body}"]}}, "belong together"),
        ({"challenge": {"at": {"query": "c"}, "body": "{hmac}"}}, "belong together"),
        ({"fields": {"phone": "a..b"}}, "is no path"),
        ({"fields": {"telephone": "a"}}, "no field"),
        ({"sign": {"kind": "hmac", "key": "K", "at": {"header": "X"}, "text": "{bodies}"}}, "what can be signed"),
        ({"sign": {"kind": "digest", "key": "K", "at": {"header": "X"}}}, "plain digest"),
        ({"sign": {"kind": "hmac", "key": "K", "at": {"header": "X", "query": "y"}}}, "name one of"),
        ({"sign": {"kind": "hmac", "key": "secret!", "at": {"header": "X"}}}, "pattern"),
        ({"lookup": {"url": "http://api.example/{id}"}}, "not encrypted"),
        ({"lookup": {"url": "https://{host}/x"}}, "host stands fixed"),
    ],
)
def test_a_webhook_that_cannot_be_is_refused_when_it_is_loaded(tmp_path: Path, change: dict, said: str) -> None:
    hook: dict[str, Any] = {"sign": {"kind": "none"}, "fields": {"phone": "phone"}} | change
    with pytest.raises(ConfigError, match=said):
        Site(tmp_path, channels={"acme": {"kind": "webhook", "webhook": hook}})


def test_a_secret_that_is_not_set_lets_nobody_in(tmp_path: Path) -> None:
    site = Site(tmp_path, channels={"wjx": (EXAMPLES / "wjx.yaml").read_text("utf-8")})
    vendor: Vendor = VENDORS["wjx"]
    assert vendor.send(site.client, "/hooks/wjx").status_code == 401
