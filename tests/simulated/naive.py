"""What should have happened to each promise, minute by minute: a model that shares nothing with leadflow.

Every duration, holiday and rule stands here once more, as plain numbers and loops.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any

FRAMES = ((time(9), time(12)), (time(13, 30), time(18)))
OFF = {date(2025, 10, day) for day in range(1, 9)}
MADE_UP = {date(2025, 9, 28), date(2025, 10, 11)}
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
Leave = tuple[date, date] | None


@cache
def works(day: date, leave: Leave) -> bool:
    """Whether somebody works on a day."""
    if leave and leave[0] <= day <= leave[1]:
        return False
    return day in MADE_UP or (day.weekday() < 5 and day not in OFF)


@cache
def is_open(at: datetime, leave: Leave = None) -> bool:
    """Whether a minute is working time."""
    return works(at.date(), leave) and any(one <= at.time() < two for one, two in FRAMES)


@cache
def opening(at: datetime, leave: Leave) -> datetime:
    """The next working minute."""
    while not is_open(at, leave):
        at = at.replace(second=0) + MINUTE
    return at


@cache
def next_working(day: date, leave: Leave, count: int) -> date:
    """The working day so many after a day."""
    while count:
        day += DAY
        count -= works(day, leave)
    return day


def closing(day: date) -> datetime:
    """The end of a working day."""
    return datetime.combine(day, FRAMES[-1][1])


@cache
def add(at: datetime, minutes: int, leave: Leave) -> datetime:
    """The time at which so many working minutes have passed."""
    while minutes:
        minutes -= is_open(at, leave)
        at += MINUTE
    return at


@cache
def back(at: datetime, minutes: int, leave: Leave) -> datetime:
    """The time from which so many working minutes are left."""
    while minutes:
        at -= MINUTE
        minutes -= is_open(at, leave)
    return at


@cache
def between(one: datetime, two: datetime, leave: Leave) -> int:
    """Working minutes between two times."""
    count = 0
    while one < two:
        count += is_open(one, leave)
        one += MINUTE
    return count


@cache
def later(at: datetime, count: int, unit: str, leave: Leave) -> datetime:
    """A time so many units after another."""
    if unit == "calendar_days":
        return at + count * DAY
    if unit == "hours":
        return add(at, count * 60, leave)
    begun = opening(at, leave)
    day = next_working(begun.date(), leave, count)
    if unit == "working_days":
        return closing(day)
    clock = datetime.combine(day, begun.time())
    return (
        clock if is_open(clock, leave) else max(datetime.combine(day, two) for _, two in FRAMES if two <= clock.time())
    )


#: Rule → what of (unit, count by grade), whether leave counts, what a pause does, and the ladder: kind, minutes
#: before, or count and unit after.
RULES: dict[str, dict[str, Any]] = {
    "K-VERIFY": {"unit": "working_days", "n": {"A": 1, "B": 1, "C": 1}, "ladder": [
        ("reminder", -120), ("breach", 0), ("escalation", (1, "working_days"))]},
    "K-FIRST": {"unit": "clock_days", "n": {"A": 1}, "ladder": [
        ("reminder", -240), ("breach", 0), ("escalation", (4, "hours")), ("reassign", (1, "clock_days"))]},
    "K-CADENCE": {"unit": "working_days", "n": {"A": 3, "B": 5, "C": 10}, "pause": "restart", "ladder": [
        ("reminder", -240), ("breach", 0), ("escalation", (2, "working_days")), ("escalation", (4, "working_days"))]},
    "K-PLAN": {"unit": "working_days", "n": {"A": 3}, "pause": "carry", "own": True, "ladder": [
        ("reminder", -240), ("breach", 0), ("escalation", (2, "working_days"))]},
    "K-STALL": {"unit": "calendar_days", "n": {"A": 14, "B": 14, "C": 14}, "pause": "restart", "ladder": [
        ("breach", 0), ("escalation", (5, "working_days"))]},
    "K-RECORD": {"unit": "clock_days", "n": {"A": 1, "B": 1, "C": 1}, "own": True, "ladder": [("breach", 0)]},
    "K-RECORD-SOON": {"unit": "hours", "n": {"A": 2, "B": 2, "C": 2}, "own": True, "ladder": []},
    "K-OBJECTION": {"unit": "clock_days", "n": {"A": 1, "B": 1, "C": 1}, "ladder": [
        ("reminder", -120), ("breach", 0), ("escalation", (1, "working_days"))]},
    "K-NEXT": {"unit": "promised", "n": {}, "ladder": [
        ("reminder", -240), ("breach", 0), ("escalation", (1, "working_days"))]},
    "K-SUPPORT": {"unit": "working_days", "n": {"A": 2, "B": 2, "C": 2}, "ladder": [
        ("reminder", -240), ("breach", 0), ("escalation", (1, "working_days"))]},
}  # fmt: skip
#: From when on a B lead's next follow-up is due within so many working days.
CHANGED = (datetime.combine(date(2025, 10, 13), time()), 4)


@dataclass
class Clock:
    """One promise as the model sees it."""

    policy: str
    start: datetime
    due: datetime | None = None
    leave: Leave = None
    pauses: list[tuple[datetime, datetime]] = field(default_factory=list)
    paused: datetime | None = None
    resume: datetime | None = None
    breached: datetime | None = None
    ended: datetime | None = None
    ending: str | None = None
    step: int = 0
    fired: list[tuple[str, datetime]] = field(default_factory=list)


class Lead:
    """One lead's life: told event by event, swept tick by tick."""

    def __init__(self, grade: str, opened: datetime, leave_of: Any) -> None:
        self.grade, self.opened, self.leave_of = grade, opened, leave_of
        self.talks: list[dict[str, Any]] = []
        self.verified: datetime | None = None
        self.clocks: list[Clock] = []
        self.changed = False
        self._follow(opened, opened)

    def talk(self, said: dict[str, Any], recorded: datetime, author_leave: Leave) -> None:
        """A follow-up that was recorded later than, or when, it happened."""
        at = said["at"]
        self.talks.append(said)
        self._follow(at, recorded)
        answers = "next_at" in said
        for clock in self._running():
            about = clock.policy == "K-NEXT" or (clock.policy == "K-OBJECTION" and answers)
            # what is told late keeps nothing that was promised after it
            if about and at >= clock.start:
                self._end(clock, at)
        for policy in ("K-RECORD", "K-RECORD-SOON"):
            clock = self._begin(policy, at, recorded, author_leave)
            self._end(clock, recorded)
        if "next_at" in said:
            self.clocks.append(Clock("K-NEXT", at, said["next_at"]))
        if "objection" in said:
            clock = self._begin("K-OBJECTION", at, recorded, None)
            if answers:
                self._end(clock, at)
        if "support" in said:
            self._begin("K-SUPPORT", at, recorded, None)

    def verify(self, at: datetime) -> None:
        """A person has verified it."""
        self.verified = at
        self._follow(at, at)

    def sweep(self, at: datetime, in_outage: bool) -> None:
        """One tick of the sweep."""
        if in_outage:
            return
        if at >= CHANGED[0] and not self.changed:
            self.changed = True
            for clock in self._running():
                self._aim(clock, at)
        for clock in self.clocks:
            if clock.ending in (None, "late") and (clock.ending is None or clock.policy == "K-RECORD"):
                self._look(clock, at)

    def _running(self) -> list[Clock]:
        return [clock for clock in self.clocks if clock.ended is None]

    def _live(self, policy: str) -> Clock | None:
        return next((clock for clock in self._running() if clock.policy == policy), None)

    def _follow(self, at: datetime, recorded: datetime) -> None:
        """What happens to the promises about the lead itself."""
        times = [said["at"] for said in self.talks]
        first, last = (min(times), max(times)) if times else (None, None)
        newest = max(self.talks, key=lambda said: said["at"]) if self.talks else {}
        until = newest.get("pause_until")
        paused = until is not None and until > at
        checked = min((one for one in (self.verified, first) if one), default=None)
        anchor = max((one for one in (self.verified, last) if one), default=None)
        plans = [said["at"] for said in self.talks if "plan" in said]
        answered = [said for said in self.talks if said["outcome"] != "not_reached"]
        # an answer at last is progress, and whatever was reached in an answered one
        moves = [said["at"] for said in answered if "milestone" in said]
        moves += [min(said["at"] for said in answered)] if answered else []
        self._once("K-VERIFY", self.opened, checked, at, False, None)
        self._once("K-FIRST", at, first, at, False, None)
        self._again("K-CADENCE", anchor, at, paused, until)
        plan_start = max(first, at) if first else None
        self._once("K-PLAN", plan_start, min(plans, default=None), at, paused, until)
        self._again("K-STALL", max([first, *moves]) if first else None, at, paused, until)

    def _once(self, policy: str, start: Any, stop: Any, at: datetime, paused: bool, until: Any) -> None:
        if self.grade not in RULES[policy]["n"]:
            return
        live = self._live(policy)
        if live and stop:
            self._end(live, stop)
        elif live:
            self._stand(live, at, paused, until)
        elif start and not stop and not any(one.policy == policy for one in self.clocks):
            self._new(policy, start, at, paused, until)

    def _again(self, policy: str, anchor: datetime | None, at: datetime, paused: bool, until: Any) -> None:
        live = self._live(policy)
        if live and anchor and anchor > live.start:
            self._end(live, anchor)
            live = None
            self._new(policy, anchor, at, paused, until)
        elif live:
            self._stand(live, at, paused, until)
        elif anchor:
            self._new(policy, anchor, at, paused, until)

    def _new(self, policy: str, start: datetime, at: datetime, paused: bool, until: Any) -> None:
        clock = Clock(policy, start)
        if paused and "pause" in RULES[policy]:
            clock.paused, clock.resume = start, until
        self._aim(clock, at)
        self.clocks.append(clock)

    def _stand(self, clock: Clock, at: datetime, paused: bool, until: Any) -> None:
        paused = paused and "pause" in RULES[clock.policy]
        if paused and clock.paused is None:
            clock.paused = max(at, clock.start)
        elif not paused and clock.paused is not None:
            self._go_on(clock, max(min(at, clock.resume or at), clock.paused))
        clock.resume = until if paused else None
        self._aim(clock, at)

    def _go_on(self, clock: Clock, when: datetime) -> None:
        assert clock.paused is not None
        clock.pauses.append((clock.paused, when))
        clock.paused = clock.resume = None
        if RULES[clock.policy]["pause"] == "restart":
            clock.start = when
            clock.pauses = [span for span in clock.pauses if span[1] > when]

    def _begin(self, policy: str, start: datetime, at: datetime, leave: Leave) -> Clock:
        clock = Clock(policy, start, leave=leave)
        self._aim(clock, at)
        self.clocks.append(clock)
        return clock

    def _aim(self, clock: Clock, at: datetime) -> None:
        """Reckon when it is due."""
        rule = RULES[clock.policy]
        if clock.policy == "K-NEXT":
            return
        if clock.policy == "K-PLAN":
            clock.leave = self.leave_of(at)
        if clock.paused is not None:
            clock.due = None
            return
        clock.due = self._due(clock, at)
        assert rule["ladder"] is not None

    def _due(self, clock: Clock, at: datetime) -> datetime:
        rule = RULES[clock.policy]
        n = rule["n"][self.grade]
        if clock.policy == "K-CADENCE" and self.grade == "B" and at >= CHANGED[0]:
            n = CHANGED[1]
        due = later(clock.start, n, rule["unit"], clock.leave)
        if clock.policy == "K-CADENCE" and self.grade == "A":
            due = min(due, self._week_end(clock.start) or due)
        if rule["unit"] == "calendar_days":
            return due + sum((two - one for one, two in clock.pauses), timedelta())
        stood = sum(between(one, two, clock.leave) for one, two in clock.pauses)
        return add(due, stood, clock.leave) if stood else due

    def _week_end(self, start: datetime) -> datetime | None:
        """An A lead has two contacts in each week of four working days: when the second one is due, if one lacks."""
        if not self.talks:
            return None
        last = max(said["at"] for said in self.talks).date()
        monday = last - last.weekday() * DAY
        days = [monday + count * DAY for count in range(7)]
        if sum(said["at"].date() in days for said in self.talks) > 1:
            return None
        working = [day for day in days if day >= self.opened.date() and works(day, None)]
        if len(working) < 4 or start.date() >= working[-1]:
            return None
        return closing(working[-1])

    def _end(self, clock: Clock, at: datetime) -> None:
        at = max(at, clock.start)
        reached = min(at, clock.paused) if clock.paused else at
        due = clock.due if clock.due is not None else self._due(clock, at)
        clock.ended, clock.due = at, due
        clock.ending = "late" if reached > due else "met"
        if reached > due and clock.breached is None:
            clock.breached = due

    def _look(self, clock: Clock, at: datetime) -> None:
        """What a sweep finds of one clock."""
        if clock.resume is not None and clock.resume <= at and clock.paused is not None:
            self._go_on(clock, clock.resume)
            self._aim(clock, at)
        if clock.due is None:
            return
        if clock.due <= at and clock.breached is None:
            clock.breached = clock.due
        leave = self.leave_of(at) if clock.policy == "K-PLAN" else clock.leave
        ladder = RULES[clock.policy]["ladder"]
        ready = 0
        for number, (_, when) in enumerate(ladder, start=1):
            due = self._step(clock, when, leave)
            if number > clock.step and due is not None and due <= at:
                ready = number
        if ready and is_open(at, leave):
            clock.step = ready
            clock.fired.append((ladder[ready - 1][0], at))

    def _step(self, clock: Clock, when: Any, leave: Leave) -> datetime | None:
        due = clock.due
        assert due is not None
        if when == 0:
            return due
        if isinstance(when, int):
            found = back(due, -when, leave)
            return found if found > clock.start else None
        count, unit = when
        if unit == "hours":
            return later(due, count, unit, leave)
        # counted from the day that the due time ends
        second = timedelta(seconds=1)
        found = later(due - second, count, unit, leave)
        return found + second if unit == "clock_days" else found
