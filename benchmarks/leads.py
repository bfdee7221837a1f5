"""Any number of lead files from a seed: Chinese, damaged and doubled as in life, never whole in memory.

What a row says follows from its number alone, by hashing: a later row can repeat an earlier lead without anything
being kept. About a fifth of the rows repeat a lead in some way; others only look as if they did (branches,
colleagues behind one switchboard, shared mailboxes).
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
from numpy.typing import NDArray

from benchmarks import words

HEADER = ("外部编号", "线索来源", "公司名称", "所属行业", "联系人", "职位", "电话", "邮箱", "需求描述", "预算范围",
          "决策链", "首次接触时间", "所在地区", "紧急程度", "备注")  # fmt: skip

Ids = NDArray[np.uint64]
Mask = NDArray[np.bool_]

# Shares of all rows, in percent; the rest are leads seen for the first time.
REPEATS = {"exact": 8, "phone_notation": 7, "same_mail": 4, "name_company": 3}
_BLOCK = 50_000
_HOURS = 365 * 24


@dataclass(frozen=True)
class _Rows:
    """Some rows: their number, the lead each speaks of, its company, and how it repeats it."""

    number: Ids
    # the row in whose manner it is written: an exact copy is written as the lead's first row
    manner: Ids
    lead: Ids
    company: Ids
    parent: Ids
    repeats: NDArray[np.object_]


def write_leads(folder: Path, rows: int, *, files: int = 1, seed: int = 20240315) -> list[Path]:
    """Write `rows` lead rows into CSV files (UTF-8) in the folder; the same seed gives the same bytes."""
    bounds = [rows * part // files for part in range(files + 1)]
    paths = [folder / f"leads-{part + 1:04d}.csv" for part in range(files)]
    for path, start, end in zip(paths, bounds[:-1], bounds[1:], strict=True):
        with pacsv.CSVWriter(path, _SCHEMA, write_options=_PLAIN) as out:
            for table in lead_tables(start, end, seed=seed):
                out.write_table(table)
    return paths


def lead_tables(start: int, end: int, *, seed: int = 20240315, block: int = _BLOCK) -> Iterator[pa.Table]:
    """Rows start … end - 1 as tables of text with the columns of HEADER, a block at a time."""
    for first in range(start, end, block):
        yield _table(np.arange(first, min(first + block, end), dtype=np.uint64), seed)


_SCHEMA = pa.schema([(name, pa.string()) for name in HEADER])
_PLAIN = pacsv.WriteOptions(quoting_style="needed")


def _table(number: Ids, seed: int) -> pa.Table:
    dice = _Dice(seed)
    rows = _cast(number, dice)
    columns = [maker(rows, dice) for maker in _MAKERS]
    return _spoiled(pa.Table.from_arrays(columns, schema=_SCHEMA), rows, dice)


class _Dice:
    """Numbers that follow from a key and what they are for."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def roll(self, keys: Ids, what: str) -> Ids:
        """A 64-bit number for each key (splitmix64)."""
        salt = zlib.crc32(f"{self.seed}/{what}".encode())
        x = keys * np.uint64(0x9E3779B97F4A7C15) + np.uint64(salt << 20)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return x ^ (x >> np.uint64(31))

    def below(self, keys: Ids, what: str, limit: int) -> NDArray[np.int64]:
        """A number from 0 to limit - 1 for each key."""
        return (self.roll(keys, what) % np.uint64(limit)).astype(np.int64)

    def pick(self, keys: Ids, what: str, choices: Sequence[str]) -> pa.Array:
        """One of the choices for each key."""
        return pa.array(choices, pa.string()).take(pa.array(self.below(keys, what, len(choices))))


def _cast(number: Ids, dice: _Dice) -> _Rows:
    """Say of which lead and company each row speaks.

    A lead bears the number of the row that is its first; a repeating row names an earlier row, and if that one
    repeats too, its number is just one more lead, seen here for the first time.
    """
    roll = dice.below(number, "repeat", 100)
    repeats = np.full(len(number), "", dtype=object)
    lead = number.copy()
    low = 0
    for kind, share in REPEATS.items():
        chosen = (roll >= low) & (roll < low + share) & (number > 0)
        low += share
        repeats[chosen] = kind
        earlier = dice.roll(number[chosen], "earlier") % np.maximum(number[chosen], 1)
        lead[chosen] = _first(earlier, dice)
    shared = dice.below(lead, "colleague", 100) < 26
    company = np.where(shared, dice.roll(lead, "company") % np.maximum(lead, 1), lead)
    branch = dice.below(company, "branch", 100) < 2
    parent = np.where(branch, dice.roll(company, "parent") % np.maximum(company, 1), company)
    return _Rows(number, np.where(repeats == "exact", lead, number), lead, company, parent, repeats)


