"""What a person decides about leads or mends in them: `leads verify` and `leads set` (H1-3.2-verify)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from config.schema import Config
from config.settings import Settings
from flows.commands import company, lead_number, parse_moment, refuse_stranger
from flows.console import OK, REFUSED, Answer, UsageError
from tasks.i18n import word
from tasks.judge import Judged, JudgeError, Said, judge
from tasks.orders import Order
from tasks.story_words import words


@dataclass(frozen=True)
class Asked:
    """What a person says, of which leads; `values` by field as typed."""

    numbers: Sequence[str]
    values: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""
    by: str = ""
    verified: bool = False
    as_of: str | None = None
    dry_run: bool = False


def decide(settings: Settings, asked: Asked) -> Answer:
    """Carry out what a person said, one transaction a lead; what cannot be is named, and the others are done."""
    config, engine = company(settings)
    refuse_stranger(config, asked.by)
    if not asked.values:
        raise UsageError("say what is to be set, such as --grade A or --phone 13800001111")
    now = datetime.now(UTC)
    order = Order(asked.by, asked.reason, parse_moment(asked.as_of, settings) or now, now, settings.tz)
    done: list[Judged] = []
    faults: list[str] = []
    for number in dict.fromkeys(map(lead_number, asked.numbers)):
        said = Said(number, asked.values, asked.verified)
        try:
            done.append(judge(engine, said, config, order, dry_run=asked.dry_run))
        except JudgeError as error:
            faults.append(str(error))
    leads = [{"number": one.number, "before": one.before, "after": one.after} for one in done]
    text = "\n".join(_told(one, config, settings.lang) for one in done)
    data = {"dry_run": asked.dry_run, "leads": leads, "refused": faults}
    return Answer(text, data, REFUSED if faults else OK, tuple(faults))


def _told(judged: Judged, config: Config, lang: str) -> str:
    t = words(lang)
    standing = [_standing(part, config, lang) for part in (judged.before, judged.after)]
    return (
        f"{judged.number} {standing[0]} → {standing[1]}"
        if standing[0] != standing[1]
        else t["same_as_before"].format(number=judged.number, standing=standing[1])
    )


def _standing(lead: Mapping[str, str | None], config: Config, lang: str) -> str:
    t = words(lang)
    known = config.roster.person(lead["owner"]) if lead["owner"] else None
    parts = [
        word(lang, "verdict", str(lead["verdict"])),
        t["grade"].format(grade=lead["grade"]) if lead["grade"] else t["ungraded"],
        (known.name if known else lead["owner"]) or t["no_owner"],
        *(str(lead[name]) for name in ("tier", "stage") if lead.get(name)),
    ]
    return str(t["comma"].join(parts))
