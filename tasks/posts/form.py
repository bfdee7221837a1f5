"""What somebody typed into a form, looked at before it is kept: each fault names its field and says how to mend it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pandas as pd

from config.form import CAMPAIGN, Form, FormField
from config.schema import Rules
from tasks.i18n import words
from tasks.rules.clean.emails import read_emails
from tasks.rules.clean.lexicon import lexicon
from tasks.rules.clean.phones import read_phones
from tasks.rules.clean.texts import column

#: A field that nobody sees and only machines fill in.
TRAP = "leave_blank"
CONSENT = "consent"
_MOST_CAMPAIGN = 200
_CONTROL = re.compile("[\0-\x08\x0b-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True)
class Fault:
    """What is wrong with a field, for people and for programs."""

    field: str
    code: str
    detail: str


@dataclass
class Typed:
    """A form as it was typed: answers by name, the campaign, what is wrong, and the phones it names (cleaned)."""

    fields: dict[str, str]
    campaign: dict[str, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    phones: list[str] = field(default_factory=list)
    trapped: bool = False
    #: what somebody agreed to, in the words that he read
    consent: str = ""

    @property
    def body(self) -> dict[str, Any]:
        """What is kept."""
        fields = {name: text for name, text in self.fields.items() if text}
        return {"fields": fields, "campaign": self.campaign, "consent": self.consent}

    @property
    def digest(self) -> str:
        """What it says, as one short text."""
        said = json.dumps(self.fields, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(said.encode()).hexdigest()[:32]


def read_typed(form: Form, sent: Mapping[str, str], rules: Rules, lang: str) -> Typed:
    """Read what was sent for a form and say what is wrong with it; names that it does not ask for are left out."""
    asked = {one.key for one in form.fields}
    typed = Typed({one.key: _plain(sent.get(one.key, ""), one) for one in form.fields})
    typed.campaign = {
        name: _CONTROL.sub("", sent[name]).strip()[:_MOST_CAMPAIGN]
        for name in CAMPAIGN
        if name not in asked and sent.get(name, "").strip()
    }
    typed.trapped = bool(sent.get(TRAP, "").strip())
    for one in form.fields:
        if fault := _fault(one, typed, rules, lang):
            typed.faults.append(fault)
    if form.consent and sent.get(CONSENT, "").strip():
        typed.consent = form.consent.text.of(lang)
    elif form.consent and form.consent.required:
        typed.faults.append(_said(CONSENT, "consent", lang))
    if not typed.faults and not typed.phones and not _mails(form, typed):
        first = next(one for one in form.fields if one.field in ("phone", "email"))
        typed.faults.append(_said(first.key, "reach", lang))
    return typed


def _plain(text: str, one: FormField) -> str:
    text = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return text.strip() if one.shape == "textarea" else " ".join(text.split())


def _fault(one: FormField, typed: Typed, rules: Rules, lang: str) -> Fault | None:
    text, label = typed.fields[one.key], one.label.of(lang)
    if not text:
        return _said(one.key, "choose" if one.options else "missing", lang, label=label) if one.required else None
    if len(text) > one.longest:
        return _said(one.key, "long", lang, label=label, n=one.longest)
    if one.options and text not in {option.code for option in one.options}:
        return _said(one.key, "choose", lang, label=label)
    if one.field == "phone":
        found = _phones(text, rules)
        typed.phones += found
        return None if found else _said(one.key, "phone", lang)
    if one.field == "email" and not _email(text, rules):
        return _said(one.key, "email", lang)
    return None


def _phones(text: str, rules: Rules) -> list[str]:
    known = lexicon(rules)
    found = read_phones(column(pd.DataFrame({"phone": [text]}, dtype="str"), "phone"), known.phones, known.blanks)
    values = [_one(found[name]) for name in ("phone", "phone2")]
    return [value for value in values if value]


def _email(text: str, rules: Rules) -> str:
    known = lexicon(rules)
    cells = column(pd.DataFrame({"email": [text]}, dtype="str"), "email")
    return _one(read_emails(cells, known.roles, known.mail_placeholders, known.blanks)["email"])


def _one(values: Any) -> str:
    """The one value of a column of any kind."""
    value = values[0].as_py() if hasattr(values[0], "as_py") else values[0]
    return "" if value is None or value is pd.NA or value != value else str(value)


def _mails(form: Form, typed: Typed) -> bool:
    return any(one.field == "email" and typed.fields[one.key] for one in form.fields)


def _said(name: str, code: str, lang: str, **values: object) -> Fault:
    return Fault(name, code, words(lang)[f"form.{code}"].format(**values))


def message_id(typed: Typed, reference: str, now: datetime, minutes: float) -> list[str]:
    """What makes a post one: its stamp's reference and what it says; without a stamp what it says, for some minutes.

    The first is under which it is kept; under any of them it may be there already.
    """
    if reference:
        return [f"t:{reference}:{typed.digest}"]
    part = int(now.timestamp() // (minutes * 60))
    return [f"c:{typed.digest}:{part}", f"c:{typed.digest}:{part - 1}"]