def _first(numbers: Ids, dice: _Dice) -> Ids:
    """The nearest row at or after each that repeats nothing, looked for in a few steps."""
    result = numbers.copy()
    for _ in range(8):
        repeating = dice.below(result, "repeat", 100) < sum(REPEATS.values())
        result = np.where(repeating & (result > 0), result - np.uint64(1), result)
    return result


def _join(*parts: pa.Array | str) -> pa.Array:
    return pc.binary_join_element_wise(*parts, "")


def _where(mask: Mask, then: pa.Array | str, other: pa.Array | str) -> pa.Array:
    return pc.if_else(pa.array(mask), then, other)


def _digits(numbers: NDArray[np.int64], width: int) -> pa.Array:
    return pc.utf8_lpad(pc.cast(pa.array(numbers), pa.string()), width, "0")


def _external_id(rows: _Rows, dice: _Dice) -> pa.Array:
    return _join("R", _digits(rows.number.astype(np.int64) + 1, 8))


def _source(rows: _Rows, dice: _Dice) -> pa.Array:
    return dice.pick(rows.manner, "source", words.SOURCES)


def _company(rows: _Rows, dice: _Dice) -> pa.Array:
    name = _company_name(rows.parent, dice)
    city = dice.pick(rows.company, "branch city", [city[0] for city in words.CITIES])
    return _where(rows.company != rows.parent, _join(name, city, "分公司"), name)


def _company_name(company: Ids, dice: _Dice) -> pa.Array:
    cities = [city[0].removesuffix("市") for city in words.CITIES]
    brands = [syllable[0] for syllable in words.SYLLABLES]
    parts = [dice.pick(company, "city", cities)]
    parts += [dice.pick(company, f"brand {place}", brands) for place in (1, 2)]
    third = dice.pick(company, "brand 3", brands)
    parts.append(_where(dice.below(company, "long brand", 100) < 35, third, ""))
    return _join(*parts, _by_industry(company, dice, "trade", 1), dice.pick(company, "form", words.LEGAL_FORMS))


def _by_industry(company: Ids, dice: _Dice, what: str, column: int) -> pa.Array:
    """One of the words that the company's industry has in this column."""
    lists = [one[column] for one in words.INDUSTRIES]
    starts = np.cumsum([0, *(len(one) for one in lists)])
    industry = dice.below(company, "industry", len(lists))
    sizes = np.diff(starts)[industry]
    place = starts[industry] + (dice.roll(company, what) % sizes.astype(np.uint64)).astype(np.int64)
    return pa.array([word for one in lists for word in one]).take(pa.array(place))


def _industry(rows: _Rows, dice: _Dice) -> pa.Array:
    return dice.pick(rows.company, "industry", [one[0] for one in words.INDUSTRIES])


def _contact(rows: _Rows, dice: _Dice) -> pa.Array:
    surname, first, second = _name(rows.lead, dice, 0)
    return _join(surname, first, second)


def _name(lead: Ids, dice: _Dice, column: int) -> tuple[pa.Array, pa.Array, pa.Array]:
    given = [name[column] for name in words.GIVEN]
    second = _where(dice.below(lead, "long name", 100) < 75, dice.pick(lead, "given 2", given), "")
    surname = dice.pick(lead, "surname", [name[column] for name in words.SURNAMES])
    return surname, dice.pick(lead, "given 1", given), second


def _title(rows: _Rows, dice: _Dice) -> pa.Array:
    return dice.pick(rows.lead, "title", words.TITLES)


