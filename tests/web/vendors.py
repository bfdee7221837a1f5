"""Made-up messages in the shapes of nine vendors, signed as each signs, and the row that each yields."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

KEYS = {
    "GOOGLE_ADS_KEY": "ads-key", "TYPEFORM_SECRET": "type-secret", "JOTFORM_SECRET": "jot-secret",
    "JINSHUJU_USER": "jsj", "JINSHUJU_PASSWORD": "jsj-pass", "WJX_KEY": "wjx-key", "JIANDAOYUN_SECRET": "jdy-secret",
    "FACEBOOK_APP_SECRET": "fb-secret", "FACEBOOK_VERIFY_TOKEN": "fb-verify", "FACEBOOK_TOKEN": "fb-token",
    "WAIQIN_TOKEN": "wq-token", "FORMSTACK_KEY": "fs-key",
}  # fmt: skip
VALVES = "宁波澄海阀门有限公司"
Proof = Callable[[bytes], tuple[Mapping[str, str], Mapping[str, str]]]


def hmac_hex(key: str, text: bytes) -> str:
    """An HMAC-SHA256 in hex."""
    return hmac.new(key.encode(), text, hashlib.sha256).hexdigest()


def _nothing(_body: bytes) -> tuple[Mapping[str, str], Mapping[str, str]]:
    return {}, {}


def _typeform(body: bytes) -> tuple[Mapping[str, str], Mapping[str, str]]:
    seal = hmac.new(b"type-secret", body, hashlib.sha256).digest()
    return {"typeform-signature": f"sha256={base64.b64encode(seal).decode()}"}, {}


def _jinshuju(_body: bytes) -> tuple[Mapping[str, str], Mapping[str, str]]:
    return {"authorization": "Basic " + base64.b64encode(b"jsj:jsj-pass").decode()}, {}


def _jiandaoyun(body: bytes) -> tuple[Mapping[str, str], Mapping[str, str]]:
    at = str(int(datetime.now(UTC).timestamp()))
    seal = hashlib.sha1(b"n1:" + body + f":jdy-secret:{at}".encode()).hexdigest()
    return {"x-jdy-signature": seal}, {"nonce": "n1", "timestamp": at}


def _facebook(body: bytes) -> tuple[Mapping[str, str], Mapping[str, str]]:
    return {"x-hub-signature-256": f"sha256={hmac_hex('fb-secret', body)}"}, {}


@dataclass(frozen=True)
class Vendor:
    """One vendor's message: what is sent, how it is proved, what comes of it, how he is answered."""

    said: Any
    yields: Mapping[str, str] = field(default_factory=dict)
    proof: Proof = _nothing
    reply: str = "ok"
    urlencoded: bool = False
    wrong: Mapping[str, Any] = field(default_factory=dict)

    def send(self, client: Any, path: str) -> Any:
        """Send the message."""
        body = (urlencode(self.said) if self.urlencoded else json.dumps(self.said, ensure_ascii=False)).encode()
        headers, query = self.proof(body)
        kind = "application/x-www-form-urlencoded" if self.urlencoded else "application/json"
        return client.post(path, params=query, content=body, headers={"content-type": kind, **headers})

    def changed(self, **more: Any) -> "Vendor":
        """The message with other words."""
        return replace(self, said={**self.said, **more})

    def broken(self) -> Iterator["Vendor"]:
        """The message as others would send it: unproved, and proved for other words."""
        if self.wrong:
            yield self.changed(**self.wrong)
            return
        yield replace(self, proof=_nothing)
        if self.proof in (_typeform, _jiandaoyun, _facebook):
            given = self.proof
            yield replace(self, proof=lambda body: given(body + b" "))


def _query_key(_body: bytes) -> tuple[Mapping[str, str], Mapping[str, str]]:
    return {}, {"key": "jot-secret"}


def _bearer(_body: bytes) -> tuple[Mapping[str, str], Mapping[str, str]]:
    return {"authorization": "Bearer wq-token"}, {}


def _columns(**said: str) -> list[dict[str, str]]:
    return [{"column_id": name.upper(), "column_name": name, "string_value": value} for name, value in said.items()]


