"""What the pages are made with: settings, configuration, base, inbox, secret, templates."""

from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import jinja2
from fastapi.responses import HTMLResponse
from sqlalchemy import Engine, select

from config.schema import Channel, Config, Rules
from config.settings import Settings
from models import Account, Contact, Lead
from tasks.posts.inbox import Inbox
from web.limits import Rates
from web.words import words


@dataclass
class Desk:
    """What every page is given; `config` is replaced when its files were changed."""

    settings: Settings
    config: Config
    engine: Engine
    secret: bytes
    inbox: Inbox
    rates: Rates = field(default_factory=Rates)
    _on: date | None = None
    _of: Config | None = None
    _rules: Rules = field(default_factory=lambda: Rules(version=""))

    @cached_property
    def templates(self) -> jinja2.Environment:
        """The pages' templates; what they are given is escaped."""
        return jinja2.Environment(
            loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True,
            trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined,
        )  # fmt: skip

    def render(self, template: str, /, **values: Any) -> str:
        """Render a template."""
        return self.templates.get_template(f"{template}.html.j2").render(**values)

    def page(self, name: str, status: int = 200, **values: Any) -> HTMLResponse:
        """Render a page in the language that people read."""
        lang = "en" if self.settings.lang == "en" else "zh-CN"
        return HTMLResponse(self.render(name, t=words(self.settings.lang), lang=lang, **values), status)

    @property
    def rules(self) -> Rules:
        """The rules that are in force today."""
        on = datetime.now(self.settings.zone).date()
        if self._on != on or self._of is not self.config:
            self._on, self._of, self._rules = on, self.config, self.config.rules.at(on)
        return self._rules

    @property
    def dated(self) -> Config:
        """The configuration with the rules that are in force today."""
        return self.config.model_copy(update={"rules": self.rules})

    def lead(self, number: str) -> dict[str, Any] | None:
        """A lead with its company, its contact's name, title, phone and email, and owner_name; None: there is none."""
        query = (
            select(
                Lead.__table__, Account.name.label("company"), Contact.name, Contact.title, Contact.phone, Contact.email
            )
            .join(Contact, Contact.id == Lead.contact_id)
            .outerjoin(Account, Account.id == Lead.account_id)
            .where(Lead.number == number)
        )
        with self.engine.connect() as conn:
            found = conn.execute(query).mappings().one_or_none()
        if found is None:
            return None
        owner = self.config.roster.person(found["owner"]) if found["owner"] else None
        return {**found, "owner_name": owner.name if owner else ""}

    def channel(self, name: str, kind: str) -> Channel | None:
        """A channel of that kind, None where there is none."""
        found = self.config.channels.get(name)
        return found if found is not None and found.kind == kind else None
