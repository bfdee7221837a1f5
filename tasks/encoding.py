"""Which encoding the bytes of a text file are in, found out in bounded memory."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa

from tasks.unreadable import UnreadableFile

BLOCK = 1 << 20
#: The byte order mark in GB18030; Python has no codec that takes it away.
GB18030_MARK = "\ufeff".encode("gb18030")
# A record of a lead list is a few kilobytes; a line beyond this is no table row,
# and reading it whole is what exhausts memory.
MAX_LINE = 4 << 20
# One damaged byte must not refuse a big export; beyond this share the guess is wrong.
MAX_BAD_SHARE = 0.001

_BEYOND_ASCII = 0x80
# bytes of the longest sign of UTF-8
_LONGEST = 4
_HALF_NIL = 0.4
# what no text holds but as a half of a sign of UTF-16
_CONTROLS = re.compile(rb"[\x01-\x08\x0e-\x1a\x1c-\x1f\x7f]")
# Chinese is written in everyday signs for the most part; the letters of a western text beyond ASCII stand alone.
_CHINESE, _WESTERN = 0.5, 0.6
# Another script, read as Chinese, has few everyday signs; so many signs are enough to say so, or that it is Big5.
_OTHER, _TELLING, _PROVING = 0.25, 8, 3
# where GB 2312 has its 3,755 signs of the first level, and Big5 its 5,401
_COMMON_GB, _COMMON_BIG5 = ("gb18030", range(0xB0, 0xD8)), ("big5hkscs", range(0xA4, 0xC7))
_KANA_SIGNS = frozenset(map(chr, range(0x3041, 0x30FF)))
_HANGUL, _IDEOGRAPHS = ("\uac00", "\ud7a3"), ("\u4e00", "\u9fff")
# bytes that are enough to tell Chinese encodings apart
_LOOK = 1 << 16
# the last plane of Unicode
_HIGHEST_PLANE = 0x10

# Japanese without kana is as rare as Chinese with many. Half of all Chinese signs lie, in the order of GB 2312, behind
# those that Korean reads as its syllables: so many different ones without any other are Korean, hanja being few.
_KANA, _SYLLABLES, _HANJA = 0.2, 20, 0.05
# signs that switch to another script within plain ASCII: ISO-2022-JP, -KR and -CN, HZ
_SWITCHES = re.compile(rb"\x1b\$[@-Z(-*]|~\{(?:[!-}]{2})+~\}")

# bytes beyond ASCII for each one that is not sound, from which UTF-8 is certain
_SURE = 8
_HIGH = bytes(range(_BEYOND_ASCII, 256))

_MAGIC = {
    b"PK\x03\x04": "damaged",
    b"\xd0\xcf\x11\xe0": "damaged",
    b"%PDF": "binary",
    b"\x1f\x8b": "binary",
    b"\x89PNG": "binary",
    b"Rar!": "binary",
    b"7z\xbc\xaf": "binary",
}
# what many systems export as .xls
_MARKUP = (b"<html", b"<!doctype", b"<?xml", b"<table", b"<meta", b"<style")


def is_markup(head: bytes) -> bool:
    """Whether a file begins like a web page or XML, in whatever encoding."""
    plain = head[:200].replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    return plain.lower().startswith(_MARKUP)


@dataclass(frozen=True)
class Encoding:
    """How to decode a file: codec name, characters lost on the way, NULs inside."""

    name: str
    bad: int = 0
    nuls: int = 0


def possible_encodings(path: Path, max_line: int = MAX_LINE) -> tuple[Encoding, ...]:
    """Decode the whole file block by block and name the encodings that hold, the best first.

    The ladder: byte order mark, NUL pattern (UTF-32, UTF-16), ASCII, UTF-8, then by the look of the first text
    beyond ASCII GB18030, Big5 or Windows-1252. Raises UnreadableFile.
    """
    with path.open("rb") as file:
        head = file.read(1 << 16)
    if not head.strip(b"\r\n\t \x00\x1a\xef\xbb\xbf\xff\xfe"):
        raise UnreadableFile("empty")
    for magic, code in _MAGIC.items():
        if head.startswith(magic):
            raise UnreadableFile(code)
    if is_markup(head):
        raise UnreadableFile("html")
    if head.isascii() and _SWITCHES.search(head):
        raise UnreadableFile("encoding")
    wide, unit = _wide(head)
    tries = [_Try(wide)] if wide else [_Try(name) for name in _narrow(head)]
    nuls = _scan(path, tries, max_line, unit)
    return _choose(tries, 0 if wide else nuls, path.stat().st_size)


@dataclass
class _Try:
    """One encoding on trial over all blocks of a file."""

    name: str
    bad: int = 0
    chars: int = 0
    high: int = 0
    decoder: codecs.IncrementalDecoder = field(init=False)

    def __post_init__(self) -> None:
        self.decoder = codecs.getincrementaldecoder(self.name)(errors="replace")

    @property
    def is_sure(self) -> bool:
        """Whether it is UTF-8 for certain, a damaged place or two aside: nothing else has its pattern by chance."""
        return self.name.startswith("utf-8") and self.high > _SURE * self.bad

    def take(self, block: bytes, final: bool) -> None:
        self.high += len(block) - len(block.translate(None, _HIGH)) if self.name.startswith("utf-8") else 0
        if self.name == "utf-8" and self._is_whole(block, final):
            return
        text = self.decoder.decode(block, final)
        self.chars += len(text)
        self.bad += text.count("\ufffd")
        if self.name.startswith("utf-8"):  # a replacement character that the file itself holds
            self.bad = max(0, self.bad - block.count(b"\xef\xbf\xbd"))

    def _is_whole(self, block: bytes, final: bool) -> bool:
        """Take a block that is sound UTF-8 up to a sign that it cuts off; checking is much faster than decoding."""
        before: bytes = self.decoder.getstate()[0]
        cut = len(block) if final else _last_sign(block)
        if not is_utf8(before + block[:cut]):
            return False
        # at least so many: what is told by it is a share of characters that are not sound
        self.chars += cut // _LONGEST
        self.decoder.setstate((block[cut:], 0))
        return True


def is_utf8(octets: bytes) -> bool:
    """Whether bytes are sound UTF-8."""
    offsets = pa.py_buffer(np.array([0, len(octets)], np.int64))
    try:
        pa.LargeStringArray.from_buffers(1, offsets, pa.py_buffer(octets)).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _last_sign(block: bytes) -> int:
    """Where the last sign of a block begins, which may go on in the next one."""
    for at in range(len(block) - 1, max(-1, len(block) - 1 - _LONGEST), -1):
        if block[at] & 0xC0 != 0x80:
            return at if block[at] >= _BEYOND_ASCII else len(block)
    return len(block)


def _narrow(head: bytes) -> tuple[str, ...]:
    if head.startswith(GB18030_MARK):
        return ("gb18030",)
    return ("utf-8-sig" if head.startswith(codecs.BOM_UTF8) else "utf-8",)


def _legacy(block: bytes) -> tuple[str, ...]:
    """The encodings other than UTF-8 that a block with text beyond ASCII may be in, the likeliest first.

    Nearly every pair of bytes of Big5, and many of Windows-1252, are a sign of GB18030 too: only the look of it tells.
    """
    lines = b"".join(line for line in block.splitlines(keepends=True) if not line.isascii())[:_LOOK]
    if _is_japanese(lines) or _is_korean(lines):
        return ()
    simplified, traditional = (_common_share(lines, *common) for common in (_COMMON_GB, _COMMON_BIG5))
    signs = len(list(filter(_not_ascii, lines.decode("gb18030", "replace"))))
    plausible = max(simplified, traditional)
    if plausible < _CHINESE and (_single_share(lines) > _WESTERN or (plausible == 0 and signs < _TELLING)):
        return ("cp1252",)
    if plausible < _OTHER and signs >= _TELLING:
        return ()  # a script that is not read: better refused than read as signs that nobody wrote
    # a name or two of rare signs prove nothing
    is_big5 = traditional > simplified and signs >= _PROVING
    return ("big5hkscs", "gb18030") if is_big5 else ("gb18030",)


def _is_japanese(text: bytes) -> bool:
    """Whether text is EUC-JP: sound as such, and with kana. Japanese in Shift-JIS has few everyday signs of Chinese."""
    signs = list(filter(_not_ascii, text.decode("euc_jp", "replace")))
    kana = sum(map(_KANA_SIGNS.__contains__, signs))
    # the last sign may be cut off
    return signs.count("\ufffd") <= 1 and len(signs) >= _TELLING and kana > _KANA * len(signs)


def _is_korean(text: bytes) -> bool:
    """Whether text is EUC-KR or its extension."""
    read = text.decode("cp949", "replace")
    signs = set(filter(_not_ascii, read))
    syllables, hanja = (sum(first <= sign <= last for sign in signs) for first, last in (_HANGUL, _IDEOGRAPHS))
    return read.count("\ufffd") <= 1 and syllables >= _SYLLABLES and hanja <= _HANJA * syllables


def _single_share(text: bytes) -> float:
    """How many of the runs of bytes beyond ASCII are a single byte."""
    high = np.frombuffer(text, np.uint8) >= _BEYOND_ASCII
    runs = np.diff(np.flatnonzero(np.diff(high, prepend=False, append=False)))[::2]
    return float((runs == 1).mean())


def _common_share(text: bytes, codec: str, leads: range) -> float:
    """How much of the text beyond ASCII are everyday signs, read by a codec; `leads`: the first bytes of such signs."""
    signs = list(filter(_not_ascii, text.decode(codec, "replace")))
    return sum(map(_everyday(codec, leads).__contains__, signs)) / max(1, len(signs))


def _not_ascii(sign: str) -> bool:
    return not sign.isascii()


@cache
def _everyday(codec: str, leads: range) -> frozenset[str]:
    pairs = bytes(byte for lead in leads for tail in range(0xA1, 0xFF) for byte in (lead, tail))
    low = bytes(byte for lead in leads for tail in range(0x40, 0x7F) for byte in (lead, tail))
    return frozenset((pairs + low if codec.startswith("big5") else pairs).decode(codec, "ignore"))


def _wide(head: bytes) -> tuple[str | None, int]:
    """The encoding of several bytes a sign, and how many; UTF-32 first, whose mark begins with that of UTF-16."""
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32", 4
    if name := _utf32(head):
        return name, 4
    name = _utf16(head)
    return name, 2 if name else 1


def _utf32(head: bytes) -> str | None:
    """No sign is beyond U+10FFFF, so of its four bytes the highest is nil and the next at most 16."""
    signs = np.frombuffer(head[: len(head) // 4 * 4], dtype=np.uint8).reshape(-1, 4)
    if not len(signs):
        return None
    if (signs[:, 3] == 0).all() and (signs[:, 2] <= _HIGHEST_PLANE).all():
        return "utf-32-le"
    if (signs[:, 0] == 0).all() and (signs[:, 1] <= _HIGHEST_PLANE).all():
        return "utf-32-be"
    return None


def _utf16(head: bytes) -> str | None:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    bytes_ = np.frombuffer(head[: len(head) // 2 * 2], dtype=np.uint8)
    even, odd = (int((bytes_[side::2] == 0).sum()) for side in (0, 1))
    # where all else is ASCII every other byte is nil, but for a sign or two; of Chinese at least those of the line ends
    plain = head.replace(b"\0", b"").isascii() and not _CONTROLS.search(head)
    enough = max(1, int(_HALF_NIL * len(bytes_))) if plain else len(bytes_) // 40 + 1
    if odd > enough and odd > 10 * even:
        return "utf-16-le"
    if even > enough and even > 10 * odd:
        return "utf-16-be"
    return None


def _scan(path: Path, tries: list[_Try], max_line: int, unit: int) -> int:
    """Run the trials over every block; returns the NUL bytes seen."""
    nuls = run = 0
    ascii_only = True
    for block, final in _blocks(path):
        run = _open_run(block, run, max_line * unit)
        nuls += block.count(0) if 0 in block else 0
        # While all is ASCII every candidate agrees: the decoders start at the first other byte.
        if ascii_only and block.isascii() and tries[0].name == "utf-8":
            continue
        if ascii_only and unit == 1:
            tries += map(_Try, _legacy(block))
        ascii_only = False
        for trial in tries:
            trial.take(block, final)
        if len(tries) > 1 and tries[0].bad == 0 and tries[-1].bad > 1000:
            del tries[1:]
    if ascii_only:
        tries[:] = [_Try("ascii")]
    return nuls


def _open_run(block: bytes, run: int, limit: int) -> int:
    """Bytes since the last line end; refuses a line that outgrows the limit."""
    first = min((at for at in (block.find(b"\n"), block.find(b"\r")) if at >= 0), default=-1)
    longest = run + (len(block) if first < 0 else first)
    if longest > limit:
        raise UnreadableFile("long_line")
    if first < 0:
        return longest
    return len(block) - 1 - max(block.rfind(b"\n"), block.rfind(b"\r"))


def _blocks(path: Path) -> Iterator[tuple[bytes, bool]]:
    with path.open("rb") as file:
        block = file.read(BLOCK)
        while block:
            following = file.read(BLOCK)
            yield block, not following
            block = following


def _choose(tries: list[_Try], nuls: int, size: int) -> tuple[Encoding, ...]:
    if nuls > max(16, size // 1000):
        raise UnreadableFile("binary")
    held = [trial for trial in tries if trial.bad <= max(1, trial.chars * MAX_BAD_SHARE)]
    if not held:
        raise UnreadableFile("encoding")
    held.sort(key=lambda trial: 0 if trial.is_sure else trial.bad)
    return tuple(Encoding(trial.name, trial.bad, nuls) for trial in held)
