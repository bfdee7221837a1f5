"""The roster: who works leads, in which role, where, and when they are away."""

from collections.abc import Iterable
from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from config.fit import MOST
from config.frames import read_frames

MOST_YEARS_AWAY = 5

#: The roles of the handbooks, each with the Chinese names that a roster may use.
ROLE_NAMES: dict[str, tuple[str, ...]] = {
    "representative": ("销售代表", "代表"),
    "assistant": ("助理", "销售助理"),
    "senior": ("资深", "资深代表", "资深销售代表", "资深销售"),
    "supervisor": ("主管", "销售主管"),
    "manager": ("经理", "销售经理"),
    "tech": ("技术支持", "技术"),
    "marketing": ("市场", "市场部"),
    "admin": ("行政", "行政部"),
}
_ROLE_OF = {name: role for role, names in ROLE_NAMES.items() for name in names}

Role = Annotated[
    Literal["representative", "assistant", "senior", "supervisor", "manager", "tech", "marketing", "admin"],
    BeforeValidator(lambda value: _ROLE_OF.get(value, value) if isinstance(value, str) else value),
]


def role_name(role: str, lang: str = "zh_CN") -> str:
    """A role as people read it."""
    return role if lang == "en" else ROLE_NAMES[role][0]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


def _frames(value: Any) -> Any:
    stated = (value,) if isinstance(value, str) else value
    if isinstance(stated, list | tuple) and all(isinstance(text, str) for text in stated):
        read_frames(stated)
    return stated


#: Frames of a day such as 09:00-12:00; none stated means those of the team, or else of the company.
Hours = Annotated[tuple[str, ...], BeforeValidator(_frames)]


class Leave(_Frozen):
    """Days away, the first and the last one included; with `hours` only these of each day."""

    start: date = Field(alias="from")
    end: date = Field(alias="to")
    hours: Hours = ()
    #: Who stands in for this time; None means the person's usual deputy.
    deputy: str | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.end < self.start:
            raise ValueError(f"leave ends on {self.end}, before it begins on {self.start}")
        if self.end.year - self.start.year > MOST_YEARS_AWAY:
            # his promises would have no working day to fall due on
            raise ValueError(f"leave lasts at most {MOST_YEARS_AWAY} years; who has gone for good is `active: false`")
        return self


def _listed(value: Any) -> Any:
    return () if value is None else (value,) if isinstance(value, str) else value


_Places = Annotated[tuple[str, ...], BeforeValidator(_listed)]


class Person(_Frozen):
    """One person; empty regions or industries mean all of them."""

    id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")
    name: str = Field(min_length=1)
    role: Role
    team: str = Field(min_length=1)
    email: str = Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")
    reports_to: str | None = None
    deputy: str | None = None
    regions: _Places = ()
    industries: _Places = ()
    #: The share of new leads relative to the others of the role.
    capacity: int = Field(default=1, ge=0, le=MOST, strict=True)
    #: Most open leads at a time; None means the common limit A-OPEN-CAP.
    open_cap: int | None = Field(default=None, ge=0, le=MOST, strict=True)
    #: Most new leads a day; None means the common limit A-DAY-CAP.
    day_cap: int | None = Field(default=None, ge=0, le=MOST, strict=True)
    #: The first day of a newcomer: his share grows from A-RAMP-FROM to the whole within A-RAMP-DAYS.
    starts: date | None = None
    leave: tuple[Leave, ...] = ()
    hours: Hours = ()
    active: bool = True

    def is_to_come(self, on: date) -> bool:
        """Whether the person's first day is still ahead."""
        return self.starts is not None and on < self.starts

    def is_away(self, on: date) -> bool:
        """Whether the person is on leave on the day, all of it."""
        return any(span.start <= on <= span.end for span in self.leave if not span.hours)

    @property
    def deputies(self) -> set[str | None]:
        """Everybody who stands in at some time."""
        return {self.deputy, *(span.deputy for span in self.leave)}

    def deputy_on(self, on: date) -> str | None:
        """Who stands in on the day: the deputy of that leave, else the usual one."""
        own = (span.deputy for span in self.leave if span.deputy and span.start <= on <= span.end)
        return next(own, self.deputy)


class Team(_Frozen):
    """What a team has of its own."""

    hours: Hours = ()


class Roster(_Frozen):
    """Everybody, in the order of the file, which is also the last tie-break."""

    people: tuple[Person, ...] = ()
    teams: dict[str, Team] = {}

    @model_validator(mode="after")
    def _ties_up(self) -> Self:
        ids = [person.id for person in self.people]
        doubles = sorted({name for name in ids if ids.count(name) > 1})
        if doubles:
            raise ValueError(f"people twice: {', '.join(doubles)}")
        for person in self.people:
            named = [("reports_to", person.reports_to), ("deputy", person.deputy)]
            named += [("the deputy of a leave", span.deputy) for span in person.leave]
            for key, other in named:
                if other is not None and (other not in ids or other == person.id):
                    raise ValueError(f"{person.id}: {key} names {other!r}, who is nobody else of the roster")
        strange = sorted(set(self.teams) - {person.team for person in self.people})
        if strange:
            raise ValueError(f"teams: nobody is in {', '.join(strange)}")
        self._refuse_circles()
        return self

    def name_of(self, code: str) -> str:
        """A person as people call him; the id of somebody who is in the roster no more."""
        known = self.person(code)
        return known.name if known else code

    def _refuse_circles(self) -> None:
        above = {person.id: person.reports_to for person in self.people}
        for start in above:
            seen, at = {start}, above[start]
            while at is not None:
                if at in seen:
                    raise ValueError(f"{start}: reports_to leads back to {at}")
                seen.add(at)
                at = above[at]

    def person(self, person_id: str) -> Person | None:
        """The person with an id, or None."""
        return next((person for person in self.people if person.id == person_id), None)

    def above(self, person_id: str) -> tuple[str, ...]:
        """Those above a person, the next one first."""
        found, at = [], self.person(person_id)
        while at is not None and at.reports_to is not None:
            found.append(at.reports_to)
            at = self.person(at.reports_to)
        return tuple(found)

    def speaks_for(self, actor: str, person_id: str) -> bool:
        """Whether what becomes of a person's work is somebody's to say: his own, those's above him, a manager's.

        Of somebody who is in the roster no more it is any supervisor's, too.
        """
        says = self.person(actor)
        if says is None or not says.active:
            return False
        if actor == person_id:
            return True
        gone = self.person(person_id) is None and says.role == "supervisor"
        return says.role == "manager" or gone or actor in self.above(person_id)

    def with_leave(self, added: Iterable[tuple[str, Leave]]) -> "Roster":
        """The same people with further leave; that of somebody who is no longer here counts for nothing."""
        more: dict[str, tuple[Leave, ...]] = {}
        for who, span in added:
            more[who] = (*more.get(who, ()), span)
        people = (
            person.model_copy(update={"leave": (*person.leave, *more[person.id])}) if person.id in more else person
            for person in self.people
        )
        return self.model_copy(update={"people": tuple(people)}) if more else self
