"""The closed set of facts that a decision table may compare, and the values that each can have."""

from typing import Final, Literal

Kind = Literal["word", "number", "codes"]

#: Word facts and all their values; a `when` with another word is refused when it is loaded.
WORDS: Final[dict[str, tuple[str, ...]]] = {
    "need_state": ("clear", "vague", "none"),
    "chain_state": ("complete", "partial", "unknown"),
    "urgency_state": ("urgent", "frame", "no_plan", "unknown"),
    "title_state": ("decider", "other", "unknown"),
    "budget_state_fact": ("below", "straddles", "sufficient", "unknown"),
    "industry_state": ("target", "other", "unknown"),
    "phone_kind": ("mobile", "landline_ext", "landline", "service", "foreign"),
    "email_kind": ("personal", "role", "disposable"),
    "verdict": ("valid", "invalid", "to_verify"),
    "grade": ("A", "B", "C"),
    # what has become of a lead: tasks/rules/lifecycle
    "outcome": ("won", "lost", "none"),
    "pause": ("person", "silent", "hold", "none"),
    "silence": ("over", "runs", "none"),
    "tried": ("yes", "no"),
    "given_by": ("person", "machine", "nobody"),
    "stall": ("over", "runs", "none"),
    "graded_by": ("person", "machine"),
    "need_fact": ("clear", "open"),
    "offer_fact": ("made", "open"),
    "decider_fact": ("met", "open"),
    "budget_fact": ("confirmed", "open"),
    "date_fact": ("confirmed", "open"),
}

#: Facts compared with ge, gt, le, lt.
NUMBERS: Final[tuple[str, ...]] = ("junk_signals", "budget_min", "budget_max")

#: Junk signals of a lead, each of one field; `|`-joined in the column `junk`, compared with `has`.
JUNK: Final[tuple[str, ...]] = (
    "company_test",
    "company_none",
    "contact_test",
    "need_test",
    "need_job_seeker",
    "need_seller",
    "need_student",
    "title_outsider",
    "phone_placeholder",
    "email_disposable",
    "email_test",
)

#: By what a lead is on the do-not-contact list.
BLOCKED: Final[tuple[str, ...]] = ("phone", "email", "company")

CODES: Final[dict[str, tuple[str, ...]]] = {"junk": JUNK, "blocked": BLOCKED}


def kind_of(fact: str) -> Kind | None:
    """Say how a fact is compared, or None when no such fact exists."""
    if fact in WORDS:
        return "word"
    if fact in NUMBERS:
        return "number"
    return "codes" if fact in CODES else None


def names() -> tuple[str, ...]:
    """List every fact that a `when` may name."""
    return (*WORDS, *NUMBERS, *CODES)
