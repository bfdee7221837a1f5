"""What exists and what happened: the tables, and how they are reached."""

from models.base import Base
from models.feed import Feed, FeedPage, FeedRecord, Withdrawal
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
from models.post import Post, PostTaken, SpotCheck

__all__ = [
    "Account",
    "AccountOwner",
    "Assignment",
    "Base",
    "Batch",
    "Block",
    "Choice",
    "Contact",
    "Counter",
    "Feed",
    "FeedPage",
    "FeedRecord",
    "Identity",
    "Judgement",
    "Lead",
    "LeadEvent",
    "Leave",
    "Match",
    "Membership",
    "Message",
    "MessageFile",
    "Person",
    "Post",
    "PostTaken",
    "Profile",
    "Record",
    "Reversal",
    "SpotCheck",
    "Submission",
    "Withdrawal",
]
