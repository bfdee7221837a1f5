"""The lines of a story: at most 100 columns, Chinese signs counted as two."""

import re
import unicodedata
from collections.abc import Iterator

_WIDTH = 100


def wrapped(text: str) -> Iterator[str]:
    """Lines of at most 100 columns; what a Chinese sign takes is two of them."""
    indent = " " * (len(text) - len(text.lstrip()) + 2)
    line, width = "", 0
    for piece in _PIECES.findall(text):
        step = sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in piece)
        if width + step > _WIDTH and line.strip():
            yield line.rstrip()
            line, width = indent, len(indent)
            piece = piece.lstrip()
        line, width = line + piece, width + step
    yield line.rstrip()


# a number or an address is never broken; no line begins with a closing sign or ends with an opening one
_PIECES = re.compile(r"[（“(«]*(?:[\w@.+*'-]+|.)[，。；：、）”！？,;:)»]*", re.ASCII)
