"""Who hears of a step: the owner, whoever is above him, the technical department; deputies for those on leave."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from config.people import Person
from config.schema import Roster

#: Who hears of what nobody owns.
LEADING = ("supervisor", "manager")


@dataclass(frozen=True)
class Hearer:
    """One person who gets a message, and for whom he stands in."""

    person: str
    instead_of: str | None = None


@dataclass(frozen=True)
class Ladderers:
    """Finds the hearers of steps on one day."""

    roster: Roster
    on: date

    def hearers(self, to: Sequence[str], owner: str | None) -> list[Hearer]:
        """Who gets a step's message, each once. A step that would go to the owner himself goes to who is above him."""
        found: dict[str, Hearer] = {}
        for role in to:
            for person in self._meant(role, owner):
                hearer = self._present(person)
                if hearer is not None:
                    found.setdefault(hearer.person, hearer)
        return list(found.values())

    def _meant(self, role: str, owner: str | None) -> Iterator[Person]:
        known = self._people.get(owner or "")
        if role == "tech":
            yield from (person for person in self._people.values() if person.role == "tech" and person.active)
        elif known is None:
            yield from self._leaders(role)
        elif role == "owner":
            yield known
        else:
            above = [person for person in self._above(known) if person.active]
            yield from above[:1] if role == "supervisor" else self._managers(above)

    def _managers(self, above: list[Person]) -> list[Person]:
        return [person for person in above if person.role == "manager"][:1] or above[-1:]

    def _leaders(self, role: str) -> list[Person]:
        """Who answers for what nobody owns: the supervisors, or for the manager's step those at the top."""
        active = [person for person in self._people.values() if person.active]
        for wanted in LEADING if role != "manager" else LEADING[::-1]:
            if found := [person for person in active if person.role == wanted]:
                return found
        return []

    def _above(self, person: Person) -> Iterator[Person]:
        return (self._people[one] for one in self.roster.above(person.id) if one in self._people)

    def _present(self, person: Person) -> Hearer | None:
        """The person, or who stands in while he is away: a deputy, else whoever is above and there, else himself."""
        if not person.is_away(self.on) and person.active:
            return Hearer(person.id)
        seen, at = {person.id}, self._people.get(person.deputy_on(self.on) or "")
        while at is not None and at.id not in seen:
            if at.active and not at.is_away(self.on):
                return Hearer(at.id, person.id)
            seen.add(at.id)
            at = self._people.get(at.deputy_on(self.on) or "")
        for boss in self._above(person):
            if boss.active and not boss.is_away(self.on):
                return Hearer(boss.id, person.id)
        return Hearer(person.id) if person.active else None

    @cached_property
    def _people(self) -> Mapping[str, Person]:
        return {person.id: person for person in self.roster.people}
