"""Every table, by the name of its class."""

from models.base import Base
from models.calendar import CalendarDay, CalendarYear
from models.clock import Clock, ClockPast, Escalation
from models.feed import Feed, FeedPage, FeedRecord, Withdrawal
from models.follow_up import FollowUp, Objection
from models.intake import Batch, Counter, Message, MessageFile, Record, Submission
from models.judgement import Judgement
from models.lead import (
    Account,
    AccountOwner,
    Assignment,
    Choice,
    Contact,
    Identity,
    Lead,
    LeadEvent,
    Leave,
    Match,
    Membership,
    Person,
    Profile,
)
from models.lists import Block, Reversal
from models.outcome import HistoryRecord, Outcome, StageEntry
from models.plan import Plan, PlanItem
from models.post import Post, PostTaken, SpotCheck
from models.review import Knowledge, Review, ReviewDecision, ReviewRow
from models.share import Share

__all__ = [
    "Account",
    "AccountOwner",
    "Assignment",
    "Base",
    "Batch",
    "Block",
    "CalendarDay",
    "CalendarYear",
    "Choice",
    "Clock",
    "ClockPast",
    "Contact",
    "Counter",
    "Escalation",
    "Feed",
    "FeedPage",
    "FeedRecord",
    "FollowUp",
    "HistoryRecord",
    "Identity",
    "Judgement",
    "Knowledge",
    "Lead",
    "LeadEvent",
    "Leave",
    "Match",
    "Membership",
    "Message",
    "MessageFile",
    "Objection",
    "Outcome",
    "Person",
    "Plan",
    "PlanItem",
    "Post",
    "PostTaken",
    "Profile",
    "Record",
    "Reversal",
    "Review",
    "ReviewDecision",
    "ReviewRow",
    "Share",
    "SpotCheck",
    "StageEntry",
    "Submission",
    "Withdrawal",
]
