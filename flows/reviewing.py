"""How a review is built and sent: facts, datasets, files, checks, letters; the same whenever it is done again."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import NamedTuple

import pandas as pd
from sqlalchemy import Engine, select, update

from config.people import Person
from config.schema import Config, Rules
from config.settings import Settings
from models import Message
from models.db import begin
from tasks.calendar import load_days
from tasks.decisions import decisions_at
from tasks.lead_facts import arrivals, lead_facts, wait_for_writers
from tasks.letters import Letter
from tasks.need_types import NEED_TYPES, with_need_types
from tasks.outbox import send_pending
from tasks.post import post
from tasks.review_activity import read_activity
from tasks.review_book import Cover, review_book
from tasks.review_checks import check_datasets
from tasks.review_files import digests, table_files, write_files
from tasks.review_letter import Pack, review_letter
from tasks.review_store import keep_review
from tasks.review_words import review_words
from tasks.rules.calendars import Days
from tasks.rules.reviews.activity import Activity, during
from tasks.rules.reviews.datasets import Terms, by_time, datasets, months_of
from tasks.rules.reviews.done import activity_datasets
from tasks.rules.reviews.findings import decisions, findings
from tasks.rules.reviews.receipts import receipts
from tasks.rules.reviews.spans import Kind, Span, cut_off, preliminary_on, span_of, working_days

#: The rules that say what figures mean, in the order in which packs print them.
DEFINITIONS = (
    "R-LEADS", "R-VALID", "R-WON", "R-OPEN", "R-CONVERSION", "R-CYCLE", "R-GRADE", "R-COHORT-DAYS", "R-SMALL", "R-Z",
    "R-NEED-TYPES", "R-REASONS", "R-EXPECTED", "R-STAGE", "R-TIERS", "R-TIER-DAYS", "R-INTENT", "R-KEPT", "R-THEMES",
    "R-COST", "R-POOL",
    "R-CALLS-A-DAY", "R-SILENT-DAYS", "R-UNANSWERED", "R-NO-PROGRESS", "R-NEGLECT", "R-CUT",
)  # fmt: skip
#: Who sees the leads of all teams; all others see their own team's.
EVERYTHING = ("manager", "marketing")
KINDS: tuple[Kind, ...] = ("weekly", "monthly", "quarterly")


class ReviewError(Exception):
    """A review cannot be mailed; the message says what its checks found."""

    def __init__(self, message: str, faults: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.faults = tuple(faults)


@dataclass(frozen=True)
class Built:
    """A period's datasets of one scope, the mail's ingredients, and the files by name."""

    span: Span
    scope: str
    as_of: datetime
    datasets: dict[str, pd.DataFrame]
    pack: Pack
    files: dict[str, bytes]


@dataclass
class Sent:
    """What became of a pack: letters written, and messages by state; who could not be reached."""

    letters: int = 0
    messages: dict[str, int] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Review:
    """A period as of a moment (aware), with all that its packs share."""

    span: Span
    as_of: datetime
    settings: Settings
    config: Config
    facts: pd.DataFrame
    before: pd.DataFrame
    arrivals: tuple[pd.DataFrame, pd.DataFrame]
    activity: Activity
    decided: pd.DataFrame
    #: Whether the period had not ended.
    preliminary: bool = False
    #: What was built of it already, by scope.
    made: dict[str, Built] = field(default_factory=dict)

    @property
    def rules(self) -> Rules:
        """The rules in force at the cut-off."""
        return rules_of(self.config, self.as_of, self.settings)


def rules_of(config: Config, as_of: datetime, settings: Settings) -> Rules:
    """The rules in force at a moment; of a history older than all of them the first ones."""
    first = min(rule.effective for rule in config.rules.values["reviews"])
    return config.rules.at(max(as_of.astimezone(settings.zone).date(), first))


def open_review(engine: Engine, settings: Settings, config: Config, span: Span, as_of: datetime) -> Review:
    """Read what was known at the cut-off, and at that of the pack before."""
    with engine.connect() as conn:
        earlier = cut_of(span.before, load_days(conn), rules_of(config, as_of, settings), settings)
    wait_for_writers(engine, as_of)
    with engine.connect() as conn:
        facts = lead_facts(conn, as_of, settings.tz)
        days = [during(facts[name], span.before.first, span.last) for name in ("created_on", "closed_on")]
        kinds = rules_of(config, as_of, settings).value(NEED_TYPES)
        facts = with_need_types(conn, facts, kinds, days[0] | days[1])
        before = lead_facts(conn, min(earlier, as_of), settings.tz)
        arrived = arrivals(conn, as_of)
        activity = read_activity(conn, span, as_of, settings.tz, config)
        decided = _standing(decisions_at(conn, as_of), earlier, as_of, settings)
    preliminary = as_of.astimezone(settings.zone).date() <= span.last
    return Review(span, as_of, settings, config, facts, before, arrived, activity, decided, preliminary)


def _standing(decided: pd.DataFrame, earlier: datetime, as_of: datetime, settings: Settings) -> pd.DataFrame:
    """The decisions that are open, or of which something became since the pack before."""
    today = pd.Timestamp(as_of.astimezone(settings.zone).date())
    since = pd.Timestamp(earlier.astimezone(UTC).replace(tzinfo=None))
    own = decided[(decided["state"] == "open") | (decided["at"] > since)]
    late = ((own["state"] == "open") & (own["due_on"] < today)).to_numpy(dtype=bool)
    own = own.assign(state=own["state"].mask(late, "overdue"))
    ordered = own.sort_values(["due_on", "number"], na_position="last", ignore_index=True)
    return ordered[["number", "kind", "period", "scope", "decision", "who", "due_on", "state", "outcome"]]


def cut_of(span: Span, days: Days, rules: Rules, settings: Settings) -> datetime:
    """The moment at which a period's pack is due (aware)."""
    calendar = working_days(days.first, days.working, span)
    return cut_off(span, calendar, int(rules.value("R-DUE")), _at(rules), settings.tz)


