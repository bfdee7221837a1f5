"""Phone numbers in every written form (H2-1-quality: a number that can be called).

Mobiles, landlines with area and extension, and 400/800 numbers are read by RE2 over whole columns; what that
leaves open (several numbers in a cell, foreign numbers, junk) is read once per distinct text in `phone_text`.
A new mobile segment is accepted as soon as it looks like one: 1, then 3 to 9, then nine digits.
"""

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tasks.rules.clean.phone_text import LAND, MOBILE, SERVICE, SPOKEN, PhoneReader, in_figures
from tasks.rules.clean.texts import (
    TEXT,
    Mask,
    Text,
    among,
    blank_to_null,
    choose,
    flat,
    half_width,
    mapped,
    matches,
    parts,
    placed,
    put,
    stated,
    swap,
    without_blanks,
    without_numbering,
)  # fmt: skip

COLUMNS = ("phone", "phone_kind", "phone2", "phone2_kind", "phone_bad")

_LABEL = (
    r"^(?:(?:联系|办公|移动|公司|固定|工作)?(?:手机|电话|座机|固话)(?:号码|号)?|联系方式|号码|telephone|tel|mobile|cell|phone|fax)"
    r"\s*[.:]?\s*"
)
# Applied in this order; afterwards «x» marks an extension.
_REWRITES = (
    (r"^[='\"`\s]+|['\"`\s]+$", ""),
    (r"^(\d+)\.0+$", r"\1"),
    (_LABEL, ""),
    (r"[\[【](\d{3,4})[\]】]", r"(\1)"),
    (r"^(\d{1,3}),(\d{3}),(\d{3})(?:,(\d{3}))?(?:\.0+)?$", r"\1\2\3\4"),  # a number format with thousands
    (r"(1[3-9]\d)[_/,。·*~|、](\d{4})[_/,。·*~|、](\d{4})", r"\1-\2-\3"),
    (r"^[+(]*(?:00)?86\)?[\s+-]+([+(]*(?:00)?86[)\s-]*1[3-9])", r"\1"),  # +86 +86 138…
    (r"区号\s*:?\s*\(?(0\d{2,3})\)?[\s,;、]*(?:(?:座机|电话|固话|号码)\s*:?\s*)?(\d{7,8})", r"\1-\2"),
    (r"^1[\s.-](\(?[2-9]\d{2}\)?[\s.-]+\d{3}[\s.-]\d{4})$", r"+1 \1"),  # as North America writes: 1-415-555-2671
    (r"(^|\D)(0\d{2,3})[_/,、:](\d{7,8})", r"\1\2-\3"),
    (
        r"[\s(\[;,]*(?:转接|(?:再|请)?[转轉](?:分机|分機)?|分机号|分机|分機|内线|內線|->|→|(?:再|请)?拨|按|接|extension|extn|ext|[*#x])[\s)]*[.:=]?\s*(\d{1,6})[)\]]?(\D|$)",
        r"x\1\2",
    ),
    (r"(\d{7,8})(?:\s*\((\d{2,6})\)|,\s*(\d{2,5}))$", r"\1x\2\3"),  # 0571-86012345(8012)
    (r"\([^()\d]*\)|\[[^\[\]\d]*\]|【[^】\d]*】", " "),  # two numbers do not touch then
    (r"^[\p{Han}:\s]+|[\p{Han}:,。!~\s]+$", ""),
)


def read_phones(values: Text, reader: PhoneReader, blanks: Text) -> dict[str, Text]:
    """Return the columns of COLUMNS for a column of cells (null = blank); `blanks` are words that say nothing."""
    plain = matches(values, r"^1[3-9]\d{9}$")
    rest = stated(values) & ~plain
    nothing = pa.nulls(len(values), TEXT)
    result = dict.fromkeys(COLUMNS, nothing)
    result["phone"] = choose(plain, values, None)
    result["phone_kind"] = choose(plain, "mobile", None)
    if rest.any():
        written = _read_written(values.filter(pa.array(rest)), reader)
        result = {name: placed(result[name], rest, part) for name, part in written.items()}
    result = _without_placeholders(result, reader)
    return result | {"phone_bad": without_blanks(result["phone_bad"], values, blanks)}


def _read_written(cells: Text, reader: PhoneReader) -> dict[str, Text]:
    cells = _in_plain_figures(cells)
    lean = rewrite(cells)
    mobile = parts(lean, rf"^{MOBILE}$")["mobile"]
    land = parts(lean, rf"^{LAND}$")
    service = parts(lean, rf"^{SERVICE}$")
    mobile, landline = _digits(mobile), _landline(land)
    service_number = _joined(_digits(service["service"]), service["service_ext"])
    phone = pc.coalesce(mobile, landline, service_number)
    kind = choose(stated(service_number), "service", None)
    kind = choose(stated(landline), choose(stated(land["ext"]), "landline_ext", "landline"), kind)
    kind = choose(stated(mobile), "mobile", kind)
    found = {"phone": flat(phone), "phone_kind": kind, **{name: pa.nulls(len(cells), TEXT) for name in COLUMNS[2:]}}
    rest = ~stated(found["phone"])
    if rest.any():
        slow = _read_rest(cells.filter(pa.array(rest)), lean.filter(pa.array(rest)), reader)
        found = {name: placed(found[name], rest, slow[name]) for name in COLUMNS}
    return found


def _read_rest(cells: Text, lean: Text, reader: PhoneReader) -> dict[str, Text]:
    both = flat(pc.binary_join_element_wise(half_width(cells), lean, pa.scalar("\x1f", TEXT)))
    packed = mapped(both, reader.read)
    split = pc.split_pattern(packed, "\x1f")
    return {name: blank_to_null(flat(pc.list_element(split, place))) for place, name in enumerate(COLUMNS)}


def _in_plain_figures(cells: Text) -> Text:
    """Return the cells with figures for numbers in words."""
    cells = without_numbering(cells)
    return put(cells, matches(cells, SPOKEN), lambda part: mapped(part, in_figures))


def rewrite(cells: Text) -> Text:
    """Return the cells in half width and lower case, without labels and notes, extensions marked with x."""
    lean = pc.utf8_lower(half_width(cells))
    for pattern, replacement in _REWRITES:
        lean = swap(lean, pattern, replacement)
    return lean


def _landline(found: dict[str, Text]) -> Text:
    number = _digits(found["number"])
    whole = pc.binary_join_element_wise(pa.scalar("0", TEXT), found["area"], pa.scalar("", TEXT))
    joined = _joined(flat(pc.binary_join_element_wise(whole, number, pa.scalar("-", TEXT))), found["ext"])
    return choose(matches(number, r"^[2-9]\d{6,7}$"), joined, None)


def _joined(number: Text, extension: Text) -> Text:
    with_extension = pc.binary_join_element_wise(number, extension, pa.scalar("-", TEXT))
    return choose(stated(extension), with_extension, number)


def _digits(values: Text) -> Text:
    return swap(values, r"\D+", "")


def _without_placeholders(result: dict[str, Any], reader: PhoneReader) -> dict[str, Text]:
    nobody: Mask = among(result["phone"], reader.nobody)
    if nobody.any():
        result |= {name: choose(nobody, None, result[name]) for name in ("phone", "phone_kind")}
        result["phone_bad"] = choose(nobody, "placeholder", result["phone_bad"])
    return result
