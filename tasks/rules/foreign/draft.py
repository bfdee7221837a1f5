"""A mapping to start from: what the headers and the values of foreign files look like."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd

from tasks.rules.foreign.tables import column_key

#: Field -> what its header looks like; tried in order, each column is used once.
_LOOKS = {
    "id": r"(^|-)(nr\.?|nummer|número)$|^(opportunity|deal|lead|record|contact|prospect|mql|case|"
    r"order)?[ _]?(id|number|no|uuid|key)$|编号$|^序号$",
    "created": r"creat|^engage|opened|date added|first_seen|entry date|^first_contact_date|录入(时间|日期)|"
    r"创建|^date$|eröffnet|angelegt|erstellt|cread|creaci",
    "first_contact": r"first[ _]?(contact|touch|call|response)|首次(接触|联系)",
    "closed": r"clos(e|ed|ing)[ _]?(date|at|time|on)?$|won[ _]?(date|time|at)|end[ _]?date|(成交|关闭|"
    r"结束)(时间|日期)|abschluss|cierre|cl[ôo]ture",
    "reason": r"(loss|lost|lose|closed lost|churn)[ _]?reason|reason|流失原因|输单原因|丢单原因",
    "source": r"source|origin$|origin |channel|campaign|来源|渠道|quelle|origen|fuente",
    "industry": r"industry|sector|vertical|segment|行业",
    "region": r"region|territory|country|state|city|office|区域|地区|省|城市",
    "size": r"employee|company size|headcount|lead_type|规模|人数",
    "product": r"^product|product( name)?$|产品",
    "grade": r"rating|grade|priority|quality|等级|级别",
    "owner": r"owner|agent|sales_?person|sales[ _]?rep|representative|\brep$|\bsr_?id|assigned|负责人|销售|"
    r"verantwortlich|responsable|vendedor|comercial",
    "team": r"team|manager|department|团队|部门",
    "company": r"account|company|organi[sz]ation|customer|client|公司|客户|kunde|firma|empresa|soci[ée]t",
    "amount": r"amount|value|revenue|price|expected|金额|合同额|summe|betrag|importe|montant",
    "currency": r"currency|币种",
}
_STAGE = r"stage|status|(deal|lead|opportunity)[ _]?state$|phase|阶段|状态|converted|outcome|result|etapa|estado|étape"
_WON = r"^(is[ _]?)?(closed[ _])?won\??$|(?<!not )converted|is_?won|closed ?won|赢单|成交|签约|gewonnen|ganad|gagn"
_LOST = (
    r"\blost\b|closed-?lost|\bloss\b|\bdead\b|disqualified|unqualified|junk|not converted|输单|流失|丢单|"
    r"无效|战败|verloren|perdid|perdu"
)
_PROBABILITY = r"probab|概率|可能性"
#: What stages are called, from the first to the last.
_STEPS = (
    r"prospect|^new|^lead$|raw|潜在|获取|新建", r"open|attempt|contact|engag|work|nurtur|联系|意向",
    r"qualif|mql|需求|分析",
    r"demo|present|meeting|discover|need|value|演示|方案", r"propos|quot|perception|报价", r"negotiat|review|谈判|商务",
    r"contract|commit|sign|合同",
)  # fmt: skip
_OF_LEADS = r"^((opportunity|deal|lead|record)[ _]?)?(id|number|no|uuid|key)$"
#: So many of the values of a column stand in the one that it is joined by.
_ENOUGH = 0.5
#: Values of a stage that are listed.
_VALUES = 40


@dataclass(frozen=True)
class Sample:
    """A file as it is read: its name, header, and cells by c0, c1 …"""

    file: str
    header: tuple[str, ...]
    rows: pd.DataFrame

    @property
    def columns(self) -> dict[str, str]:
        """Key -> header."""
        return {column_key(text): text.strip() for text in self.header if text.strip()}

    def cells(self, key: str) -> pd.Series:
        """The texts of a column by its key."""
        at = next(at for at, text in enumerate(self.header) if column_key(text) == key)
        return pd.Series(self.rows[f"c{at}"]).str.strip()


@dataclass
class _Draft:
    lines: list[str] = field(default_factory=list)
    used: set[tuple[str, str]] = field(default_factory=set)


def draft_mapping(samples: Sequence[Sample]) -> str:
    """Write a mapping for files: the first, which has a row for each lead, and those that can be joined to it."""
    ordered = _in_order(samples)
    draft = _Draft([f"# made from {', '.join(one.file for one in ordered)}: read each line and mend it", ""])
    system = re.sub(r"[^a-z0-9]+", "-", _name(ordered[0]).lower()).strip("-") or "crm"
    draft.lines += [f"system: {system}", "# zone: Europe/Berlin       # of times that name none", "# dates: day-first"]
    key, once = _id_of(ordered[0], _LOOKS["id"])
    versions = ", several: last" if key and not once else ""
    told = "  # an id stands several times: order names the column that tells which row is the last" if versions else ""
    draft.lines += ["files:", f"  - {{name: {_name(ordered[0])}, file: {_quoted(ordered[0].file)}{versions}}}{told}"]
    for at, sample in enumerate(ordered[1:], 1):
        draft.lines.append(_joined(sample, ordered[:at]))
    _fields(draft, ordered)
    if not _result(draft, ordered[0]) and (found := _like(ordered, _LOOKS["closed"], set())):
        # nothing else tells how a lead ended
        column = _quoted(_reference(*found, ordered))
        draft.lines += ["result:", f"  - {{when: {{{column}: {{filled: true}}}}, then: won}}", "  - {then: open}"]
    return "\n".join(draft.lines) + "\n"


def _name(sample: Sample) -> str:
    return re.sub(r"[^\w-]+", "_", sample.file.rsplit(".", 1)[0]).strip("_") or "leads"


def _quoted(text: str) -> str:
    return "'" + " ".join(text.split()).replace("'", "''") + "'"


def _in_order(samples: Sequence[Sample]) -> list[Sample]:
    """The file with the leads first, then always the one that can be joined best to those before it."""
    left = sorted(samples, key=lambda one: (-bool(_stage_of(one)), -len(one.rows)))
    ordered = [left.pop(0)]
    while left:
        best = max(left, key=lambda one: next((pair[0] for pair in _pairs(one, ordered)), 0.0))
        left.remove(best)
        ordered.append(best)
    return ordered


def _pairs(sample: Sample, before: Sequence[Sample]) -> list[tuple[float, bool, str, Sample, str]]:
    """Columns whose values stand in a column of this file, each there once: how many, whether by one name, which."""
    found = []
    for own in sample.columns:
        cells = sample.cells(own)
        values = set(cells[cells != ""].str.casefold())
        if not values or len(values) < int((cells != "").sum()):
            continue
        for other in before:
            for key in other.columns:
                wanted = set(other.cells(key).str.casefold()) - {""}
                common = len(wanted & values)
                # a file of outcomes has but few of the leads, and only leads
                share = common / min(len(wanted), len(values)) if own == key else common / max(len(wanted), 1)
                if common and share >= _ENOUGH:
                    found.append((share, own == key, own, other, key))
    return sorted(found, key=lambda one: (one[1], one[0]), reverse=True)


def _joined(sample: Sample, before: Sequence[Sample]) -> str:
    head = f"  - {{name: {_name(sample)}, file: {_quoted(sample.file)}, join: "
    if pairs := _pairs(sample, before):
        _, _, own, other, key = pairs[0]
        return f"{head}{{{_quoted(sample.columns[own])}: {_quoted(_reference(other, key, before))}}}}}"
    shared = next(((key, one) for key in sample.columns for one in before if key in one.columns), None)
    if shared is None:
        return head + "{ITS COLUMN: 'THE OTHER''S COLUMN'}}"
    key, other = shared
    reference = _quoted(_reference(other, key, before))
    return f"{head}{{{_quoted(sample.columns[key])}: {reference}}}, several: first}}"


def _fields(draft: _Draft, samples: Sequence[Sample]) -> None:
    draft.lines.append("fields:")
    for name, looks in _LOOKS.items():
        if name == "id":
            key = _id_of(samples[0], looks)[0]
            found = (samples[0], key) if key else None
        else:
            found = _like(samples, looks, draft.used)
        if found is None:
            blank = "  id: {line: true}   # no column tells the rows apart" if name == "id" else f"  # {name}: …"
            draft.lines.append(blank)
            continue
        sample, key = found
        draft.used.add((sample.file, key))
        draft.lines.append(f"  {name}: {_quoted(_reference(sample, key, samples))}")
    rest = [text for sample in samples for key, text in sample.columns.items() if (sample.file, key) not in draft.used]
    draft.lines.append("# not used: " + ", ".join(" ".join(text.split()) for text in rest))


def _id_of(sample: Sample, looks: str) -> tuple[str | None, bool]:
    """The column by which a lead is known, and whether no value stands twice in it.

    One of that name, else any in which none does; one that is called the lead's id before that, though some do.
    """
    keys = sorted(sample.columns, key=lambda key: not re.search(looks, key))
    unique = [key for key in keys if (cells := sample.cells(key)).nunique() == len(cells) and (cells != "").all()]
    named = [key for key in keys if re.search(looks, key)]
    of_leads = next((key for key in named if re.search(_OF_LEADS, key)), None)
    if unique and (unique[0] in named or of_leads is None):
        return unique[0], True
    return (of_leads or (named[0] if named else None)), False


def _like(samples: Sequence[Sample], looks: str, used: set[tuple[str, str]]) -> tuple[Sample, str] | None:
    return next(
        (
            (sample, key)
            for sample in samples
            for key in sample.columns
            if (sample.file, key) not in used and re.search(looks, key) and not re.fullmatch(_WON, key)
        ),
        None,
    )


def _reference(sample: Sample, key: str, samples: Sequence[Sample]) -> str:
    first = next(one for one in samples if key in one.columns)
    return sample.columns[key] if first is sample else f"{_name(sample)}.{sample.columns[key]}"


def _stage_of(sample: Sample) -> str | None:
    keys = [key for key in sample.columns if re.search(_STAGE, key) and sample.cells(key).nunique() <= _VALUES]
    return max(keys, key=lambda key: ("stage" in key or "阶段" in key, -list(sample.columns).index(key)), default=None)


def _result(draft: _Draft, sample: Sample) -> bool:
    """Write how leads ended and how far they came, where a column of the first file tells."""
    flags = {kind: next((key for key in sample.columns if re.fullmatch(looks, key)), None) for kind, looks in (
        ("won", r"(is[ _]?)?(closed[ _]?)?won\??|converted|gewonnen|ganad[oa]"),
        ("closed", r"(is[ _]?)?(deal[ _]?)?closed\??|abgeschlossen|cerrad[oa]"))}  # fmt: skip
    stage = _stage_of(sample)
    values = _listed(sample, stage) if stage else []
    if flags["won"]:
        draft.lines += ["result:", f"  - {{when: {{{_quoted(sample.columns[flags['won']])}: true}}, then: won}}"]
        if flags["closed"]:
            draft.lines.append(f"  - {{when: {{{_quoted(sample.columns[flags['closed']])}: true}}, then: lost}}")
        draft.lines.append("  - {then: open}")
    elif stage:
        told = _telling(sample, stage)
        values_told = values if told == stage else _listed(sample, told)
        won = [value for value in values_told if re.search(_WON, value.casefold())]
        lost = [value for value in values_told if re.search(_LOST, value.casefold()) and value not in won]
        open_ = [value for value in values_told if value not in (*won, *lost)]
        draft.lines += ["result:", f"  column: {_quoted(sample.columns[told])}"]
        for kind, listed in (("won", won), ("lost", lost), ("open", [*open_, ""])):
            draft.lines.append(f"  {kind}: [{', '.join(map(_quoted, listed))}]")
    if stage and len(values) > 2:
        order = ", ".join(map(_quoted, values))
        draft.lines += ["stage:", f"  column: {_quoted(sample.columns[stage])}"]
        draft.lines.append(f"  order: [{order}]  # from the first to the last")
    return bool(flags["won"] or stage)


def _telling(sample: Sample, stage: str) -> str:
    """The column that tells what was won: the stage, or another one of its kind where the stage does not."""
    keys = [stage, *(key for key in sample.columns if key != stage and re.search(_STAGE, key))]
    told = (key for key in keys if any(re.search(_WON, text) for text in sample.cells(key).str.casefold().unique()))
    return next(told, stage)


def _listed(sample: Sample, stage: str) -> list[str]:
    """The values of a stage, by their probability where there is one, else by how many leads have come so far."""
    cells = sample.cells(stage)
    likely = next((key for key in sample.columns if re.search(_PROBABILITY, key)), None)
    if likely is None:
        return sorted(dict.fromkeys(cells[cells != ""]), key=_step)
    number = pd.to_numeric(sample.cells(likely).str.rstrip("%"), errors="coerce")
    mean = number.groupby(cells).mean().fillna(0.0).to_dict()
    return sorted(cells[cells != ""].unique(), key=lambda value: (mean.get(value, 0.0), value))


def _step(stage: str) -> float:
    """Where a stage stands by its name; one that says nothing stands in the middle."""
    told = [at for at, looks in enumerate(_STEPS) if re.search(looks, stage.casefold())]
    if re.search(f"{_WON}|{_LOST}", stage.casefold()):
        return 2.0 * len(_STEPS) if re.search(_WON, stage.casefold()) else 1.5 * len(_STEPS)
    return float(told[-1]) if told else len(_STEPS) / 2
