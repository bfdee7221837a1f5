"""Values written in every usual form, by generators that know nothing of the reader, come back as they were."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest
from cn2an import an2cn
from hypothesis import given, settings
from hypothesis import strategies as st

from config.loader import load_config
from tasks.rules.clean import clean
from tests.named_cases import ZONE

RULES = load_config().rules.at(date(2024, 3, 15))
RECEIVED_AT = datetime(2026, 11, 1, 1, 0, tzinfo=UTC)
NOBODYS = RULES.value("V-EMAIL-PLACEHOLDER")
PLACEHOLDERS = RULES.value("V-PHONE-PLACEHOLDER")
WIDE = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
VALUES = st.lists(st.integers(0, 2**40), min_size=1, max_size=30)


def _read(field: str, texts: list[str]) -> pd.DataFrame:
    return clean(pd.DataFrame({field: pd.Series(texts, dtype="str")}), RULES, RECEIVED_AT, ZONE)


def _each(write: Callable[..., dict[str, str]], sample: tuple[object, ...]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("form", write(*sample))


def _mobile(seed: int) -> str:
    """A mobile of no pattern: every second figure follows from the seed."""
    return f"1{3 + seed % 7}{seed * 7919 % 10**8:08d}{seed % 10}"


def _mobile_forms(digits: str) -> dict[str, str]:
    first, second, third = digits[:3], digits[3:7], digits[7:]
    return {
        "plain": digits,
        "float": f"{digits}.0",
        "spaces": f"{first} {second} {third}",
        "dashes": f"{first}-{second}-{third}",
        "dots": f"{first}.{second}.{third}",
        "plus": f"+86{digits}",
        "plus and space": f"+86 {first} {second} {third}",
        "zeros": f"0086{digits}",
        "86": f"86{digits}",
        "brackets": f"(+86){digits}",
        "wide": digits.translate(WIDE),
        "label": f"手机：{digits}",
        "note": f"{digits}（微信同号）",
        "apostrophe": f"'{digits}",
        "formula": f'="{digits}"',
        "zero": f"0{digits}",
        "scientific and whole": f"{digits[0]}.{digits[1:]}E+10",
        "thousands": f"{int(digits):,}",
    }


@_each(_mobile_forms, ("13812345678",))
@given(seeds=VALUES)
@settings(max_examples=10, deadline=None)
def test_a_mobile_comes_back(form: str, seeds: list[int]) -> None:
    numbers = [number for number in map(_mobile, seeds) if number not in PLACEHOLDERS]
    got = _read("phone", [_mobile_forms(number)[form] for number in numbers])
    assert got["phone"].tolist() == numbers
    assert set(got["phone_kind"]) <= {"mobile"}
    assert got["phone_bad"].isna().all()


def _landline_forms(area: str, number: str, ext: str) -> dict[str, str]:
    near, far = number[: len(number) - 4], number[-4:]
    return {
        "转": f"{area}{number}转{ext}",
        "分机": f"{area}-{number}分机{ext}",
        "dash": f"{area}-{number}-{ext}",
        "star": f"{area} {number}*{ext}",
        "ext": f"({area}){number} ext.{ext}",
        "plus": f"+86-{area[1:]}-{number}转{ext}",
        "wide": f"（{area}）{near} {far}-{ext}",
        "brackets": f"{area}-{number}（{ext}）",
        "x": f"{area}-{near}-{far} x{ext}",
        "label": f"电话：{area}-{number} 分机 {ext}",
        "转分机": f"{area}-{number}转分机{ext}",
        "再拨": f"总机{area}-{number}，再拨{ext}",
        "two dashes": f"{area}-{number}--{ext}",
        "square brackets": f"[{area}]{number}转{ext}",
        "country in brackets": f"（+86）{area}-{number}-{ext}",
    }


@_each(_landline_forms, ("0571", "86012345", "8012"))
@given(seeds=VALUES)
@settings(max_examples=10, deadline=None)
def test_a_landline_with_its_extension_comes_back(form: str, seeds: list[int]) -> None:
    areas = ("010", "021", "0571", "0755", "0379")
    parts = [
        (areas[seed % 5], f"{2 + seed % 7}{seed * 7919 % 10**7:07d}", str(100 + seed * 31 % 9000)) for seed in seeds
    ]
    got = _read("phone", [_landline_forms(*part)[form] for part in parts])
    assert got["phone"].tolist() == ["-".join(part) for part in parts]
    assert set(got["phone_kind"]) == {"landline_ext"}


@given(seeds=VALUES)
@settings(max_examples=10, deadline=None)
def test_a_service_number_comes_back(seeds: list[int]) -> None:
    numbers = [f"{4 + seed % 2 * 4}00{seed * 7919 % 10**7:07d}" for seed in seeds]
    for write in (
        "{0}-{1}-{2}",
        "{0} {1} {2}",
        "+86 {0} {1} {2}",
        "86-{0}-{1}{2}",
        "({0}){1}{2}",
        "{0}.{1}.{2}",
        "热线：{0}-{1}{2}",
    ):
        got = _read("phone", [write.format(number[:3], number[3:6], number[6:]) for number in numbers])
        assert got["phone"].tolist() == numbers
        assert set(got["phone_kind"]) == {"service"}


def _place_forms(place: str, local: str) -> dict[str, str]:
    """One number as it is written in Hong Kong, Macau or Taiwan, without and with the country code."""
    half = f"{local[:4]} {local[4:]}" if place != "台湾" else f"{local[:4]}-{local[4:7]}-{local[7:]}"
    code = {"香港": "852", "澳门": "853", "台湾": "886"}[place]
    return {
        "name": f"{place} {local}",
        "colon": f"{place}：{half}",
        "brackets": f"（{place}）{local}",
        "behind": f"{half}（{place}）",
        "plus": f"+{code} {half.removeprefix('0')}",
        "zeros": f"00{code}-{local.removeprefix('0')}",
        "wide": f"{place}{local.translate(WIDE)}",
    }


@_each(_place_forms, ("香港", "91234567"))
@given(seeds=VALUES)
@settings(max_examples=10, deadline=None)
def test_a_number_beyond_the_mainland_comes_back(form: str, seeds: list[int]) -> None:
    texts, wanted = [], []
    for seed in seeds:
        figures = f"{seed * 7919 % 10**6:06d}"
        for place, local in (
            ("香港", f"9{2 + seed % 7}{figures}"),
            ("澳门", f"66{figures}"),
            ("台湾", f"0912{figures}"),
        ):
            texts.append(_place_forms(place, local)[form])
            code = {"香港": "852", "澳门": "853", "台湾": "886"}[place]
            wanted.append(f"+{code}{local.removeprefix('0')}")
    got = _read("phone", texts)
    assert got["phone"].tolist() == wanted
    assert set(got["phone_kind"]) == {"foreign"}


@given(seeds=VALUES)
@settings(max_examples=10, deadline=None)
def test_two_numbers_of_a_cell_come_back(seeds: list[int]) -> None:
    pairs = [(_mobile(seed), f"0571-8{seed * 7919 % 10**7:07d}") for seed in seeds]
    pairs = [pair for pair in pairs if pair[0] not in PLACEHOLDERS]
    for between in ("/", "、", "，", "；", " ", "\n", "|", " 或 ", " 座机："):
        got = _read("phone", [mobile + between + landline for mobile, landline in pairs])
        assert list(zip(got["phone"], got["phone2"], strict=True)) == pairs


def _range_forms(low: int, high: int) -> dict[str, str]:
    return {
        "万": f"{low}-{high}万",
        "twice": f"{low}万-{high}万",
        "W": f"{low} - {high}W",
        "元": f"{low}至{high}万元",
        "tilde": f"{low}~{high}w",
        "到": f"{low}到{high}万左右",
        "yuan": f"{low * 10_000}-{high * 10_000}",
        "sign": f"¥{low * 10_000:,}-¥{high * 10_000:,}",
        "k": f"{low * 10}k-{high * 10}k",
        "wide": f"{low}-{high}".translate(WIDE) + "万",
        "dash": f"{low}—{high}万",
        "words": f"预算大概{low}万到{high}万",
        "numerals": f"{an2cn(low)}万到{an2cn(high)}万",
        "brackets": f"{low}-{high}（万元）",
        "and": f"介于{low}万和{high}万之间",
    }


@_each(_range_forms, (20, 30))
@given(seeds=VALUES)
@settings(max_examples=10, deadline=None)
def test_a_range_comes_back(form: str, seeds: list[int]) -> None:
    ends = [(1 + seed % 900, 1 + seed % 900 + 1 + seed // 900 % 90) for seed in seeds]
    got = _read("budget", [_range_forms(*end)[form] for end in ends])
    assert list(zip(got["budget_min"], got["budget_max"], strict=True)) == [
        (low * 1e4, high * 1e4) for low, high in ends
    ]
    assert set(got["budget_state"]) == {"stated"}


def _amount_forms(amount: int) -> dict[str, str]:
    return {
        "plain": str(amount * 10_000),
        "grouped": f"{amount * 10_000:,}元",
        "万": f"{amount}万",
        "W": f"{amount}W",
        "about": f"约{amount}万元",
        "左右": f"{amount}万左右",
        "numeral": f"{an2cn(amount)}万",
        "k": f"{amount * 10}K",
        "formal": f"人民币{an2cn(amount, 'up')}万元整",
        "decimals": f"{amount * 10_000}.00",
        "rmb": f"RMB {amount * 10_000:,}",
    }


@_each(_amount_forms, (20,))
@given(seeds=VALUES)
@settings(max_examples=10, deadline=None)
def test_an_amount_comes_back(form: str, seeds: list[int]) -> None:
    amounts = [1 + seed % 9000 for seed in seeds]
    got = _read("budget", [_amount_forms(amount)[form] for amount in amounts])
    assert got["budget_min"].tolist() == got["budget_max"].tolist() == [amount * 1e4 for amount in amounts]


def _bound_forms(amount: int) -> dict[str, str]:
    return {
        "-以内": f"{amount}万以内",
        "-不超过": f"不超过{amount}万",
        "-最多": f"最多{amount}万",
        "-<": f"<{amount}万",
        "-≤": f"≤{amount}万",
        "-numeral": f"{an2cn(amount)}万以下",
        "+": f"{amount}万+",
        "+以上": f"{amount}万以上",
        "+起": f"{amount}万起",
        "+不低于": f"不低于{amount}万",
        "+≥": f"≥{amount}W",
        "+numeral": f"{an2cn(amount)}万以上",
    }


@_each(_bound_forms, (20,))
@given(seeds=VALUES)
@settings(max_examples=10, deadline=None)
def test_a_bound_comes_back_and_leaves_the_other_end_open(form: str, seeds: list[int]) -> None:
    amounts = [1 + seed % 9000 for seed in seeds]
    got = _read("budget", [_bound_forms(amount)[form] for amount in amounts])
    stated, open_end = ("budget_max", "budget_min") if form.startswith("-") else ("budget_min", "budget_max")
    assert got[stated].tolist() == [amount * 1e4 for amount in amounts]
    assert got[open_end].isna().all()
    assert set(got["budget_state"]) == {"open"}


#: What stands around an amount and says nothing of its size; the last ones hold other numbers.
AHEAD = (
    "",
    "约",
    "预算：",
    "预算大概在",
    "人民币",
    "RMB ",
    "¥",
    "2024年预算",
    "项目总投资",
    "一期",
    "营收5000万，预算",
    "50人，",
)
BEHIND = (
    "", "左右", "（含税）", "，含税", "/年", "，3年", "，50人用", " 可谈", "（待批）", "，待领导确认", "?",
    "，联系13812345678", "，其中硬件30%", "，13%税率",
)  # fmt: skip
UNITS = ("万", "w", "W", "万元", " 万", "Ｗ")
TO = ("-", "~", "—", " - ", "至", "到", "～", "--", "→", "、")
_MOST = (
    "不超过{}",
    "最多{}",
    "≤{}",
    "<{}",
    "不能超过{}",
    "顶多{}",
    "{}以内",
    "{}以下",
    "{}封顶",
    "{}内",
    "{}及以下",
    "{}为上限",
)
_LEAST = (
    "不低于{}",
    "至少{}",
    "≥{}",
    ">{}",
    "不止{}",
    "起码{}",
    "{}以上",
    "{}起",
    "{}+",
    "{}打底",
    "{}及以上",
    "{}往上",
)
_SENTENCES = st.lists(
    st.tuples(
        st.integers(1, 900), st.integers(1, 90), *map(st.sampled_from, (AHEAD, BEHIND, UNITS, TO, _MOST, _LEAST))
    ),
    min_size=1,
    max_size=60,
)


@given(sentences=_SENTENCES)
@settings(max_examples=40, deadline=None)
def test_a_budget_inside_a_sentence_comes_back(sentences: list[tuple[int, int, str, str, str, str, str, str]]) -> None:
    texts, wanted = [], []
    for low, more, ahead, behind, unit, to, most, least in sentences:
        bounded = ahead if ahead not in ("约", "预算大概在") else "预算"
        for text, first, last in (
            (f"{low}{unit}", low, low),
            (f"{low}{unit}{to}{low + more}{unit}", low, low + more),
            (f"{an2cn(low)}{unit}{to}{an2cn(low + more)}{unit}", low, low + more),
        ):
            texts.append(ahead + text + behind)
            wanted.append((first * 1e4, last * 1e4))
        texts += [bounded + bound.format(f"{low}{unit}") + behind.replace("左右", "") for bound in (most, least)]
        wanted += [(None, low * 1e4), (low * 1e4, None)]
    got = _read("budget", texts)[["budget_min", "budget_max"]].astype("object")
    found = list(got.where(got.notna(), None).itertuples(index=False, name=None))
    assert [(text, *pair) for text, pair in zip(texts, found, strict=True)] == [
        (text, *pair) for text, pair in zip(texts, wanted, strict=True)
    ]


_DAY, _MINUTE = "%Y-%m-%d", "%Y-%m-%dT%H:%M"


def _serial(at: datetime) -> float:
    return (at - datetime(1899, 12, 30, tzinfo=UTC)) / timedelta(days=1)


def _day_forms(at: datetime) -> dict[str, str]:
    year, month, day = at.year, at.month, at.day
    return {
        "iso": f"{at:{_DAY}}",
        "slashes": f"{year}/{month}/{day}",
        "dots": f"{year}.{month}.{day}",
        "年月日": f"{year}年{month}月{day}日",
        "padded": f"{at:%Y年%m月%d日}",
        "号": f"{year}年{month}月{day}号",
        "compact": f"{at:%Y%m%d}",
        "wide": f"{at:%Y-%m-%d}".translate(WIDE),
        "english": f"{at:%d %B %Y}",
        "american": f"{month}/{day}/{year}",
        "underscores": f"{year}_{month:02d}_{day:02d}",
        "commas": f"{year}，{month}，{day}",
        "short": f"{at:%y}年{month}月{day}日",
        "note": f"展会（{year}.{month}.{day}）",
        "mixed": f"{year}年{month}月{day}",
        "formal": f"{year}年{an2cn(month, 'up')}月{an2cn(day, 'up')}日",
        "numerals": f"{an2cn(year, 'direct')}年{an2cn(month)}月{an2cn(day)}日",
        "serial": f"{_serial(at.replace(hour=0, minute=0)):.0f}",
    }


def _minute_forms(at: datetime) -> dict[str, str]:
    half = "上午" if at.hour < 12 else "下午"
    return {
        "iso": f"{at:%Y-%m-%d %H:%M}",
        "seconds": f"{at:%Y-%m-%d %H:%M:%S}",
        "T": f"{at:{_MINUTE}}:00+08:00",
        "utc": f"{at - timedelta(hours=8):%Y-%m-%dT%H:%M:%SZ}",
        "slashes": f"{at.year}/{at.month}/{at.day} {at.hour}:{at:%M}",
        "时分": f"{at:%Y年%m月%d日%H时%M分}",
        "half": f"{at:%Y/%m/%d} {half}{at.hour % 12 or 12}:{at:%M}",
        "time first": f"{at:%H:%M} {at:%Y-%m-%d}",
        "stroke": f"{at:%Y-%m-%d} | {at:%H:%M}",
        "weekday": f"{at:%Y/%m/%d} 周{'一二三四五六日'[at.weekday()]} {at:%H:%M}",
        "mail": f"{at:%a, %d %b %Y %H:%M:%S} +0800",
        "pm": f"{at:%Y-%m-%d %I:%M %p}",
        "american": f"{at.month}/{at.day}/{at:%y} {at.hour}:{at:%M}",
        "compact": f"{at:%Y%m%d%H%M%S}",
        "serial": f"{_serial(at):.6f}",
        "epoch": f"{(at - timedelta(hours=8)).timestamp():.0f}",
        "milliseconds": f"{(at - timedelta(hours=8)).timestamp():.0f}000",
    }


_MOMENTS = st.lists(
    st.datetimes(datetime(2002, 1, 1), datetime(2025, 12, 31)).map(  # noqa: DTZ001  # wall-clock time of the zone
        # not the first minute of a day, which as a spreadsheet number is that day
        lambda at: at.replace(minute=at.minute or 1, second=0, microsecond=0, tzinfo=UTC)
    ),
    min_size=1,
    max_size=30,
)
_SAMPLE = (datetime(2024, 3, 15, 14, 5, tzinfo=UTC),)


@_each(_day_forms, _SAMPLE)
@given(moments=_MOMENTS)
@settings(max_examples=10, deadline=None)
def test_a_day_comes_back(form: str, moments: list[datetime]) -> None:
    got = _read("first_contact", [_day_forms(at)[form] for at in moments])
    assert got["created"].tolist() == [f"{at:{_DAY}}" for at in moments]


@_each(_minute_forms, _SAMPLE)
@given(moments=_MOMENTS)
@settings(max_examples=10, deadline=None)
def test_a_minute_comes_back(form: str, moments: list[datetime]) -> None:
    got = _read("first_contact", [_minute_forms(at)[form] for at in moments])
    assert got["created"].tolist() == [f"{at:{_MINUTE}}" for at in moments]


@given(moments=_MOMENTS)
@settings(max_examples=10, deadline=None)
def test_a_month_comes_back_as_a_month(moments: list[datetime]) -> None:
    for write in ("{0.year}年{0.month}月", "{0.year}/{0.month}", "{0:%Y-%m}", "{0.year}年{0.month}月底", "{0:%B %Y}"):
        got = _read("first_contact", [write.format(at) for at in moments])
        assert got["created"].tolist() == [f"{at:%Y-%m}" for at in moments]
        assert got["contact_at"].isna().all()


def _span_forms(first: datetime, last: datetime) -> dict[str, str]:
    a, b = first, last
    return {
        "iso": f"{a:{_DAY}} 至 {b:{_DAY}}",
        "slashes": f"{a.year}/{a.month}/{a.day}~{b.year}/{b.month}/{b.day}",
        "short": f"{a.year}年{a.month}月{a.day}日-{b.month}月{b.day}日",
        "dots": f"{a.year}.{a.month}.{a.day}-{b.month}.{b.day}",
        "times": f"{a:%Y-%m-%d %H:%M} ~ {b:%Y-%m-%d %H:%M}",
        "numerals": f"{a.year}年{an2cn(a.month)}月{an2cn(a.day)}日到{an2cn(b.month)}月{an2cn(b.day)}日",
        "english": f"{a:%B} {a.day} - {b:%B} {b.day}, {a.year}",
        "compact": f"{a:%Y%m%d}-{b:%Y%m%d}",
        "brackets": f"展会（{a.year}年{a.month}月{a.day}日-{b.month}月{b.day}日）",
    }


@_each(_span_forms, (_SAMPLE[0], _SAMPLE[0]))
@given(moments=_MOMENTS, days=st.integers(1, 40))
@settings(max_examples=10, deadline=None)
def test_a_span_comes_back_as_far_as_its_days_agree(form: str, moments: list[datetime], days: int) -> None:
    spans = [(at, at + timedelta(days=days)) for at in moments]
    spans = [(at, end) for at, end in spans if at.year == end.year]
    got = _read("first_contact", [_span_forms(*span)[form] for span in spans])
    assert got["created"].tolist() == [f"{a:%Y-%m}" if a.month == b.month else f"{a:%Y}" for a, b in spans]
    assert (got["date_bad"] == "span").all()
    assert got["contact_at"].isna().all()


@given(years=st.lists(st.integers(2002, 2025), min_size=1, max_size=20), quarter=st.integers(1, 4))
@settings(max_examples=10, deadline=None)
def test_a_quarter_comes_back_as_its_year_and_marked(years: list[int], quarter: int) -> None:
    for write in ("{0}年第{2}季度", "{0}年{2}季度", "{0}Q{1}", "Q{1} {0}", "{0}-Q{1}", "{0}年Q{1}", "{0}年{1}季度"):
        got = _read("first_contact", [write.format(year, quarter, "一二三四"[quarter - 1]) for year in years])
        assert got["created"].tolist() == [str(year) for year in years]
        assert (got["date_bad"] == "span").all()


def test_of_two_orders_the_one_that_has_been_counts_and_is_marked() -> None:
    texts = ["31/12/24", "31-12-24 09:30", "12/3/2026", "11/12/2026", "24/12/31", "3/12/2026"]
    got = _read("first_contact", texts)  # received on 1 November 2026
    wanted = ["2024-12-31", "2024-12-31T09:30", "2026-03-12", "2026-11-12", "2024-12-31", "2026-03-12"]
    assert got["created"].tolist() == wanted
    assert got["date_bad"].tolist() == ["order"] * 6
    assert got["contact_at"].notna().all()
    assert got["first_contact"].tolist() == wanted


@given(moments=_MOMENTS)
@settings(max_examples=10, deadline=None)
def test_a_day_that_may_be_a_month_is_marked(moments: list[datetime]) -> None:
    for write in ("{0.month}/{0.day}/{0.year}", "{0.month}-{0.day}-{0.year}", "{0.month}/{0.day}/{0:%y} {0:%H:%M}"):
        got = _read("first_contact", [write.format(at) for at in moments])
        unsure = [at.day <= 12 and at.day != at.month for at in moments]
        assert (got["date_bad"] == "order").tolist() == unsure


@given(moments=_MOMENTS)
@settings(max_examples=10, deadline=None)
def test_a_day_without_its_year_comes_back_without_one(moments: list[datetime]) -> None:
    for write in ("{0.month}月{0.day}日", "{0:%m}-{0:%d}", "{0.month}/{0.day}", "--{0:%m-%d}"):
        got = _read("first_contact", [write.format(at) for at in moments])
        assert got["created"].tolist() == [f"--{at:%m-%d}" for at in moments]
        assert got["contact_at"].isna().all()


def _mail_forms(name: str, host: str) -> dict[str, str]:
    address = f"{name}@{host}"
    return {
        "plain": address,
        "capitals": address.upper(),
        "wide": address.translate(WIDE),
        "spaces": f"  {name} @ {host}  ",
        "label": f"邮箱：{address}",
        "brackets": f"<{address}>",
        "name": f"张三 <{address}>",
        "note": f"{address}（常用）",
        "mailto": f"mailto:{address}",
        "at": f"{name}(at){host}",
        "Chinese dot": f"{name}@{host.replace('.', '。')}",
        "stop": f"{address}。",
        "two": f"{address};second@example.cn",
    }


_MAILS = st.lists(
    st.tuples(
        st.from_regex(r"[a-z][a-z0-9]{2,8}(?:[._][a-z0-9]{1,6})?", fullmatch=True),
        st.sampled_from(["qq.com", "163.com", "jingong-mach.com.cn", "mail.example.co.uk", "a1.io"]),
    ),
    min_size=1,
    max_size=20,
)


@_each(_mail_forms, ("lijg", "example.cn"))
@given(mails=_MAILS)
@settings(max_examples=15, deadline=None)
def test_an_address_comes_back(form: str, mails: list[tuple[str, str]]) -> None:
    wanted = [f"{name}@{host}" for name, host in mails]
    mails = [mail for mail, address in zip(mails, wanted, strict=True) if address not in NOBODYS]
    got = _read("email", [_mail_forms(*mail)[form] for mail in mails])
    assert got["email"].tolist() == [f"{name}@{host}" for name, host in mails]
    assert got["email_bad"].isna().all()


@pytest.mark.parametrize(("field", "rule"), [("industry", "V-INDUSTRY"), ("source", "V-SOURCE")])
def test_every_word_of_a_vocabulary_comes_back_as_its_canonical_word(field: str, rule: str) -> None:
    value = RULES.value(rule)
    first: dict[str, str] = {}
    for canonical, words in value.items():
        for word in (canonical, *words):
            first.setdefault(word.lower(), canonical)
    words = [word for word in first if not word.startswith("*")]
    assert len(words) > 100
    for write in ("{}", " {} ", "{}。", "【{}】") if field == "source" else ("{}", " {} ", "{}。"):
        got = _read(field, [write.format(word) for word in words])[field].tolist()
        assert [(word, found) for word, found in zip(words, got, strict=True) if found != first[word]] == []
        wide = _read(field, [write.format(word).translate(WIDE) for word in words])[field].tolist()
        assert wide == got


def _size_of(people: int) -> str:
    return next(name for least, name in ((1000, "大型"), (300, "中型"), (20, "小型"), (0, "微型")) if people >= least)


@given(staff=st.lists(st.tuples(st.integers(1, 90_000), st.integers(1, 5000)), min_size=1, max_size=30))
@settings(max_examples=20, deadline=None)
def test_a_number_of_staff_comes_back_as_its_size(staff: list[tuple[int, int]]) -> None:
    plain = ("{0}人", "{0}人以上", "约{0}人", "员工{0}名", "{0}+", "{0} people", "{0}人左右", "{0:,}人")
    for write in (*plain, "{0}-{1}人", "{0}~{1}", "规模：{0}-{1}人"):
        got = _read("size", [write.format(least, least + more) for least, more in staff])
        assert got["size"].tolist() == [_size_of(least) for least, _ in staff], write
    below = [(least, more) for least, more in staff if least > 1]
    for write in ("{0}人以下", "少于{0}人", "不到{0}人"):
        got = _read("size", [write.format(least) for least, _ in below])
        assert got["size"].tolist() == [_size_of(least - 1) for least, _ in below], write


@given(counts=st.lists(st.tuples(st.integers(1, 99), st.sampled_from("天周月")), min_size=1, max_size=30))
@settings(max_examples=20, deadline=None)
def test_a_length_of_time_comes_back_as_its_urgency(counts: list[tuple[int, str]]) -> None:
    days = [count * {"天": 1, "周": 7, "月": 30}[unit] for count, unit in counts]
    wanted = ["高" if length <= 14 else "中" if length <= 365 else "低" for length in days]
    texts = [f"{count}{'个' if unit == '月' else ''}{unit}" for count, unit in counts]
    for write in ("{}内", "{}以内", "{}之内", " {} ", "{}内要用", "希望{}内"):
        got = _read("urgency", [write.format(text) for text in texts])
        assert got["urgency"].tolist() == wanted, write
    numerals = [f"{an2cn(count)}{'个' if unit == '月' else ''}{unit}内" for count, unit in counts]
    assert _read("urgency", numerals)["urgency"].tolist() == wanted
    english = [f"within {count} { {'天': 'day', '周': 'week', '月': 'month'}[unit] }s" for count, unit in counts]
    assert _read("urgency", english)["urgency"].tolist() == wanted
    later = ["低" if length >= 180 else "中" for length in days]
    assert _read("urgency", [f"{text}后" for text in texts])["urgency"].tolist() == later


_PLACES = [
    (province, entry["short"], city, [county for county in below.split() if len(county) > 2])
    for province, entry in RULES.value("V-REGION")["provinces"].items()
    for city, below in entry["cities"].items()
]


def test_every_city_comes_back_behind_its_province() -> None:
    texts, wanted = [], []
    for province, short, city, counties in _PLACES:
        found = province if province == city else province + city
        forms = [
            f"{province}{city}",
            f"{short}{city}",
            f"{short}-{city}",
            f"{province}/{city}",
            f"{short} {city}",
            f"中国{province}{city}",
        ]
        forms += [f"{province}{city}{county}" for county in counties]
        texts += forms
        wanted += [found] * len(forms)
    assert len(texts) > 3000
    got = _read("region", texts)["region"].tolist()
    assert [(text, found) for text, found, want in zip(texts, got, wanted, strict=True) if found != want] == []


def test_a_county_that_one_city_has_is_that_city_and_one_of_several_is_none() -> None:
    owners: dict[str, set[str]] = {}
    for province, _, city, counties in _PLACES:
        for county in counties:
            owners.setdefault(county, set()).add(province if province == city else province + city)
    named = {city for _, _, city, _ in _PLACES}
    texts = [county for county in owners if county not in named]
    got = _read("region", texts)["region"].astype("object")
    wanted = [next(iter(owners[text])) if len(owners[text]) == 1 else None for text in texts]
    found = got.where(got.notna(), None).tolist()
    assert [pair for pair in zip(texts, found, wanted, strict=True) if pair[1] != pair[2]] == []
