"""The command that takes one lead in by hand."""

from typing import Annotated

from cyclopts import Parameter

from flows.cli_app import Actor, AsOf, DryRun, Json, Typed, app, opened, told


@app.command
def add(
    *,
    by: Actor,
    company: Typed = None,
    contact: Typed = None,
    title: Typed = None,
    phone: Typed = None,
    email: Typed = None,
    need: Typed = None,
    budget: Typed = None,
    chain: Typed = None,
    urgency: Typed = None,
    industry: Typed = None,
    region: Typed = None,
    size: Typed = None,
    source: Typed = None,
    note: Typed = None,
    mine: Annotated[bool, Parameter(help="A prospect of one's own: who enters it keeps it.")] = False,
    dry_run: DryRun = False,
    as_of: AsOf = None,
    as_json: Json = False,
) -> int:
    """Take one lead in by hand: a call, a card, a prospect of one's own. Says whose it is already, if anybody's.

    Example: leads add --company 杭州澄屿机械有限公司 --contact 李明 --phone 13812340001 --source 电话咨询 --by tangyue
    """
    from flows import adding

    fields = {
        "company": company, "contact": contact, "title": title, "phone": phone, "email": email, "need": need,
        "budget": budget, "chain": chain, "urgency": urgency, "industry": industry, "region": region, "size": size,
        "source": source, "note": note,
    }  # fmt: skip
    settings = opened(as_json)
    stated = {name: text for name, text in fields.items() if text}
    return told(adding.add(settings, adding.Asked(stated, by, mine, as_of, dry_run)), settings, as_json)
