"""The ways a header is dressed: numbers of questions, courtesies, prefixes of exports, two names in one header."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

_NUMBER = re.compile(r"^\s*(?:q|问题|问|第)?\s*\d{1,3}\s*题?\s*[._、,:)\-\s]\s*(?=\S)")
# «is asked for» and «your» before a name, and what makes a question of it behind
_BEFORE = re.compile(r"^(?:请(?:问|您|选择|填写|填|输入|留下|提供|描述)*)?(?:您|你|贵)?们?(?:所在的|目前的|公司的|的)?")
_BEHIND = re.compile(r"(?:(?:是|为|有)?(?:多少|什么|哪里|哪个|哪些|哪一?种|怎么?样)?)?[?!。]*$")
_QUESTION = re.compile(r"[?吗]|^(?:请|您|你|贵)|\b(?:what|which|when|how|your|please|who|where)\b")
_WHOSE = re.compile(
    r"^(?:person|contact|lead|organi[sz]ation|company|account|primary|main|mailing|billing|user|customer|client|your|the"
    r"|primary address|company address|address \d|deal|opportunity|inquiry|enquiry|prospect|buyer)$"
)
_DASH = re.compile(r"\s+[-–—|>]\s+|::|(?<=\d):\s+")
# whose the thing is, within one word: 访客电话, 采购商公司名, primary contact email
_WHOSE_ZH = re.compile(
    r"^(?:主要|首要|第一)?(?:访客|客户|买家|买方|采购商|采购方|线索|销售线索|商机|联系人|潜客|留言|报名|用户)的?(?=..)"
)
_WHOSE_EN = re.compile(
    r"^(?:(?:primary|main|contact|lead|deal|opportunity|person|buyer|visitor|prospect|inquiry|enquiry|custom)[ .]+)+"
)
_HAN, _LATIN = r"[\u4e00-\u9fff][\u4e00-\u9fff·、（）()]*", r"[a-z][a-z0-9 .'&/-]*"
_TWO_TONGUES = re.compile(rf"^({_HAN})\s*[/|]?\s*{_LATIN}$|^{_LATIN}?\s*[/|]?\s*({_HAN})$")
# the name and the title of a deal are none of a person
_OF_A_THING = re.compile(r"^(?:deal|opportunity|inquiry|enquiry|custom)[ .]+(?:name|title)$")
# whose number is a record's own
_RECORD = re.compile(r"^(?:\d|lead\b|person\b|contact\b|线索|销售线索)")
_SECOND = re.compile(r"(?<=\D)[ _#]*[1-9]$")
_BOTH = re.compile(r"[/／、&+]|(?<=\S)\s+(?:及|和|与)\s+(?=\S)")
_MOST_WORDS = 60


def plain(text: str) -> str:
    """A header in one width and case."""
    return unicodedata.normalize("NFKC", text).casefold().strip()


def undressed(text: str) -> Iterator[str]:
    """What may be the name of a column in a header that nobody knows as it stands, the likeliest first.

    text: plain. «1、您的手机号码？» gives «手机号码»; «person - phone - mobile» gives «phone mobile», then «phone».
    """
    bare = _NUMBER.sub("", text.replace("_", " ") if " " not in text else text)
    if bare != text:
        yield bare
    parts = [part for part in _DASH.split(bare) if part]
    joined = " ".join(parts)
    if len(parts) > 1 and _WHOSE.match(parts[0]) and not _OF_A_THING.match(joined):
        yield " ".join(parts[1:])
        yield from parts[1:2]
    found = _TWO_TONGUES.match(bare)
    chinese = (found[1] or found[2]).strip() if found else bare
    whose = "" if _OF_A_THING.match(joined) else _WHOSE_EN.sub("", joined)
    yield from (form for form in (chinese, _WHOSE_ZH.sub("", chinese), whose) if form and form != bare)
    asked = _BEHIND.sub("", _BEFORE.sub("", bare))
    if asked and asked != bare:
        yield asked
        yield asked.replace("的", "")


def numbered(text: str) -> str:
    """A header without the number behind it: «email 2» is one more of «email»."""
    return _SECOND.sub("", text)


def is_of_record(text: str) -> bool:
    """Whether a header speaks of the record itself: the number of a company, a form or an advertisement is none."""
    return bool(_RECORD.match(text))


def both(text: str) -> list[str]:
    """The two names that one header joins: «姓名/职务»; none where there is one."""
    parts = [part.strip() for part in _BOTH.split(text)]
    return parts if len(parts) == 2 and all(parts) else []


def is_question(text: str) -> bool:
    """Whether a header asks its reader something, as those of form builders do."""
    return len(text) <= _MOST_WORDS and bool(_NUMBER.match(text) or _QUESTION.search(text.replace("_", " ")))
