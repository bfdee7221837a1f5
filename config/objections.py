"""A standard answer to a kind of objection as a rule: what to say, and what to send that proves it."""

from pydantic import Field

from config.rule import Rule, Statement

#: The category of an objection that no theme's words fit.
OTHER = "其他"


class AnswerRule(Rule):
    """One answer; several may answer one category, in the order in which they are offered.

    category: a theme of R-THEMES, or OTHER. answer: the words; proof: the material that goes with them.
    """

    #: what a planned answer names it by
    id: str = Field(pattern=r"^O(-[A-Z0-9]+){2,}$")
    category: str = Field(min_length=1)
    answer: Statement
    proof: Statement
