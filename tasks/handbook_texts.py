"""Leads and follow-ups as the handbooks' sheets word them: names, budgets, chains, states and days as people read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import pandas as pd

from config.schema import Config
from tasks.chain import ChainWords
from tasks.handbook_facts import Handbook
from tasks.handbook_words import said
from tasks.i18n import budget_words, word
from tasks.rules.lifecycle.phases import phase_text
from tasks.story_words import words as story_words

_ROLES = {"chain_key": ("key", "user", "buyer"), "chain_influence": ("influencer", "evaluator", "approver"),
          "chain_decider": ("decider",)}  # fmt: skip
_DAYS = ("close_on", "contract_on", "first_payment_on")


def told_leads(book: Handbook, config: Config, lang: str) -> pd.DataFrame:
    """One row a lead, by the names that the sheets' columns ask for; texts are blank where nothing is known.

    Beside the texts stay lead_id, status and the numbers follow_ups, probability, contract_amount, first_payment.
    """
    leads = book.leads
    texts = {name: _text(leads[name]) for name in (
        "number", "industry", "contact", "title", "phone", "email", "need", "chain", "tier", "stage", "grade",
        "customer_number", "obstacle", "next_action", "milestone", "competitor", "would_have_helped",
        "contract_number", "size", "status",
    )}  # fmt: skip
    # a day without a year is stored as --03-13
    contacted = _text(leads["created"]).str.replace("T", " ").str.removeprefix("--")
    told = pd.DataFrame(texts, index=leads.index).assign(
        lead_id=leads["lead_id"],
        company=_text(leads["company"]).mask(leads["company"].isna(), said("unnamed", lang)),
        source=_sources(leads, lang),
        owner=_text(leads["owner"]).map(lambda one: config.roster.name_of(one) if one else ""),
        opened=_minutes(leads["opened_at"]), ended=_days(leads["ended_at"].fillna(leads["closed_at"])),
        first_contact=contacted.where(leads["created"].notna(), _minutes(leads["opened_at"])),
        last_follow_up=_minutes(leads["last_at"]), next_at=_minutes(leads["next_at"]),
        who=_joined(" ", texts["contact"], texts["title"]), reach=_joined(" ", texts["phone"], texts["email"]),
        node=_joined(" / ", texts["stage"], texts["milestone"]),
        tags=_text(leads["tags"]).str.replace("|", said("list", lang)),
        follow_ups=leads["follow_ups"], probability=leads["probability"],
        contract_amount=pd.to_numeric(leads["contract_amount"]), first_payment=pd.to_numeric(leads["first_payment"]),
        people=_people(book, texts), lost_reason=_lost(leads, lang),
    )  # fmt: skip
    told = told.assign(**{name: _text(leads[name]).str.slice(0, 10) for name in _DAYS})
    told = told.assign(**_said_of_each(leads, config, lang))
    chains = _chains(leads["chain"], config, lang)
    return told.assign(**chains, note=_notes(leads, lang))


def told_records(book: Handbook, config: Config, lang: str) -> pd.DataFrame:
    """One row a follow-up, by the names that the sheets' columns ask for, with its lead_id."""
    records = book.records
    number = book.leads.set_index("lead_id")["number"].reindex(records["lead_id"]).array
    feedback = _text(records["feedback"])
    objection = _text(records["objection"])
    # what was both heard and objected is told once
    feedback = feedback.where(feedback != objection, "")
    objection = objection.map(lambda one: said("objection", lang).format(text=one) if one else "")
    return pd.DataFrame({
        "lead_id": records["lead_id"], "number": _text(pd.Series(number, index=records.index)),
        "at": _minutes(records["at"]), "day": _days(records["at"]),
        "person": _text(records["person"]).map(config.roster.name_of), "method": _text(records["method"]),
        "summary": _text(records["summary"]), "heard": _joined(said("between", lang), feedback, objection),
        "next": _next(records, config, lang), "result": _text(records["result"]), "risk": _text(records["risk"]),
    })  # fmt: skip


def _text(values: pd.Series) -> pd.Series:
    return values.astype("object").where(values.notna(), "").astype("str")


def _minutes(times: pd.Series) -> pd.Series:
    return pd.to_datetime(times).dt.strftime("%Y-%m-%d %H:%M").fillna("").astype("str")


def _days(times: pd.Series) -> pd.Series:
    return pd.to_datetime(times).dt.strftime("%Y-%m-%d").fillna("").astype("str")


def _joined(between: str, one: pd.Series, two: pd.Series) -> pd.Series:
    """Two texts, and what parts them where both are there."""
    both = (one != "") & (two != "")
    joined: pd.Series = one + both.map({True: between, False: ""}) + two
    return joined


def _sources(leads: pd.DataFrame, lang: str) -> pd.Series:
    source = _text(leads["source"]).map(lambda one: word(lang, "source", one))
    detail = _text(leads["source_detail"])
    # a detail that only names the source once more
    detail = detail.where((detail != _text(leads["source"])) | (source == ""), "")
    beside = detail.map(lambda one: said("detail", lang).format(one) if one else "")
    return (source + beside).where(source != "", detail)


