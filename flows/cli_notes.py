"""Commands about what reviews decided, and about what was learnt."""

from typing import Annotated

from cyclopts import Parameter

from flows.cli_app import Actor, AsOf, Json, knowledge, opened, review, told


@review.command(name="note")
def note_decision(
    kind: str,
    /,
    *,
    period: Annotated[str, Parameter(help="As 2026-10, 2026-Q4 or 2026-W44.")],
    decision: Annotated[str, Parameter(help="What was decided.")],
    who: Annotated[str, Parameter(help="Who does it: a person of the roster.")],
    due: Annotated[str | None, Parameter(help="By when: a day such as 2026-11-15.")] = None,
    team: Annotated[str | None, Parameter(help="The team whose review it was (default: the whole company's).")] = None,
    by: Actor,
    as_of: AsOf = None,
    as_json: Json = False,
) -> int:
    """Note what a review decided: who does what by when. It stands in the packs that follow, with what became of it.

    Example: leads review note monthly --period 2026-10 --decision 展会线索两天内核实 --who linruoxi --by zhengkai

    Parameters
    ----------
    kind
        weekly, monthly or quarterly.
    """
    from flows import review_notes

    settings = opened(as_json)
    asked = review_notes.Noted(kind, period, decision, who, due, team, by, as_of)
    return told(review_notes.note_decision(settings, asked), settings, as_json)


@review.command(name="outcome")
def say_outcome(
    number: int,
    /,
    *,
    state: Annotated[str, Parameter(help="done, dropped or open.")],
    text: Annotated[str, Parameter(help="What became of it.")] = "",
    by: Actor,
    as_of: AsOf = None,
    as_json: Json = False,
) -> int:
    """Say what became of a decision of a review; the next pack shows it.

    Example: leads review outcome 3 --state done --text 已执行 --by linruoxi

    Parameters
    ----------
    number
        The decision's number.
    """
    from flows import review_notes

    settings = opened(as_json)
    return told(review_notes.say_outcome(settings, number, state, text, by, as_of), settings, as_json)


@review.command(name="decisions")
def list_decisions(
    *,
    every: Annotated[bool, Parameter(help="Also those that are done or dropped.")] = False,
    as_json: Json = False,
) -> int:
    """List what reviews decided and is still open.

    Example: leads review decisions
    """
    from flows import review_notes

    settings = opened(as_json)
    return told(review_notes.list_decisions(settings, every=every), settings, as_json)


Kind = Annotated[str, Parameter(help="words, solution, profile, won or lost.")]


@knowledge.command(name="add")
def add_knowledge(
    *,
    kind: Kind,
    title: Annotated[str, Parameter(help="What it is about, in a few words.")],
    text: Annotated[str, Parameter(help="What was learnt.")],
    tag: Annotated[tuple[str, ...], Parameter(help="A tag, or several.")] = (),
    lead: Annotated[str | None, Parameter(help="The number of the lead that shows it.")] = None,
    by: Actor,
    as_of: AsOf = None,
    as_json: Json = False,
) -> int:
    """Keep something that was learnt: words that worked, a solution, a profile, a won or lost case.

    One of the same kind and title takes the place of the earlier one.

    Example: leads knowledge add --kind words --title 价格异议 --text 先算投产比再谈报价 --tag 价格 --by tangyue
    """
    from flows import review_notes
    from tasks.knowledge import Entry

    settings = opened(as_json)
    entry = Entry(kind, title, text, tag, lead)
    return told(review_notes.add_knowledge(settings, entry, by, as_of), settings, as_json)


@knowledge.command(name="list")
def list_knowledge(*, kind: Kind = "", tag: Annotated[str, Parameter(help="Only with this tag.")] = "",
                   as_json: Json = False) -> int:  # fmt: skip
    """List what is known, the newest first.

    Example: leads knowledge list --kind won --tag 制造业
    """
    from flows import review_notes

    settings = opened(as_json)
    return told(review_notes.find_knowledge(settings, "", kind, tag), settings, as_json)


@knowledge.command(name="search")
def search_knowledge(
    text: str, /, *, kind: Kind = "", tag: Annotated[str, Parameter(help="Only with this tag.")] = "",
    as_json: Json = False,
) -> int:  # fmt: skip
    """Find what is known about some words: entries that have each of them in title, text or tags.

    Example: leads knowledge search "价格 竞品"

    Parameters
    ----------
    text
        One word, or several with blanks between them.
    """
    from flows import review_notes

    settings = opened(as_json)
    return told(review_notes.find_knowledge(settings, text, kind, tag), settings, as_json)
