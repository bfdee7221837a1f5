"""A promise as a rule: what is watched, within which time, in whose hours, and who hears of it when."""

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from config.rule import Frozen, Rule, Words, listed

#: What a clock watches; docs: tasks/rules/promises.py says what starts and what stops each.
Watched = Literal[
    "entry",  # from the stated first contact to the entry into leadflow
    "verification",  # from receipt until a person has verified or contacted the lead
    "first_contact",  # from the moment of the grade until the first contact
    "cadence",  # from the last contact to the next one
    "plan",  # from the first contact until a plan is written
    "stall",  # from the last progress to the next one
    "silence",  # from the last contact or attempt of an owned lead to the next one
    "recycle",  # from when a lead came to its owner, or its last contact or attempt, to the next one
    "change",  # from a change of the contact or the decision chain until the chain is confirmed anew
    "case",  # from the last industry case sent to a lead to the next one
    "care",  # from the last contact with a won customer to the next one
    "archive",  # from the end of a lead until its archive lacks nothing
    "pool",  # from when a lead came into the pool until somebody has claimed it
    "record",  # from a contact until it is recorded
    "objection",  # from an objection until its answer is planned
    "next_action",  # until the time at which the next action was promised
    "support",  # from a request for support until the helper has answered
]
#: A subject of its own for each follow-up; the others have one clock a lead.
SUBJECTS = ("record", "objection", "next_action", "support")
UNITS = ("minutes", "hours", "clock_days", "working_days", "calendar_days")


class Span(Frozen):
    """One length of time: minutes and hours of the frames; clock_days: the same clock time on the N-th working day;
    working_days: the end of the N-th working day after; calendar_days: of the calendar."""

    minutes: int | None = Field(default=None, ge=1, le=100_000)
    hours: int | None = Field(default=None, ge=1, le=2_000)
    clock_days: int | None = Field(default=None, ge=1, le=500)
    working_days: int | None = Field(default=None, ge=0, le=500)
    calendar_days: int | None = Field(default=None, ge=1, le=1_000)

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(getattr(self, unit) is not None for unit in UNITS) != 1:
            raise ValueError(f"says one of {', '.join(UNITS)}")
        return self

    @property
    def unit(self) -> str:
        """Which of UNITS it is stated in."""
        return next(unit for unit in UNITS if getattr(self, unit) is not None)

    @property
    def count(self) -> int:
        """How many of them."""
        return int(getattr(self, self.unit))


class TargetWhen(Frozen):
    """Which leads a target is for; what is not stated does not matter."""

    grade: Words | None = None
    tier: Words | None = None
    source: Words | None = None


class Target(Frozen):
    """Within which time; the first target that fits a lead is the one that holds."""

    when: TargetWhen = TargetWhen()
    within: Span


class Weekly(Frozen):
    """So many contacts in each week from Monday to Sunday that has at least so many working days, of some leads."""

    when: TargetWhen = TargetWhen()
    contacts: int = Field(ge=2, le=20)
    days: int = Field(ge=1, le=7)


Recipient = Literal["owner", "supervisor", "manager", "tech"]


class Step(Frozen):
    """One step of a ladder: before the due time, at it, or after it; whoever is named gets one message."""

    step: Literal["reminder", "breach", "escalation", "reassign", "pool"]
    to: Annotated[tuple[Recipient, ...], BeforeValidator(listed)] = Field(min_length=1)
    before: Span | None = None
    after: Span | None = None

    @model_validator(mode="after")
    def _placed(self) -> Self:
        if self.before and self.after:
            raise ValueError("stands before or after the due time, not both")
        if self.before and self.before.unit not in ("minutes", "hours"):
            raise ValueError("before the due time is told in minutes or hours")
        if (self.step == "reminder") != (self.before is not None):
            raise ValueError("a reminder, and nothing else, stands before the due time")
        return self


class ClockRule(Rule):
    """A promise that a clock watches.

    hours: whose frames count: the company's, the owner's team's, or the owner's own with his leave taken out.
    pause: what a pause of the lead does: nothing (none), it stops the clock (carry), its end starts it anew (restart).
    """

    watches: Watched
    targets: tuple[Target, ...] = ()
    hours: Literal["company", "team", "owner"] = "team"
    pause: Literal["none", "carry", "restart"] = "none"
    ladder: tuple[Step, ...] = ()
    #: What the week of the last contact still needs; the promise is then due at the end of the week at the latest.
    weekly: Weekly | None = None

    @model_validator(mode="after")
    def _has_target(self) -> Self:
        if (self.watches == "next_action") == bool(self.targets):
            raise ValueError("a next action has its own time, every other promise has targets")
        if self.weekly and self.watches != "cadence":
            raise ValueError("only a cadence counts contacts by the week")
        return self