def _phone(rows: _Rows, dice: _Dice) -> pa.Array:
    kind = dice.below(rows.lead, "phone kind", 100)
    mobile = _mobile(rows.lead)
    notation = dice.below(rows.manner, "notation", 100)
    other = rows.repeats == "phone_notation"
    # a first row is written plainly most of the time, a repeating one seldom
    style = np.where(other, notation % 7, np.where(notation < 88, 0, notation % 7))
    phone = _styled(mobile, style)
    line = _switchboard(rows.company, dice)
    extension = _digits(dice.below(rows.lead, "extension", 9000) + 1000, 4)
    phone = _where((kind >= 84) & (kind < 89), _join(line, "-", extension), phone)
    phone = _where((kind >= 89) & (kind < 93), line, phone)
    return _where((kind >= 93) | np.isin(rows.repeats, ("same_mail", "name_company")), "", phone)


def _mobile(lead: Ids) -> pa.Array:
    """A number of its own for every lead, far from its neighbours'."""
    space = np.uint64(len(words.MOBILES) * 10**8)
    # coprime to the space, and so large that neighbours lie far apart
    scattered = (lead * np.uint64(2_038_074_743) + np.uint64(760_013_287)) % space
    prefix = pa.array(words.MOBILES).take(pa.array((scattered // np.uint64(10**8)).astype(np.int64)))
    return _join(prefix, _digits((scattered % np.uint64(10**8)).astype(np.int64), 8))


def _styled(mobile: pa.Array, style: NDArray[np.int64]) -> pa.Array:
    parts = [pc.utf8_slice_codeunits(mobile, start, stop) for start, stop in ((0, 3), (3, 7), (7, 11))]
    forms = [
        mobile,
        pc.binary_join_element_wise(*parts, " "),
        pc.binary_join_element_wise(*parts, "-"),
        _join("+86 ", mobile),
        _join("86", mobile),
        _join(mobile, ".0"),
        _join("'", mobile),
    ]
    return pc.choose(pa.array(style), *forms)


def _switchboard(company: Ids, dice: _Dice) -> pa.Array:
    area = dice.pick(company, "city", [city[2] for city in words.CITIES])
    width = pc.if_else(pc.less(pc.utf8_length(area), 4), "8", "6")
    return _join(area, "-", width, _digits(dice.below(company, "line", 10**6), 6), "1")


def _email(rows: _Rows, dice: _Dice) -> pa.Array:
    kind = dice.below(rows.lead, "mail kind", 100)
    # who has no readable phone is reached by mail
    kind = np.where(dice.below(rows.lead, "phone kind", 100) >= 89, kind % 60, kind)
    syllables = [syllable[1] for syllable in words.SYLLABLES]
    domain = _join(
        dice.pick(rows.company, "brand 1", syllables),
        dice.pick(rows.company, "brand 2", syllables),
        pc.cast(pa.array(rows.company.astype(np.int64)), pa.string()),
        ".com.cn",
    )
    domain = _where(kind < 25, domain, dice.pick(rows.lead, "free mail", words.FREE_MAIL))
    person = _join(*_name(rows.lead, dice, 1), pc.cast(pa.array(rows.lead.astype(np.int64)), pa.string()))
    box = dice.pick(rows.company, "box", words.ROLE_BOXES)
    role = (kind >= 20) & (kind < 25) & (dice.below(rows.lead, "phone kind", 100) < 89)
    mail = _join(_where(role, box, person), "@", domain)
    again = (rows.repeats == "same_mail") & (dice.below(rows.number, "upper", 2) == 1)
    mail = _where(again, pc.utf8_upper(mail), mail)
    return _where((kind >= 62) & (rows.repeats != "same_mail") | (rows.repeats == "name_company"), "", mail)


def _need(rows: _Rows, dice: _Dice) -> pa.Array:
    need = _by_industry(rows.company, dice, "need", 2)
    count = pc.cast(pa.array(dice.below(rows.lead, "size", 90) + 3), pa.string())
    parts = [pc.list_element(pc.split_pattern(_join(need, "{n}"), "{n}"), place) for place in (0, 1)]
    vague = dice.pick(rows.lead, "vague need", words.VAGUE_NEEDS)
    return _where(dice.below(rows.lead, "is vague", 100) < 12, vague, _join(parts[0], count, parts[1]))


def _budget(rows: _Rows, dice: _Dice) -> pa.Array:
    low = dice.below(rows.lead, "budget", 190) + 10
    high = low + dice.below(rows.lead, "budget range", 9) * 10 + 10
    values = {"{w}": low, "{v}": high, "{s}": low % 8 + 1}
    return _filled(words.BUDGETS, dice.below(rows.lead, "budget form", len(words.BUDGETS)), values)


def _filled(forms: Sequence[str], which: NDArray[np.int64], values: dict[str, NDArray[np.int64]]) -> pa.Array:
    """Each form with its places filled, taken where `which` says."""
    texts = {place: pc.cast(pa.array(numbers), pa.string()) for place, numbers in values.items()}
    return pc.choose(pa.array(which), *(_fill(form, texts, len(which)) for form in forms))


def _fill(form: str, texts: dict[str, pa.Array], length: int) -> pa.Array:
    parts: list[pa.Array | str] = [form]
    for place, text in texts.items():
        parts = [
            piece
            for part in parts
            for at, bit in enumerate(part.split(place) if isinstance(part, str) else [part])
            for piece in ([text, bit] if at else [bit])
        ]
    return _join(pa.array([""] * length), *parts)


def _chain(rows: _Rows, dice: _Dice) -> pa.Array:
    return dice.pick(rows.lead, "chain", words.CHAINS)


def _date(rows: _Rows, dice: _Dice) -> pa.Array:
    """The stated time of contact; a repeating row states one of its own."""
    key = rows.manner
    minutes = dice.below(key, "hour", _HOURS) * 60 + dice.below(key, "minute", 60)
    moments = pa.array(np.datetime64("2025-06-01", "s") + minutes.astype("timedelta64[m]"))
    forms = [pc.strftime(moments, form) if form else pa.nulls(len(key), pa.string()) for form in words.DATES]
    return pc.fill_null(pc.choose(pa.array(dice.below(key, "date form", len(forms))), *forms), "")


def _region(rows: _Rows, dice: _Dice) -> pa.Array:
    forms = [[city[1] + city[0] if city[1] != city[0] else city[0] for city in words.CITIES],
             [city[0] for city in words.CITIES], [city[0].removesuffix("市") for city in words.CITIES],
             [""] * len(words.CITIES)]  # fmt: skip
    picked = [dice.pick(rows.company, "city", form) for form in forms]
    return pc.choose(pa.array(dice.below(rows.lead, "region form", 4)), *picked)


def _urgency(rows: _Rows, dice: _Dice) -> pa.Array:
    return dice.pick(rows.lead, "urgency", words.URGENCIES)


def _note(rows: _Rows, dice: _Dice) -> pa.Array:
    return dice.pick(rows.manner, "note", words.NOTES)


def _spoiled(table: pa.Table, rows: _Rows, dice: _Dice) -> pa.Table:
    """Blank required fields here and there, and put test rows and rubbish among the rest."""
    roll = dice.below(rows.manner, "spoiled", 1000)
    blanks: dict[str, Callable[[NDArray[np.int64]], Mask]] = {
        "公司名称": lambda at: at < 3,
        "联系人": lambda at: (at >= 3) & (at < 13),
        "需求描述": lambda at: (at >= 13) & (at < 23),
        "电话": lambda at: (at >= 23) & (at < 30),
    }
    written = {
        "公司名称": ((30, 34, "测试公司"),),
        "联系人": ((30, 34, "测试"), (34, 40, "王总")),
        "电话": ((30, 34, "11111111111"), (40, 43, "1.38E+10"), (43, 45, "请发邮件")),
        "需求描述": ((45, 50, "求职，销售岗位还招人吗"), (50, 54, "我们做网站推广，可以合作")),
        "预算范围": ((54, 60, "预算充足"),),
        "首次接触时间": ((60, 66, "上周三"),),
    }
    for name in {**blanks, **written}:
        column = table[name].combine_chunks()
        if name in blanks:
            column = _where(blanks[name](roll), "", column)
        for low, high, word in written.get(name, ()):
            column = _where((roll >= low) & (roll < high), word, column)
        table = table.set_column(table.column_names.index(name), name, column)
    return table


_MAKERS = (_external_id, _source, _company, _industry, _contact, _title, _phone, _email, _need, _budget, _chain,
           _date, _region, _urgency, _note)  # fmt: skip
