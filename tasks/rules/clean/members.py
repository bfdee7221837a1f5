"""The people of a decision chain as written: who they are, of which unit, and what each does in the purchase.

«使用部门李经理、财务王总监，总经理拍板» names three. Read once per distinct text, where a chain is shown or exported:
the chain itself is kept as written, and a new rule reads it anew (H3-1-grade, H1-5.1-checklist; V-CHAIN-MEMBERS).
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tasks.rules.clean.texts import one_of

_HAN = "[\u4e00-\u9fff]"
_LONGEST = 2_000  # characters; behind them stands no chain
_JOINT = re.compile(
    r"\s*(?:和|与|以及|及|跟|同|&|、|\band\b)\s*|\s*(?:都|均|共同|一起|联合|再|来|去|负责|要|需要|自己|本人|亲自)\s*"
)
_COLON = re.compile(r"\s*(?:人|者|方|部门|权)?\s*:")
_APART = re.compile(r"[^\w\s()]")
_ONE_OF_SEVERAL = re.compile(r"\s*[、]\s*")
_TELLS = re.compile(r"\s*(?:人|者|方|部门|权)?(?:在)?\s*(?:[:=]|是|为)\s*")


@dataclass(frozen=True)
class Member:
    """One person or unit of a chain; role: a key of V-CHAIN-MEMBERS `does`, "" where the text does not tell."""

    name: str = ""
    title: str = ""
    unit: str = ""
    role: str = ""

    @property
    def who(self) -> str:
        """Name and title as people say them: 李经理, 王强 总经理, 技术部."""
        if not self.name or not self.title:
            return self.name or self.title or self.unit
        return f"{self.name}{'' if len(self.name) == 1 else ' '}{self.title}"


@dataclass(frozen=True)
class MemberReader:
    """The patterns of V-CHAIN-MEMBERS."""

    token: re.Pattern[str]
    does: tuple[tuple[str, re.Pattern[str]], ...]
    being: tuple[tuple[str, re.Pattern[str]], ...]
    bosses: frozenset[str]

    @classmethod
    def of(cls, value: Mapping[str, Any]) -> "MemberReader":
        """Compile the value of V-CHAIN-MEMBERS."""
        acts = {role: _either(words) for role, words in value["does"].items()}
        does = tuple((role, re.compile(rf"^{pattern}$", re.I)) for role, pattern in acts.items())
        being = tuple((role, re.compile(_either(words), re.I)) for role, words in value["being"].items())
        act = "|".join(acts.values())
        token = re.compile(_token(value, act), re.I)
        return cls(token, does, being, frozenset(value["bosses"]))

    def read(self, text: str | None) -> tuple[Member, ...]:
        """The members in the order of the text, each once; none for a chain that names nobody."""
        lean = unicodedata.normalize("NFKC", text or "")[:_LONGEST]
        walk = _Walk(lean)
        for match in self.token.finditer(lean):
            if match["act"]:
                role = next(role for role, pattern in self.does if pattern.search(match["act"]))
                walk.act(role, match)
            elif (member := self._member(match)) is not None:
                walk.name(member, self._by_being(member), match)
        return tuple(dict.fromkeys(replace(one, role=one.role or self._by_being(one)) for one in walk.found))

    def _member(self, match: re.Match[str]) -> Member | None:
        found = {key: next((match[name] for name in names if match[name]), "") for key, names in _GROUPS.items()}
        member = Member(*(found[key].strip(" .()") for key in ("name", "title", "unit")))
        return member if member.who else None

    def _by_being(self, member: Member) -> str:
        """What one in such a position does, where the text does not tell: 总经理 decides, 采购部 buys."""
        for said in (f"{member.name} {member.title}", member.unit):
            for role, pattern in self.being:
                if said and pattern.search(said):
                    return role
        return _DECIDER if member.title in self.bosses or member.name[1:] in self.bosses else ""


@dataclass
class _Walk:
    """Where a reading stands: who was found, and to whom the next word of action belongs."""

    text: str
    found: list[Member] = field(default_factory=list)
    waiting: list[int] = field(default_factory=list)
    label: str = ""
    end: int = 0

    def act(self, role: str, match: re.Match[str]) -> None:
        """Give the role to those who were just named; else, before a colon, to those who follow: «决策人：王总»."""
        between, self.end, self.label = self.text[self.end : match.start()], match.end(), ""
        near = _JOINT.fullmatch(between) or (len(between) <= _NEAR and not _APART.search(between))
        if self.waiting and near and not _COLON.match(self.text, match.end()):
            for place in self.waiting:
                self.found[place] = replace(self.found[place], role=role)
        elif match["act"].endswith(_ONES) or _TELLS.match(self.text, match.end()):
            self.label = role

    def name(self, member: Member, being: str, match: re.Match[str]) -> None:
        """Take a member: one more, what the last one is, or the label of the next («采购：陈丽»)."""
        between, self.end = self.text[self.end : match.start()], match.end()
        if self.found and self._is_about_the_last(member, between, match):
            last = self.found[-1]
            self.found[-1] = replace(last, unit=last.unit or member.unit, title=last.title or member.title)
            return
        if not (member.name or member.title) and _COLON.match(self.text, match.end()):
            self.label = being
            return
        if not _JOINT.fullmatch(between) or _ONE_OF_SEVERAL.fullmatch(between):
            self.waiting.clear()
        self.found.append(replace(member, role=self.label))
        if not self.label:
            self.waiting.append(len(self.found) - 1)
        if self.text[match.end() : match.end() + 1] not in tuple("、/和及与&"):
            self.label = ""

    def _is_about_the_last(self, member: Member, between: str, match: re.Match[str]) -> bool:
        """«李总（技术）», «张伟 采购经理»."""
        in_brackets = between.strip() == "(" and self.text[match.end() : match.end() + 1] == ")"
        bare = bool(self.found[-1].name) and not self.found[-1].title
        return not member.name and ((between == " " and bare) or (in_brackets and not member.title))


_ONES = ("人", "者")
_DECIDER = "decider"
_NEAR = 2  # letters between who and what he does: 总经理 最终 拍板
_GROUPS = {
    "name": ("n1", "n2", "n3", "n4", "n5", "n6"),
    "title": ("t1", "t2", "t4", "t5", "self"),
    "unit": ("u1", "u2", "u3"),
}


def _token(value: Mapping[str, Any], act: str) -> str:
    """One pattern for a member or an action, tried in this order at each place."""
    ranks = rf"(?:{one_of(value['ranks'])})*"
    title = rf"(?:{ranks}{_either(value['titles'])}(?!办|室|小组|会(?!计)|部(?!长)))"
    short = rf"(?:{one_of(value['short'])})(?![监部公机承体务裁经办])"
    family = rf"(?:{one_of(value['double'])}|[{value['surnames']}])"
    given = rf"(?!{one_of(value['no_names'])}){family}{_HAN}{{1,2}}"
    stop = rf"(?=\s*(?:$|[^\w\s]|[和与及来先再也]|负责|参与|{act}))"
    body = "[^\\W\\d_由报找先再请让给待已是为需要跟和与及的找经向等]"
    ends = one_of(value["unit_ends"])
    unit = rf"(?:{body}{{1,6}}?(?:{ends})|{_either(value['units'])}(?:{ends}|[方口侧线])?)"
    start = r"(?<![^\W\d_])|(?<=[由报找先再请让给待是为需要跟和与及经到向等后])|(?<=最终)|(?<=联系)"
    nick = rf"[小老]{family}{stop}"
    named = rf"(?:{family}{short}|{given}{stop}|{nick})"
    latin = r"(?:(?:mr|ms|mrs|dr)\.?\s+[a-z]+)"
    # a bare word for what is done (采购, 技术) is a unit only where it stands by itself or acts
    acting = rf"{_HAN}?(?:{act})|{_HAN}{{0,2}}(?:负责|确认|同意|意见|参与|[先再来都也])"
    alone = rf"(?:(?<=[部处科组办会方门司厂团心间院室队])|(?=\s*(?:$|[^\w\s]|[和与及跟]|{acting})))"
    return "|".join(
        (
            rf"(?P<self>{_either(value['self'])})",
            rf"(?P<u1>{unit})??的?\s*\(?(?P<t1>{title})\)?(?:\s*[:(]?\s*(?P<n1>{named}|{latin})\)?)?",
            rf"(?P<u2>{unit})??的?\s*(?:(?P<n2>{family}|{given}|{latin})\s*\(?(?P<t2>{title})\)?"
            rf"|(?P<n5>{family})(?P<t5>{short})|(?:{start})(?P<n6>{nick}))",
            rf"(?:{start})(?P<u3>{unit})(?:\s*的?\s*\(?(?P<n3>{named})\)?)?{alone}",
            rf"(?:^|(?<=[,，、;；/+&\s]))(?P<n4>{given})(?:\s*\((?P<t4>[^()]{{1,20}})\))?(?:{stop}|(?=\s))",
            rf"(?P<act>{act})",
        )
    )


def _either(words: Iterable[str]) -> str:
    """A pattern for one of the words; one of letters a-z stands by itself."""
    return rf"(?:{'|'.join(_alone(word) for word in sorted(words, key=len, reverse=True))})"


def _alone(word: str) -> str:
    return rf"(?<![a-z]){re.escape(word)}(?![a-z])" if word.isascii() else re.escape(word)