def _at(rules: Rules) -> time:
    return time.fromisoformat(str(rules.value("R-AT")))


def build(review: Review, scope: str = "") -> Built:
    """Make the datasets and files of a scope: a team, or '' for everything; what was made once is not made again."""
    if scope not in review.made:
        review.made[scope] = _build(review, scope)
    return review.made[scope]


def _build(review: Review, scope: str) -> Built:
    facts, before = (_of(frame, scope) for frame in (review.facts, review.before))
    rules, lang, span = review.rules, review.settings.lang, review.span
    terms = Terms.of(rules)
    local = review.as_of.astimezone(review.settings.zone)
    data = datasets(facts, before, span, local.date(), terms)
    activity = review.activity.of(facts, scope) if scope else review.activity
    costs = {name: channel.cost for name, channel in review.config.channels.items()}
    data |= activity_datasets(facts, activity, span, rules, costs)
    decided = review.decided
    data["decisions"] = decided[decided["scope"].isin(("", scope))].reset_index(drop=True) if scope else decided
    if not scope:
        # rows that became no lead belong to no team
        data["receipts"] = receipts(
            *review.arrivals, review.settings.tz, [one.label for one in months_of(span, terms.units)]
        )
    defined = [(rule, rules.statement(rule, lang)) for rule in DEFINITIONS]
    names = _names(review, lang)
    book = review_book(data, _cover(review, scope, local, defined), lang, names)
    files = table_files(data) | {"review.xlsx": book}
    last = by_time(facts, [span.year_before], terms).iloc[-1]
    pack = Pack(
        span.kind, span.label, scope, review.preliminary, local, rules.version, data, last if last["leads"] else None,
        findings(data, terms), decisions(data, float(rules.value("R-UNSTATED")), terms.small), defined, book,
        names, terms.small, review.settings.internal_url or "",
    )  # fmt: skip
    return Built(span, scope, review.as_of, data, pack, files)


def _names(review: Review, lang: str) -> dict[str, str]:
    """How people are called, and what each promise says."""
    promises = {rule.id: review.rules.statement(rule.id, lang) for rule in review.rules.sla}
    return promises | {person.id: person.name for person in review.config.roster.people}


def _of(facts: pd.DataFrame, scope: str) -> pd.DataFrame:
    return facts if not scope else facts[facts["team"] == scope].reset_index(drop=True)


def _cover(review: Review, scope: str, local: datetime, defined: list[tuple[str, str]]) -> Cover:
    words = review_words(review.settings.lang)
    span = review.span
    lines = [
        (words["period"], f"{span.first:%Y-%m-%d} – {span.last:%Y-%m-%d}"),
        (words["scope"], scope or words["all"]),
        (words["cut"], f"{local:%Y-%m-%d %H:%M}"),
        (words["rules"], review.rules.version),
    ]
    return Cover(f"{words[f'kind.{span.kind}']} {span.label}", lines, defined, review.as_of.astimezone(UTC))


def keep_all(engine: Engine, review: Review) -> None:
    """Keep what was built of a review, of each scope, under LEADS_HOME."""
    folder = folder_of(review.settings, review.span, preliminary=review.preliminary)
    for scope, built in sorted(review.made.items()):
        keep(engine, built, folder / scope.replace("/", "_"), review.rules.version)


def folder_of(settings: Settings, span: Span, *, preliminary: bool = False) -> Path:
    """Where the files of a period lie."""
    return settings.home / "reviews" / f"{span.kind}-{span.label}{'-preliminary' if preliminary else ''}"


