"""The form that anybody may fill in: kept once, answered with a reference, and kind to whoever made a mistake."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from config.errors import ConfigError
from config.loader import load_config
from tasks.posts.stamp import stamped
from tests.web.site import SECRET, Site

ANSWERS = {
    "contact": "李明", "company": "杭州澄屿机械有限公司", "phone": "138 1234 0001",
    "need": "自动化生产线改造\n日产 2000 件",
    "budget": "30-100万", "urgency": "两周内", "chain": "生产部评估，总经理审批", "consent": "yes",
}  # fmt: skip
SMALL = {
    "kind": "form", "source": "官网表单",
    "form": {
        "title": "咨询", "fields": [{"field": "contact", "label": "姓名"}, {"field": "phone", "label": "电话"},
                                  {"field": "email", "label": "邮箱"}],
        "origins": ["https://www.example.com"], "limits": {"per_address": 3, "per_phone": 2},
    },
}  # fmt: skip
PAGE = {"accept": "text/html"}


def token(ago: float = 60, channel: str = "website") -> str:
    return stamped(SECRET.encode(), channel, datetime.now(UTC) - timedelta(seconds=ago))


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path, channels={"small": SMALL})


def test_a_form_becomes_an_owned_lead_and_its_answer_a_reference(tmp_path: Path, any_url: str) -> None:
    site = Site(tmp_path, any_url)
    page = site.client.get("/f/website?utm_source=baidu&utm_campaign=%E6%98%A5%E5%AD%A3")
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text))
    assert (hidden["utm_source"], hidden["utm_campaign"]) == ("baidu", "春季")
    sent = site.client.post("/f/website", data=ANSWERS | hidden | {"token": token()}, headers=PAGE)
    assert sent.status_code == 303
    thanks = site.client.get(sent.headers["location"])
    reference = re.search(r'class="ref">([\w-]+)<', thanks.text)[1]
    assert site.sweep().rows == 1
    rows = site.ask("SELECT external_id, source, source_detail, phone, need FROM submission")
    assert rows == [(reference, "官网表单", "官网表单（baidu / 春季）", "13812340001", "自动化生产线改造 日产 2000 件")]
    assert site.ask("SELECT status, grade FROM lead") == [("owned", "A")]


def test_a_double_click_is_one_post_and_a_correction_the_same_record(site: Site) -> None:
    once = ANSWERS | {"token": token()}
    first, second = (site.client.post("/f/website", data=once, headers=PAGE) for _ in range(2))
    assert first.headers["location"] == second.headers["location"]
    mended = site.client.post("/f/website", data=once | {"need": "两条生产线"}, headers=PAGE)
    assert mended.headers["location"] == first.headers["location"]
    assert len(site.posts()) == 2
    site.sweep()
    assert site.ask("SELECT need FROM lead") == [("两条生产线",)]


def test_without_a_token_the_same_words_are_one_post_for_a_while(site: Site) -> None:
    said = [site.client.post("/f/website", json=ANSWERS).json()["reference"] for _ in range(2)]
    assert said[0] == said[1]
    other = site.client.post("/f/website", json=ANSWERS | {"need": "两条"}).json()["reference"]
    assert other != said[0]
    keyed = [
        site.client.post("/f/website", json=ANSWERS | {"need": f"{n}"}, headers={"idempotency-key": "k1"}).json()
        for n in "三四"
    ]
    assert keyed[0]["reference"] == keyed[1]["reference"]


def test_every_fault_stands_at_its_field_and_what_was_typed_is_kept(site: Site) -> None:
    wrong = ANSWERS | {
        "phone": "12",
        "email": "x@",
        "need": "",
        "industry": "no option",
        "company": "<b>&",
        "consent": "",
    }
    page = site.client.post("/f/website", data=wrong | {"token": token()}, headers=PAGE)
    assert page.status_code == 422
    for field in ("phone", "email", "need", "industry", "consent"):
        assert f'href="#f-{field}"' in page.text
        control = re.search(rf'<(?:input|textarea|select)[^>]*id="f-{field}"[^>]*>', page.text)[0]
        assert 'aria-invalid="true"' in control
        described = re.search(r'aria-describedby="([^"]+)"', control)[1].split()
        assert f"{field}-error" in described
        assert all(f'id="{one}"' in page.text for one in described)
    assert 'value="12"' in page.text
    assert "&lt;b&gt;&amp;" in page.text
    assert "<b>&" not in page.text
    assert site.posts() == []


def test_who_posts_as_a_page_does_gets_a_page(site: Site) -> None:
    assert site.client.post("/f/website", data=ANSWERS).status_code == 303
    wrong = site.client.post("/f/website", data=ANSWERS | {"phone": "12"})
    assert (wrong.status_code, wrong.headers["content-type"]) == (422, "text/html; charset=utf-8")
    asked = site.client.post("/f/website", data=ANSWERS | {"need": "另一个"}, headers={"accept": "application/json"})
    assert (asked.status_code, "reference" in asked.json()) == (202, True)
    assert [body["consent"] for _, _, body in site.posts()] == ["我同意贵公司为答复本次咨询而使用以上信息。"] * 2


def test_programs_are_told_the_same_as_problem_json(site: Site) -> None:
    answer = site.client.post("/f/website", json=ANSWERS | {"phone": "12", "need": ""})
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    said = answer.json()
    assert {one["field"]: one["code"] for one in said["errors"]} == {"phone": "phone", "need": "missing"}
    assert said["status"] == 422
    for content, kind, status in (
        (b"{", "application/json", 400), (b"[]", "application/json", 400), (b"x", "text/plain", 415),
        (b"{" + b'"a":{' * 99 + b"}" * 100, "application/json", 400), (b'{"a": NaN}', "application/json", 400),
        (b"a=" + b"x" * 70_000, "application/x-www-form-urlencoded", 413),
        (b"&".join(b"a=%d" % n for n in range(500)), "application/x-www-form-urlencoded", 400),
    ):  # fmt: skip
        answer = site.client.post("/f/website", content=content, headers={"content-type": kind})
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


def test_a_machine_is_told_nothing_and_its_post_is_no_lead(site: Site) -> None:
    sent = site.client.post("/f/website", data=ANSWERS | {"token": token(), "leave_blank": "http://spam"}, headers=PAGE)
    assert sent.status_code == 303
    assert [state for _, state, _ in site.posts()] == ["trap"]
    assert site.sweep().rows == 0


@pytest.mark.parametrize(
    ("stamp", "said"), [(0, "太快"), (90_000, "时间过长"), ("made.up.x", "时间过长"), ("é.é.é", "时间过长")]
)
def test_a_page_sent_too_quickly_or_too_late_is_shown_again(site: Site, stamp: str | int, said: str) -> None:
    stamp = token(stamp) if isinstance(stamp, int) else stamp
    page = site.client.post("/f/website", data=ANSWERS | {"token": stamp}, headers=PAGE)
    assert page.status_code == 422
    assert said in page.text
    assert "杭州澄屿机械有限公司" in page.text
    assert site.posts() == []


def test_a_stamp_of_another_form_is_none(site: Site) -> None:
    page = site.client.post("/f/website", data=ANSWERS | {"token": token(60, "small")}, headers=PAGE)
    assert page.status_code == 422


def test_a_phone_or_an_address_that_posts_too_often_waits(site: Site) -> None:
    def send(number: int, phone: str) -> int:
        return site.client.post("/f/small", json={"contact": f"李{number}", "phone": phone}).status_code

    assert [send(number, "13812340001") for number in range(3)] == [202, 202, 429]
    answer = site.client.post("/f/small", json={"contact": "王", "phone": "13812340002"})
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0


def test_behind_a_trusted_proxy_every_visitor_is_counted_for_himself(tmp_path: Path) -> None:
    site = Site(tmp_path, channels={"small": SMALL}, trusted_proxy="10.0.0.0/8, 192.0.2.1")
    site.client._transport.client = ("10.0.0.1", 1)

    def send(number: int, told: str) -> int:
        said = {"contact": f"李{number}", "phone": f"1381234{number:04d}"}
        return site.client.post("/f/small", json=said, headers={"x-forwarded-for": told}).status_code

    assert [send(number, f"203.0.113.{number}") for number in range(5)] == [202] * 5
    # what a visitor himself claims is left of what the proxy saw
    assert [send(10 + number, f"8.8.8.{number}, 203.0.113.9, 10.1.1.1") for number in range(4)] == [202] * 3 + [429]
    # the addresses of one IPv6 network are one customer's
    assert [send(20 + number, f"2001:db8::{number}") for number in range(4)] == [202] * 3 + [429]


def test_who_may_send_it_from_elsewhere_is_named_in_the_yaml(site: Site) -> None:
    listed, other = {"origin": "https://www.example.com"}, {"origin": "https://evil.example"}
    said = {"contact": "李", "phone": "13812340001"}
    asked = site.client.options("/f/small", headers=listed | {"access-control-request-method": "POST"})
    assert asked.headers["access-control-allow-origin"] == "https://www.example.com"
    sent = site.client.post("/f/small", json=said, headers=listed)
    assert (sent.status_code, sent.headers["access-control-allow-origin"]) == (202, "https://www.example.com")
    assert "access-control-allow-origin" not in site.client.options("/f/small", headers=other).headers
    assert site.client.post("/f/small", json=said, headers=other).status_code == 403
    assert site.client.get("/f/small/token", headers=listed).json()["token"].count(".") == 2
    plain = site.client.post("/f/small", data=said, headers=listed | PAGE)
    assert plain.status_code == 303


def test_pages_of_other_charsets_and_multipart_forms_are_read(site: Site) -> None:
    body = b"contact=%C0%EE%C3%F7&phone=13812340001"
    site.client.post("/f/small", content=body, headers={"content-type": "application/x-www-form-urlencoded"})
    site.client.post("/f/small", files={"contact": (None, "王芳"), "phone": (None, "13812340002")})
    assert [body["fields"]["contact"] for _, _, body in site.posts()] == ["李明", "王芳"]


def test_a_form_reaches_somebody_or_is_refused(site: Site) -> None:
    assert site.client.post("/f/small", json={"contact": "李"}).json()["errors"][0]["field"] == "phone"
    assert site.client.post("/f/small", json={"contact": "李", "email": "li@example.com"}).status_code == 202


def test_english_is_asked_for_or_set(site: Site) -> None:
    assert 'lang="en"' in site.client.get("/f/website?lang=en").text
    assert "Your name" in site.client.get("/f/website?lang=en").text
    answer = site.client.post("/f/website?lang=en", data={"token": token()}, headers=PAGE)
    assert "Please fill in “Your name”" in answer.text


@pytest.mark.parametrize("path", ["/f/none", "/f/default", "/f/website/thanks/x", "/f/website/thanks/%3Cb%3E"])
def test_what_is_no_form_is_not_found(site: Site, path: str) -> None:
    assert site.client.get(path).status_code == 404


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"fields": [{"field": "contact", "label": "x"}]}, "phone or email"),
        ({"fields": [{"field": "owner", "label": "x"}]}, "nothing that a form asks for"),
        ({"fields": [{"field": "phone", "label": "x", "kind": "select"}]}, "options"),
        ({"fields": [{"field": "phone", "label": "x"}, {"field": "phone", "label": "y"}]}, "asked for twice"),
        ({"origins": ["https://a.example/"]}, "no origin"),
        ({"colours": {"accent": "red;}"}}, "pattern"),
    ],
)
def test_a_form_that_cannot_be_is_refused_when_it_is_loaded(tmp_path: Path, change: dict, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        Site(tmp_path, channels={"small": SMALL | {"form": SMALL["form"] | change}})
    assert load_config().channels["website"].form
