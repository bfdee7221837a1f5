"""Chinese numerals in running text: 二十五 → 25, 一万八 → 18000, 七八十万 → 70-80万."""

import re

_DIGITS = dict(zip("零〇一二三四五六七八九", (0, *range(10)), strict=True)) | {"两": 2, "俩": 2, "仨": 3, "半": 0.5}
_FORMAL = str.maketrans("壹贰叁肆伍陆柒捌玖拾佰仟萬億两參貳陸", "一二三四五六七八九十百千万亿二三二六")
_SMALL = {"十": 10, "百": 100, "千": 1000}
_LARGE = {"万": 10_000, "亿": 100_000_000}
_RUN = re.compile(r"[\d.]*[零〇一二三四五六七八九两十百千万亿点][\d.零〇一二三四五六七八九两十百千万亿点半]*")
_ATOM = re.compile(r"\d+(?:\.\d+)?|.")
_PAIR = re.compile(r"([一二三四五六七八九])([一二三四五六七八九])")
_UNIT_TAIL = re.compile(r"[万亿千]+$")


def plain_numerals(text: str) -> str:
    """Return the text with every Chinese numeral as figures; a last 万, 亿 or 千 stays as the unit."""
    return _RUN.sub(lambda match: _rewrite(match[0]), text.translate(_FORMAL))


def numeral(text: str) -> float | None:
    """Return the value of one numeral («一百二十», «1万8», «二十五点五»), None when it is none."""
    whole, dot, part = text.partition("点")
    value = _value(whole)
    if not dot or value is None:
        return value
    digits = "".join(str(_DIGITS.get(char, char)) for char in part)
    return float(f"{int(value)}.{digits}") if digits.isdigit() else None


def _rewrite(run: str) -> str:
    tail = _UNIT_TAIL.search(run)
    unit = tail[0] if tail else ""
    head = run[: len(run) - len(unit)]
    if not head:
        return f"1{unit}" if len(unit) == 1 else run
    pair = _PAIR.search(head)
    if pair and not _PAIR.search(head, pair.start() + 1) and pair[1] < pair[2]:
        values = [numeral(head[: pair.start()] + digit + head[pair.end() :]) for digit in pair.groups()]
        if None not in values:
            return "-".join(f"{value:g}" if value < 1e6 else f"{value:.0f}" for value in values if value is not None) + unit
    value = numeral(head)
    if value is None:
        return run
    return (f"{value:.0f}" if value == int(value) else repr(value)) + unit


def _value(text: str) -> float | None:
    total, section, current = 0.0, 0.0, None
    last = 1.0
    for atom in _ATOM.findall(text):
        if atom[0].isdigit() or atom in _DIGITS:
            figure = float(atom) if atom[0].isdigit() else float(_DIGITS[atom])
            if current:  # two figures side by side are a year or a phone, not an amount
                return None
            current, last = figure, last if figure else 1.0
        elif atom in _SMALL:
            section += (1.0 if current is None else current) * _SMALL[atom]
            current, last = None, float(_SMALL[atom])
        elif atom in _LARGE:
            total = (total + (section + (current or 0.0) or 1.0)) * _LARGE[atom] if _LARGE[atom] > last else (
                total + (section + (current or 0.0)) * _LARGE[atom]
            )
            section, current, last = 0.0, None, float(_LARGE[atom])
        else:
            return None
    if current is None:
        return total + section
    # «一百二» is 120, «1万8» is 18000; «一百零二» and «二十二» are what they say.
    return total + section + current * (last / 10 if last >= 100 and current < 10 else 1.0)