def keep(engine: Engine, built: Built, folder: Path, rules_version: str) -> None:
    """Store the datasets and write the files; harmless when repeated."""
    key = (built.span.kind, built.span.label, built.scope, built.as_of)
    keep_review(engine, key, built.datasets, digests(built.files), rules_version, datetime.now(UTC))
    write_files(built.files, folder)


def recipients(config: Config, rules: Rules, kind: str) -> list[tuple[Person, str]]:
    """Who gets a pack of this kind now, each with his scope."""
    roles = rules.value("R-RECIPIENTS")[kind]
    active = [person for person in config.roster.people if person.active and person.role in roles]
    return [(person, "" if person.role in EVERYTHING else person.team) for person in active]


def letters(review: Review, people: list[tuple[Person, str]]) -> list[tuple[Letter, str]]:
    """A letter to each person about his scope; ReviewError where the checks of a dataset fail."""
    packs: dict[str, Pack] = {}
    for scope in dict.fromkeys(scope for _, scope in people):
        built = build(review, scope)
        faults = check_datasets(built.datasets)
        if faults:
            raise ReviewError(f"{review.span.label} is mailed to nobody: {'; '.join(faults)}", faults)
        packs[scope] = built.pack
    lang = review.settings.lang
    return [
        (review_letter(packs[scope], message_key(review, person.id), person.id, person.name, lang), person.email)
        for person, scope in people
    ]


def message_key(review: "Review | Due", person: str) -> str:
    """What the outbox knows a pack to a person by: he has it once, whenever it is sent again."""
    early = ":preliminary" if review.preliminary else ""
    return f"review:{review.span.kind}:{review.span.label}{early}:{person}"


def send(
    engine: Engine,
    review: Review,
    people: list[tuple[Person, str]],
    *,
    again: bool = False,
    backfill_mail: bool = False,
) -> Sent:
    """Mail the pack: each person has it once; `again`: also to those for whom it was refused."""
    keys = {message_key(review, person.id): person.id for person, _ in people}
    with begin(engine) as conn:
        if again:
            failed = update(Message).where(Message.key.in_(list(keys)), Message.state == "refused")
            conn.execute(failed.values(state="pending", error=None))
        known = set(conn.execute(select(Message.key).where(Message.key.in_(list(keys)))).scalars())
    missing = [one for one in people if message_key(review, one[0].id) not in known]
    sent = Sent()
    sent.letters = post(engine, letters(review, missing), review.as_of) if missing else 0
    if missing:
        keep_all(engine, review)
    sent.messages = send_pending(engine, review.settings, review.as_of, review.rules, backfill_mail=backfill_mail)
    with engine.connect() as conn:
        wanted = select(Message.key).where(Message.key.in_(list(keys)), Message.state.in_(("refused", "unknown")))
        sent.refused = sorted(keys[key] for key in conn.execute(wanted).scalars())
    return sent


class Due(NamedTuple):
    """A pack that is due: its period, and whether this is the preliminary one."""

    span: Span
    preliminary: bool = False


def due(engine: Engine, settings: Settings, config: Config, as_of: datetime) -> list[Due]:
    """The periods whose packs are due at a moment (aware), or were within R-LATE days, and that somebody lacks."""
    rules = rules_of(config, as_of, settings)
    found = []
    with engine.connect() as conn:
        days = load_days(conn)
    for one, cut in _coming(as_of, days, rules, settings):
        if cut <= as_of <= cut + timedelta(days=int(rules.value("R-LATE"))):
            keys = [message_key(one, person.id) for person, _ in recipients(config, rules, one.span.kind)]
            with engine.connect() as conn:
                known = set(conn.execute(select(Message.key).where(Message.key.in_(keys))).scalars())
            found += [one] if set(keys) - known else []
    return found


def _coming(as_of: datetime, days: Days, rules: Rules, settings: Settings) -> Iterator[tuple[Due, datetime]]:
    """The packs of the periods about a moment, each with the moment from which it is due."""
    today = as_of.astimezone(settings.zone).date()
    for kind in KINDS:
        span = span_of(kind, today).before
        yield Due(span), cut_of(span, days, rules, settings)
    quarter = span_of("quarterly", today)
    calendar = working_days(days.first, days.working, quarter)
    early = preliminary_on(quarter, calendar, int(rules.value("R-PRELIMINARY")))
    yield Due(quarter, preliminary=True), datetime.combine(early, _at(rules), settings.zone)


def preview_files(review: Review, people: list[tuple[Person, str]]) -> Mapping[str, bytes]:
    """What each person would get, as files by name; nobody is mailed."""
    files = {}
    for letter, _ in letters(review, people):
        files[f"{letter.recipient}.html"] = letter.html.encode()
        files[f"{letter.recipient}.txt"] = f"{letter.subject}\n\n{letter.text}".encode()
        files |= {f"{letter.recipient}-{name}": content for name, content in letter.files}
    return files
