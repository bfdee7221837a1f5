"""Regions down to the city, from a gazetteer of its own (H2-1-quality); what is ambiguous stays unknown."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

_PEOPLES = (
    "朝鲜|土家|苗|藏|羌|彝|布依|侗|哈尼|壮|傣|白|景颇|傈僳|回|黎|满|瑶|畲|土|东乡|裕固|撒拉|仡佬|水|佤|拉祜|纳西|独龙"
    "|怒|普米|蒙古"
)
_SUFFIX = re.compile(
    rf"(?:(?:(?:{_PEOPLES})族)+|维吾尔|蒙古|哈萨克|柯尔克孜)?自治[州区县旗]$|特别行政区$|地区$|林区$|新区$|[省市盟县旗]$|(?<=..)区$"
)
_LABEL = re.compile(
    r"^(?:(?:公司|单位|客户|详细|收货|办公|联系|注册|所在|所属)*(?:地址|地区|区域|城市|省市|所在地)|坐标|位于)\s*[:：]\s*"
)
_ENGLISH_KIND = re.compile(r"(?<=[a-z]) (?:district|city|province|municipality)\b")
_POSTCODE = re.compile(r"(?<=\D)\d{6}$")
# the name of a road is no region: 上海北京东路
_ROAD = re.compile(r"[^省市区县\d]{2,6}?(?:路|大道|大街|街(?!道)|巷|弄)")
_REVERSED = re.compile(r"^([^\s,，/、]+)[\s,，]+([^\s,，/、]+)$")
_NOISE = re.compile(r"[\s\-_/\\|,，.。·>、;；:：()（）\[\]【】'\"]+|省?省?直辖县(?:级行政区划|级|市)?|市辖区")
_SEPARATORS = re.compile(r"(?:[\s/\\|,，、;；和及与或&]|(?<![a-z])(?:or|and)(?![a-z]))+")
_COUNTRY = re.compile(r"^(?:中华人民共和国|中国|china|cn|prc)(?=.)|(?<=.)(?:china|prc|中国)$")
_AREA = re.compile(
    r"^(?:华东|华南|华北|华中|西南|西北|东北|长三角|珠三角|京津冀|大湾区)(?:地区|大区|片区|区域|区)?(?=.)"
)
_WHOLE = re.compile(r"(?<=..)(?:市区|市内|全市|全省|省内|周边|全境|境内)$")
_LATIN_TAIL = re.compile(
    r"(?:shi|city|sheng|province|municipality|district|qu|newarea|hightech|industrialpark"
    r"|(?:hightech|development|industrial)?zone)+"
)

Place = tuple[str, str]  # province, city (the same for a municipality)


@dataclass(frozen=True)
class Gazetteer:
    """Every name of a place and the cities that it may mean.

    `names`: what a name means alone, where a city goes before a district of the same name (朝阳); `below`: what it
    may mean behind the name of its province (北京朝阳).
    """

    provinces: Mapping[str, str]
    names: Mapping[str, frozenset[Place]]
    below: Mapping[str, frozenset[Place]]
    cities: frozenset[str]
    longest: int = field(default=12)

    @classmethod
    def of(cls, value: Mapping[str, Any], unsure: Iterable[str] = ()) -> "Gazetteer":
        """Build it from the values of V-REGION and V-REGION-UNSURE."""
        provinces: dict[str, str] = {}
        cities: dict[str, set[Place]] = {}
        counties: dict[str, set[Place]] = {}
        for province, entry in value["provinces"].items():
            provinces |= {province: province, entry["short"]: province}
            for city, below in entry["cities"].items():
                place = (province, city)
                for name in _spellings(city):
                    cities.setdefault(name, set()).add(place)
                for county in below.split():
                    for name in {county, _stem(county)} - {""}:
                        counties.setdefault(name, set()).add(place)
        below = {name: cities.get(name, set()) | counties.get(name, set()) for name in {**counties, **cities}}
        for name in value["ambiguous"].split():
            counties.pop(name, None)
        names = {**counties, **cities}
        for name in unsure:
            names.pop(name, None)
        for alias, target in value["aliases"].items():
            if target in provinces and not cities.get(target):
                provinces[alias] = target
            else:
                names[alias] = below[alias] = cities[target]
        return cls(provinces, _frozen(names), _frozen(below), frozenset(cities), max(map(len, [*names, *provinces])))

    def city(self, text: str) -> str | None:
        """Return «浙江省嘉兴市», «北京市», «浙江省» when no more is said, or None."""
        plain = _LABEL.sub("", unicodedata.normalize("NFKC", text).lower().strip())
        plain = _ENGLISH_KIND.sub("", _POSTCODE.sub("", plain))
        two = None if plain.isascii() else _REVERSED.match(plain)
        if two and two[2] in self.provinces and two[1] not in self.provinces:
            plain = f"{two[2]} {two[1]}"  # 朝阳 北京
        if self._several(plain):
            return None
        lean = _WHOLE.sub("", _AREA.sub("", _COUNTRY.sub("", _NOISE.sub("", plain))))
        if lean in self.provinces:
            return self.provinces[lean]
        if lean in self.names:
            return _one(self.names[lean])
        province, rest = self._province(lean)
        if province is None:
            found = self._first(lean) or self._in_english(plain)
            return _one(found) if found else self._english_province(plain)
        return self._within(province, rest)

    def _several(self, plain: str) -> bool:
        """Tell whether two cities are named side by side (杭州、宁波), of which none is the region."""
        every = [self._bare(part) for part in _SEPARATORS.split(plain)]
        named = [
            part
            for part in every
            if part in self.cities or part in self.provinces or (part.isascii() and part in self.names)
        ]
        if len(named) < 2:
            return False
        first, *others = named
        places = (
            frozenset() if first in self.provinces else self.names.get(first, self.below[first])
        )  # 海南 is the province
        within = {self.provinces[first]} if first in self.provinces else {province for province, _ in places}
        return any(not self._agrees(name, within, places) for name in others)

    def _in_english(self, plain: str) -> frozenset[Place]:
        """The city that the parts of an English address agree on: Tianhe, Guangzhou."""
        named = [self.names[part] for part in plain.replace(" ", "").split(",") if part in self.names]
        return frozenset.intersection(*named) if named and plain.isascii() else frozenset()

    def _english_province(self, plain: str) -> str | None:
        """The province of an English address of which no more is known: Xinyi, Jiangsu."""
        parts = plain.replace(" ", "").split(",") if plain.isascii() else []
        named = {self.provinces[part] for part in parts if part in self.provinces}
        return named.pop() if len(named) == 1 and len(parts) > 1 else None

    def _bare(self, part: str) -> str:
        """A city without the province before it: 广东深圳 is 深圳."""
        for length in (3, 2):
            rest = part[length:].removeprefix("省") if part[:length] in self.provinces else ""
            if rest in self.cities:
                return rest
        return part

    def _agrees(self, name: str, within: set[str], places: frozenset[Place]) -> bool:
        if name in self.provinces:
            return self.provinces[name] in within
        found = self.below[name]
        return bool(found & places) if places else any(province in within for province, _ in found)

    def _province(self, lean: str) -> tuple[str | None, str]:
        for length in range(min(len(lean), self.longest), 1, -1):
            if lean[:length] in self.provinces and self._ends(lean, length):
                return self.provinces[lean[:length]], lean[length:]
            if lean[:length] in self.names and self._ends(lean, length):
                return None, lean
        return None, lean

    def _ends(self, lean: str, length: int) -> bool:
        """Tell whether a name ends there: the xian of «xiantao» is no place."""
        rest = lean[length:]
        if not (lean[:length].isascii() and rest[:1].isascii() and rest):
            return True
        return rest in self.names or rest in self.provinces or bool(_LATIN_TAIL.fullmatch(rest))

    def _within(self, province: str, rest: str) -> str | None:
        rest = rest.removeprefix("省").removeprefix("市") if len(rest) > 1 else rest
        if not rest:
            return province
        if rest in ("省", "市", "区", "县", "旗", "州", "盟"):
            return province if province.endswith(rest) else None
        found = self._first(rest, province)
        if found:
            return _one(found)
        if self.provinces.get(rest) == province:
            return province
        elsewhere = self.provinces.get(rest) or (None if _ROAD.match(rest) else self._first(rest))
        return None if elsewhere else province

    def _first(self, lean: str, province: str | None = None) -> frozenset[Place]:
        for length in range(min(len(lean), self.longest), 1, -1):
            known = self.below if province else self.names
            places = known.get(lean[:length], frozenset())
            found = frozenset(place for place in places if province in (None, place[0]))
            if found and self._ends(lean, length):
                return found
        return frozenset()


def _frozen(names: Mapping[str, set[Place]]) -> dict[str, frozenset[Place]]:
    return {name: frozenset(places) for name, places in names.items()}


def _one(places: frozenset[Place]) -> str | None:
    if len(places) != 1:
        return None
    province, city = next(iter(places))
    return province if city == province else province + city


def _spellings(city: str) -> set[str]:
    stem = _stem(city)
    if not stem:
        return {city}
    if city.endswith("市"):
        return {city, stem}
    # People write 延边州, 延边市 and, with its people, 伊犁哈萨克.
    return {city, stem, city.removesuffix("自治州"), *(stem + tail for tail in ("市", "州", "地区"))}


def _stem(name: str) -> str:
    stem = _SUFFIX.sub("", name)
    return stem if len(stem) > 1 else ""
