"""What a channel costs: amounts of spans of days, so much a month, or so much a lead."""

from datetime import date
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, model_validator

from config.rule import Frozen


class Cost(Frozen):
    """One part of a channel's cost in yuan: `amount` for all its days, `per_month`, or `per_lead` created.

    from, to: the days for which it holds, both included; none stated: always, which an amount cannot be.
    """

    first: date = Field(default=date.min, alias="from")
    last: date = Field(default=date.max, alias="to")
    amount: float | None = Field(default=None, ge=0)
    per_month: float | None = Field(default=None, ge=0)
    per_lead: float | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(one is not None for one in (self.amount, self.per_month, self.per_lead)) != 1:
            raise ValueError("says one of amount, per_month, per_lead")
        if self.amount is not None and (self.first == date.min or self.last == date.max):
            raise ValueError("an amount has the days that it is for: from and to")
        if self.last < self.first:
            raise ValueError("to lies before from")
        return self


def _several(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else (value,)


#: One part, or a list of them.
Costs = Annotated[tuple[Cost, ...], BeforeValidator(_several)]