VENDORS = {
    "google-ads": Vendor(
        {
            "lead_id": "ads-1", "api_version": "1.0", "form_id": 40000000001, "campaign_id": 20000000002,
            "google_key": "ads-key", "is_test": False, "gcl_id": "g",
            "user_column_data": _columns(full_name="周岚", company_name=VALVES, work_email="zl@chenghai.example",
                                         phone_number="+86 138-0000-1001", job_title="采购经理"),
        },
        {"contact": "周岚", "company": VALVES, "phone": "13800001001", "title": "采购经理",
         "email": "zl@chenghai.example", "external_id": "ads-1", "source": "搜索推广",
         "source_detail": "搜索推广（20000000002 / 40000000001）"},
        reply="{}", wrong={"google_key": "no"},
    ),
    "typeform": Vendor(
        {
            "event_id": "ev-1", "event_type": "form_response",
            "form_response": {
                "form_id": "f", "token": "tok-1", "submitted_at": "2026-03-18T02:00:00Z",
                "hidden": {"utm_source": "zhihu", "utm_campaign": "q1"},
                "answers": [
                    {"type": "text", "text": "想要两条包装线", "field": {"id": "DlXFaesGBpoF"}},
                    {"type": "text", "text": "周岚", "field": {"id": "JwWggjAKtOkA", "type": "short_text"}},
                    {"type": "phone_number", "phone_number": "+8613800001002", "field": {"id": "p"}},
                    {"type": "choice", "choice": {"label": "宁波"}, "field": {"id": "k6TP9oLGgHjl"}},
                    {"type": "choices", "choices": {"labels": ["报价", "演示"]}, "field": {"id": "c"}},
                ],
            },
        },
        {"contact": "周岚", "phone": "13800001002", "need": "想要两条包装线", "note": "报价 / 演示",
         "external_id": "tok-1",
         "source_detail": "官网表单（zhihu / q1）", "created": "2026-03-18T10:00"},
        _typeform,
    ),
    "jotform": Vendor(
        {
            "id": "jot-1", "form_id": "2", "created_at": "2026-03-18 10:00:00",
            "answers": {
                "1": {"name": "heading", "text": "x", "type": "control_head"},
                "3": {"name": "fullname", "type": "control_name", "answer": {"first": "Lan", "last": "Zhou"},
                      "prettyFormat": "Lan Zhou"},
                "4": {"name": "mail", "type": "control_email", "answer": "lan@chenghai.example"},
                "5": {"name": "phone", "type": "control_phone", "answer": {"full": "x"}, "prettyFormat": "13800001003"},
                "6": {"name": "company", "type": "control_textbox", "answer": VALVES},
                "7": {"name": "want", "type": "control_textarea", "answer": "两条包装线"},
            },
        },
        {"contact": "Lan Zhou", "email": "lan@chenghai.example", "phone": "13800001003",
         "company": VALVES, "need": "两条包装线", "external_id": "jot-1"},
        _query_key,
    ),
    "jinshuju": Vendor(
        {"form": "xJ", "entry": {"serial_number": 12, "field1": "周岚", "field2": "两条包装线", "field3": "下午致电",
                                 "field4": "13800001004", "field5": VALVES}},
        {"contact": "周岚", "need": "两条包装线", "note": "下午致电", "phone": "13800001004", "external_id": "12",
         "source_detail": "官网表单（xJ）"},
        _jinshuju,
    ),
    "wjx": Vendor(
        {"activity": "5001", "index": "3", "joinid": "900001", "submittime": "2026-03-18 10:00:00", "q1": "1",
         "q2": "两条包装线", "q3": "1,3", "q4": "周岚", "q5": "13800001005", "q6": VALVES,
         "sign": hashlib.sha1(b"50013wjx-key").hexdigest()},
        {"industry": "制造业", "need": "两条包装线", "note": "要报价、要案例", "contact": "周岚",
         "phone": "13800001005",
         "external_id": "900001", "created": "2026-03-18T10:00"},
        urlencoded=True, wrong={"activity": "5002"},
    ),
    "jiandaoyun": Vendor(
        {"op": "data_create", "data": {
            "_id": "5acd", "creator": {"_id": "1", "name": "唐悦"}, "createTime": "2026-03-18T02:00:00.000Z",
            "_widget_1516598763647": VALVES, "_widget_1515400344920": "13800001006",
            "_widget_1517984569439": "两条包装线", "_widget_1522391716801": 300000.0,
            "_widget_1520476984707": "甲", "_widget_1520476984720": "乙"}},
        {"company": VALVES, "phone": "13800001006", "need": "两条包装线", "budget_max": 300000.0,
         "note": "甲；乙", "entrant": "唐悦", "external_id": "5acd", "created": "2026-03-18T10:00"},
        _jiandaoyun,
    ),
    "facebook": Vendor(
        {"object": "page", "entry": [{"id": 1, "time": 1, "changes": [
            {"field": "leadgen", "value": {"leadgen_id": 7001, "form_id": 1, "ad_id": 2}},
            {"field": "feed", "value": {"post_id": 5}},
            {"field": "leadgen", "value": {"leadgen_id": 7002, "form_id": 1, "ad_id": 2}}]}]},
        proof=_facebook,
    ),
    "waiqin365": Vendor(
        {"code": "wq-1", "cus_name": VALVES, "source_type": "行业展会", "market_name": "春季展",
         "linkman": "周岚", "mobile": "13800001008", "tel": "0574-88880000", "position": "采购经理",
         "detail": "两条包装线", "mssProvinceName": "浙江省", "mssCityName": "宁波市", "mssAreaName": "鄞州区",
         "exts": [{"salesleads_ext_key": "预算", "salesleads_ext_value": "30万"},
                  {"salesleads_ext_key": "自定义字段2", "salesleads_ext_value": "乙"}]},
        {"company": VALVES, "contact": "周岚", "phone": "13800001008", "title": "采购经理",
         "need": "两条包装线", "source": "行业展会", "source_detail": "行业展会（春季展）", "note": "乙",
         "budget_max": 300000.0, "external_id": "wq-1"},
        _bearer, reply='{"return_code":"0","return_msg":"ok"}',
    ),
    "formstack": Vendor(
        {"FormID": "1", "UniqueID": "fs-1", "HandshakeKey": "fs-key", "Name": {"first": "Lan", "last": "Zhou"},
         "Email": "lan@chenghai.example", "Phone": "13800001009", "Company": "Chenghai Valves Ltd",
         "Address": {"city": "Ningbo", "state": "Zhejiang"}},
        {"contact": "Lan Zhou", "email": "lan@chenghai.example", "phone": "13800001009", "external_id": "fs-1"},
        wrong={"HandshakeKey": "no"},
    ),
}  # fmt: skip