def _people(book: Handbook, texts: Mapping[str, pd.Series]) -> pd.Series:
    """Everybody who is known at the lead's company; of a lead without one, its contact."""
    people, leads = book.people, book.leads
    lines = _joined("/", _joined("/", _text(people["name"]), _text(people["title"])),
                    _joined("/", _text(people["phone"]), _text(people["email"])))  # fmt: skip
    by_account = lines.groupby(people["account_id"]).agg("\n".join)
    own = _joined("/", _joined("/", texts["contact"], texts["title"]), _joined("/", texts["phone"], texts["email"]))
    known = leads["account_id"].map(by_account)
    return known.astype("object").where(known.notna(), own).astype("str")


def _lost(leads: pd.DataFrame, lang: str) -> pd.Series:
    """Why a lost lead was lost; 未填 where nobody said."""
    reason = _text(leads["lost_reason"])
    return reason.mask((leads["status"] == "lost") & (reason == ""), said("unstated", lang))


def _said_of_each(leads: pd.DataFrame, config: Config, lang: str) -> dict[str, pd.Series]:
    """What more than one column of a lead says together."""
    rows = leads[[
        "budget_min", "budget_max", "budget_state", "phase", "status", "pause_kind", "cadence", "amount",
        "contract_amount", "confirmed", "next_action", "next_person", "next_at", "owner",
    ]].astype("object")  # fmt: skip
    rows = rows.where(rows.notna(), None)

    def each(tell: Callable[..., str], *names: str) -> pd.Series:
        found = [tell(*row) for row in rows[list(names)].itertuples(index=False, name=None)]
        return pd.Series(found, index=leads.index, dtype="str")

    def state(phase: str | None, status: str) -> str:
        return phase_text(phase, config.rules, lang) or word(lang, "status", status)

    def standing(status: str, pause: str | None) -> str:
        return said(status if status in ("won", "lost") else "paused" if pause else "running", lang)

    def cadence(target: str | None) -> str:
        return said("every", lang).format(n=target.split()[0]) if target else ""

    def amount(expected: float | None, deal: float | None) -> str:
        if deal is not None:
            return budget_words(lang, deal, deal, None)
        return (
            ""
            if expected is None
            else said("estimated", lang).format(amount=budget_words(lang, expected, expected, None))
        )

    def confirmed(text: str | None) -> str:
        parts = [part.split(" ") for part in (text or "").split("|") if part]
        return said("list", lang).join(
            said("detail", lang).format(day).join((said(name, lang), "")) for name, day in parts
        )

    def following(what: str | None, who: str | None, at: pd.Timestamp | None, owner: str | None) -> str:
        return _step(what, who or owner, at, config, lang)

    return {
        "budget": each(lambda low, high, how: budget_words(lang, low, high, how),
                       "budget_min", "budget_max", "budget_state"),
        "state": each(state, "phase", "status"), "standing": each(standing, "status", "pause_kind"),
        "cadence": each(cadence, "cadence"), "amount": each(amount, "amount", "contract_amount"),
        "confirmed": each(confirmed, "confirmed"),
        "next": each(following, "next_action", "next_person", "next_at", "owner"),
    }  # fmt: skip


def _step(what: str | None, who: str | None, at: pd.Timestamp | None, config: Config, lang: str) -> str:
    """A next action with who does it and until when."""
    if not what:
        return ""
    if at is None:
        return what
    return said("until", lang).format(what=what, by=config.roster.name_of(who or ""), at=f"{at:%Y-%m-%d %H:%M}")


def _next(records: pd.DataFrame, config: Config, lang: str) -> pd.Series:
    rows = records[["next_action", "next_person", "person", "next_at"]].astype("object")
    rows = rows.where(rows.notna(), None)
    found = [
        _step(what, who or own, at, config, lang) for what, who, own, at in rows.itertuples(index=False, name=None)
    ]
    return pd.Series(found, index=records.index, dtype="str")


def _chains(chains: pd.Series, config: Config, lang: str) -> dict[str, pd.Series]:
    """Who of each chain is the key person, has a say, decides."""
    words = ChainWords(config.rules, lang)
    read = [words.members(text) for text in _text(chains)]
    found = {}
    decided = [any(one.role == "decider" for one in members) for members in read]
    # who signs off decides where nobody is said to
    read = [
        members if some else tuple(replace(one, role="decider") if one.role == "approver" else one for one in members)
        for members, some in zip(read, decided, strict=True)
    ]
    for name, roles in _ROLES.items():
        who = [
            said("list", lang).join(dict.fromkeys(one.who for one in members if one.role in roles)) for members in read
        ]
        found[name] = pd.Series(who, index=chains.index, dtype="str")
    return found


def _notes(leads: pd.DataFrame, lang: str) -> pd.Series:
    """Marketing's mark, why it was lost, and what the archive lacks."""
    t = story_words(lang)
    rows = leads[["mark", "lost_reason", "missing"]].astype("object")
    told = []
    for mark, why, missing in rows.where(rows.notna(), None).itertuples(index=False, name=None):
        parts = [said("mark", lang).format(mark=mark)] if mark else []
        parts += [said("lost_why", lang).format(why=why)] if why else []
        lacks = said("list", lang).join(t.get(f"missing.{one}", one) for one in (missing or "").split("|"))
        parts += [said("missing", lang).format(what=lacks)] if missing else []
        told.append(said("between", lang).join(parts))
    return pd.Series(told, index=leads.index, dtype="str")
