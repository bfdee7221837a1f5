"""Chinese numerals in running text: 二十五 → 25, 一万八 → 18000, 七八十万 → 70-80万."""

import math
import re

_FIGURES = "零一二三四五六七八九"
_DIGITS = {char: float(place) for place, char in enumerate(_FIGURES)} | {"〇": 0.0, "两": 2.0}
_FORMAL = str.maketrans("壹贰叁肆伍陆柒捌玖拾佰仟萬億兩俩參貳陸", "一二三四五六七八九十百千万亿两两三二六")
_SMALL = {"十": 10.0, "百": 100.0, "千": 1000.0}
_RUN = re.compile(r"[\d.]*[零〇一二三四五六七八九两十百千万亿][\d.零〇一二三四五六七八九两十百千万亿点]*")
_ATOM = re.compile(r"\d+(?:\.\d+)?|.")
_PAIR = re.compile(r"([一二两三四五六七八九])([二两三四五六七八九])")
_POSITIONAL = re.compile(r"[零〇一二三四五六七八九]{3,}")
_UNIT_TAIL = re.compile(r"[万亿千]+$")


def plain_numerals(text: str) -> str:
    """Return the text with every Chinese numeral as figures; a last 万, 亿 or 千 stays as the unit."""
    return _RUN.sub(lambda match: _rewrite(match[0]), text.translate(_FORMAL))


def numeral(text: str) -> float | None:
    """Return the value of one numeral («一百二十», «1万8», «二十五点五», «二〇二六»), None when it is none."""
    value = _read(text)
    return value if value is not None and math.isfinite(value) else None


def _read(text: str) -> float | None:
    if _POSITIONAL.fullmatch(text):
        return float("".join(f"{_DIGITS[char]:.0f}" for char in text))
    whole, dot, part = text.partition("点")
    value = _value(whole)
    if not dot or value is None or math.isinf(value):
        return value
    digits = "".join(f"{_DIGITS[char]:.0f}" if char in _DIGITS else char for char in part)
    return float(f"{int(value)}.{digits}") if digits.isdecimal() and digits.isascii() else None


def figures(value: float) -> str:
    """Return a number as people write it: no exponent, no needless decimals."""
    return f"{value:.0f}" if value == int(value) else f"{value:.4f}".rstrip("0").rstrip(".")


def _rewrite(run: str) -> str:
    tail = _UNIT_TAIL.search(run)
    unit = tail[0] if tail else ""
    head = run[: len(run) - len(unit)]
    if re.search("[万亿]", head):  # «1亿2千万» is one amount, its last unit is not shared
        head, unit = run, ""
    pair = None if _POSITIONAL.fullmatch(head) else _PAIR.search(head)
    if pair and _DIGITS[pair[1]] < _DIGITS[pair[2]]:
        values = [numeral(head[: pair.start()] + digit + head[pair.end() :]) for digit in pair.groups()]
    else:
        values = [numeral(head)] if head else [None]
    if None in values:
        return run
    return "-".join(figures(value) for value in values if value is not None) + unit


def _value(text: str) -> float | None:
    if text.endswith("两") and len(text) > 1:  # a count of what follows: 30万两档
        return None
    total, section, last = 0.0, 0.0, 1.0
    current: float | None = None
    for atom in _ATOM.findall(text):
        if atom in _SMALL:
            section += (1.0 if current is None else current) * _SMALL[atom]
            current, last = None, _SMALL[atom]
        elif atom in ("万", "亿"):
            inner = section + (current or 0.0)
            total = (total + inner or 1.0) * 1e8 if atom == "亿" else total + (inner or 1.0) * 1e4
            section, current, last = 0.0, None, 1e8 if atom == "亿" else 1e4
        else:
            figure = _figure(atom)
            if figure is None or current:  # two figures side by side are no amount
                return None
            current, last = figure, last if figure else 1.0
    # «一百二» is 120, «1万8» is 18000; «一百零二» and «二十二» are what they say.
    spoken = last / 10 if last >= 100 and current is not None and current < 10 else 1.0
    return total + section + (current or 0.0) * spoken


def _figure(atom: str) -> float | None:
    if atom in _DIGITS:
        return _DIGITS[atom]
    try:
        return float(atom) if atom[0].isascii() else None
    except ValueError:
        return None
