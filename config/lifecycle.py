"""A stage of the sales process as a rule: by what a lead enters it, and what its state is called meanwhile."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from config.rule import Rule, Statement, Words, listed

#: What beside its words lets a lead enter a stage: it exists, the customer answered, a contract is known, it is won,
#: and it has been won for a while.
Entered = Literal["opened", "answered", "contract", "won", "care"]


class StageRule(Rule):
    """One stage; the stages stand in the order in which leads come to them.

    milestones, results: texts of a follow-up that contain one of these words enter it; methods: so does a contact of
    this kind that was answered. phase: what the lead's state is called while it is there (线索信息表, 状态).
    """

    stage: str = Field(min_length=1)
    milestones: Words = ()
    results: Words = ()
    methods: Words = ()
    enters: Annotated[tuple[Entered, ...], BeforeValidator(listed)] = ()
    phase: Statement
