"""What a lead should be at a moment, told step by step: a model that shares nothing with leadflow.

Every duration, word and order of precedence stands here once more, as plain numbers and loops over one lead's story.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

STAGES = ["线索获取", "需求分析", "方案设计", "商务谈判", "合同签订", "交付实施", "维护"]
#: What a milestone of the simulated year brings a lead to.
PLACE = {"需求确认": 1, "方案演示": 2, "报价": 3, "合同草案": 4}
MONTH_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
DAY = timedelta(days=1)


def month_later(at: datetime) -> datetime:
    """The same clock time a month later; the month's last day where it has no such day."""
    month = at.month % 12
    last = MONTH_DAYS[month] + (month == 1 and at.year % 4 == 0)
    return at.replace(year=at.year + at.month // 12, month=month + 1, day=min(at.day, last))


@dataclass
class Story:
    """What is known of one lead at a moment; times local.

    calls: at, recorded, outcome, milestone, confirmed, pause_until, risk, result of each follow-up. owners: since and
    person (None: nobody), in order. words: at, field, value. grade, need, chain, urgency: as rows gave them.
    """

    grade: str
    opened: datetime
    need: str
    chain: str
    urgency: str
    calls: list[dict[str, Any]] = field(default_factory=list)
    owner: str | None = None
    owner_since: datetime | None = None
    closing: tuple[datetime, str] | None = None
    words: list[tuple[datetime, str, str]] = field(default_factory=list)
    in_pool: bool = False
    lost_at: datetime | None = None

    def at(self, now: datetime) -> dict[str, Any]:
        """Status, tier, stage, pause and grade at a moment."""
        told = self._walk(now)
        ended = self._ended(told, now)
        silent = self._silence(told, now)
        if ended is None and self.lost_at and self.lost_at <= now:
            ended = ("lost", self.lost_at)
        if ended is None and not told["pause"] and silent and silent <= now and told["run"] >= 2:
            ended = ("lost", silent)
        stage = self._stage(told, ended, now)
        pause = None if ended else told["pause"]
        return {
            "status": self._status(ended, told), "tier": self._tier(told, ended, stage), "stage": STAGES[stage],
            "pause_kind": pause, "grade": self._grade(told, ended, now),
        }  # fmt: skip

    def _walk(self, now: datetime) -> dict[str, Any]:
        """Go through the follow-ups in their order, with timers."""
        said: dict[str, Any] = {"run": 0, "place": 0, "facts": {}, "first": None, "last": None, "moved": None}
        said |= {"pauses": [], "refused": None, "restart": None, "held": False, "moved_known": None, "changed": False}
        open_pause: tuple[str, datetime, datetime] | None = None
        for call in sorted(
            (one for one in self.calls if one["recorded"] <= now), key=lambda one: (one["at"], one["id"])
        ):
            at, answered = call["at"], call["outcome"] != "not_reached"
            moved = self._take(said, call, answered)
            own = call["pause_until"] is not None
            # what ends the pause that runs
            if open_pause and (own or open_pause[0] == "person" or (answered and open_pause[0] == "silent") or moved):
                said["pauses"].append((open_pause[1], min(open_pause[2], at)))
                open_pause = None
            if own:
                open_pause = ("person", at, call["pause_until"])
            elif said["run"] == 2 and not answered:
                open_pause = ("silent", at, month_later(at))
            elif answered and not moved and not said["held"] and at - (said["moved"] or said["first"]) >= 60 * DAY:
                open_pause, said["held"] = ("hold", at, month_later(at)), True
        if open_pause:
            said["pauses"].append((open_pause[1], open_pause[2]))
        said["pause"] = None
        if open_pause and open_pause[2] > now:
            said["pause"] = "reactivate" if open_pause[0] == "silent" else "hold"
        over = [until for _, until in said["pauses"] if until <= now]
        said["restart"] = max(over) if over else None
        return said

    def _take(self, said: dict[str, Any], call: dict[str, Any], answered: bool) -> bool:
        """One follow-up: whether something has moved."""
        at = call["at"]
        said["first"] = said["first"] or at
        said["last"] = at
        said["run"] = 0 if answered else said["run"] + 1
        if not answered:
            return False
        changed = call["risk"] == "联系人离职"
        if changed:
            said["facts"].pop("chain", None)
            said["facts"].pop("decider", None)
            said["changed"] = True
        place = max(1, PLACE.get(call["milestone"] or "", 0))
        names = [name for name in (call["confirmed"] or "").split("|") if name]
        if call["milestone"] == "需求确认":
            names.append("need")
        moved = place > said["place"] or call["milestone"] is not None or any(one not in said["facts"] for one in names)
        said["facts"] |= dict.fromkeys(names, at)
        said["changed"] = said["changed"] and "chain" not in names
        said["place"] = max(said["place"], place)
        if moved:
            said["moved"], said["held"] = at, False
            known = said["moved_known"]
            said["moved_known"] = call["recorded"] if not known else max(known, call["recorded"])
        if call["result"] == "丢单":
            said["refused"] = at
        return moved

    def _ended(self, said: dict[str, Any], now: datetime) -> tuple[str, datetime] | None:
        if self.closing and self.closing[0] <= now:
            if self.closing[1] == "won" and not (said["refused"] and said["refused"] > self.closing[0]):
                return "won", self.closing[0]
            if self.closing[1] == "lost":
                return "lost", self.closing[0]
        return ("lost", said["refused"]) if said["refused"] else None

    def _silence(self, said: dict[str, Any], now: datetime) -> datetime | None:
        if self.owner is None or self.owner_since is None:
            return None
        return max(one for one in (said["last"], self.owner_since, said["restart"]) if one) + 30 * DAY

    def _stage(self, said: dict[str, Any], ended: tuple[str, datetime] | None, now: datetime) -> int:
        place = said["place"]
        word = next((one for one in reversed(self.words) if one[1] == "stage" and one[0] <= now), None)
        if word:
            later = [
                max(1, PLACE.get(call["milestone"] or "", 0)) for call in self.calls
                if call["recorded"] <= now and call["recorded"] > word[0] and call["outcome"] != "not_reached"
            ]  # fmt: skip
            place = max([STAGES.index(word[2]), *later])
        if ended and ended[0] == "won":
            place = max(place, 6 if month_later(ended[1]) <= now else 5)
        return place

    def _tier(self, said: dict[str, Any], ended: tuple[str, datetime] | None, stage: int) -> str:
        if ended:
            return "成交" if ended[0] == "won" else "流失"
        word = next((one for one in reversed(self.words) if one[1] == "tier"), None)
        if word and not (said["moved_known"] and said["moved_known"] > word[0]):
            return word[2]
        facts = said["facts"]
        if all(name in facts for name in ("decider", "budget", "date")):
            return "高意向"
        return "意向" if (self.need == "clear" or "need" in facts) and stage >= 2 else "潜在"

    def _status(self, ended: tuple[str, datetime] | None, said: dict[str, Any]) -> str:
        if ended:
            return ended[0]
        if self.owner is None:
            return "pool" if self.in_pool else "new"
        return "in_progress" if said["last"] else "owned"

    def _by_table(self, said: dict[str, Any]) -> str:
        clear = self.need == "clear" or "need" in said["facts"]
        if not clear or self.urgency == "no_plan":
            return "C"
        whole = (self.chain == "complete" or "chain" in said["facts"]) and not said["changed"]
        return "A" if whole and self.urgency == "urgent" else "B"

    def _grade(self, said: dict[str, Any], ended: tuple[str, datetime] | None, now: datetime) -> str:
        """By the table where the customer has confirmed something; B that has once gone two weeks without progress
        and without a pause is C."""
        grade = self._by_table(said) if said["facts"] else self.grade
        if grade != "B" or not said["first"]:
            return grade
        base = max(said["moved"] or said["first"], said["first"])
        end = min(now, ended[1]) if ended else now
        for since, until in sorted(said["pauses"]):
            if since < base:
                continue
            if since - base >= 14 * DAY and base + 14 * DAY <= end:
                return "C"
            base = max(base, until)
        return "C" if base + 14 * DAY <= end else "B"
