"""Who is in a decision chain and whether it is complete, in words: beside the chain as its sender wrote it.

Made when it is read, from the text that the row and the lead keep: a new rule reads every chain anew, and no event
names anybody (V-CHAIN-MEMBERS, H1-3.3-grade).
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cached_property, lru_cache

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from config.schema import Rules
from tasks.i18n import mask_name, word, words
from tasks.rules.clean.lexicon import lexicon
from tasks.rules.clean.members import Member
from tasks.rules.clean.texts import Text, flat, series, spread, stated
from tasks.rules.facts import chain_state

_READ = 4096  # chains kept with what was read in them


@dataclass(frozen=True)
class ChainWords:
    """Says chains in a language by the rules in force."""

    rules: Rules
    lang: str
    mask: bool = False

    @cached_property
    def _known(self) -> dict[str | None, str]:
        return {}

    @cached_property
    def _names(self) -> Callable[[str], str]:
        return lru_cache(_READ)(self._said)

    def members(self, text: str | None) -> tuple[Member, ...]:
        """The people and units of one chain."""
        return lexicon(self.rules).members.read(text)

    def written(self, text: str | None) -> str | None:
        """The chain as its sender wrote it; its names masked where names are."""
        for name in {member.name for member in self.members(text)} if self.mask else ():
            text = (text or "").replace(name, self._shown(name))
        return text

    def told(self, text: str | None) -> list[dict[str, str]]:
        """The members of one chain as plain data."""
        return [asdict(member) | {"name": self._shown(member.name)} for member in self.members(text)]

    def said(self, text: str | None) -> str:
        """The members and completeness of one chain; nothing where it is blank or names nobody."""
        return str(self.column(pa.array([text or None], pa.large_string()))[0])

    def column(self, texts: Text) -> Text:
        """The members and completeness of a column of chains, `""` where one is blank or names nobody."""

        def read(distinct: Text) -> dict[str, Text]:
            texts = distinct.to_pylist()
            # what was read once in a telling is not read again for the next person
            if new := [text for text in texts if text not in self._known]:
                self._known.update(zip(new, told(pa.array(new, pa.large_string())), strict=True))
            return {"said": pa.array([self._known[text] for text in texts], pa.large_string())}

        def told(distinct: Text) -> list[str]:
            state = chain_state(pd.DataFrame({"chain": series(distinct, pd.RangeIndex(len(distinct)))}), self.rules)
            names = [self._names(text) for text in distinct.to_pylist()]
            form = words(self.lang)["chain.said"]
            return [form.format(names=name, state=word(self.lang, "chain", code)) if name else ""
                    for name, code in zip(names, state, strict=True)]  # fmt: skip

        return flat(spread(flat(texts), read)["said"]).fill_null("")

    def _said(self, text: str) -> str:
        return words(self.lang)["list"].join(self._one(member) for member in self.members(text))

    def _one(self, member: Member) -> str:
        who = Member(self._shown(member.name), member.title, member.unit).who
        about = [part for part in (member.unit, word(self.lang, "chain_role", member.role)) if part and part != who]
        return who + (words(self.lang)["mail.title"].format(words(self.lang)["chain.and"].join(about)) if about else "")

    def _shown(self, name: str) -> str:
        """A name, masked where names are; a family name alone (李经理) tells nobody."""
        return mask_name(name) if self.mask and len(name) > 1 else name


def members_of(cells: Text, place: int, separator: str, chains: ChainWords) -> Text:
    """The column of members for rows of joined cells whose chain stands at `place`."""
    chain = flat(pc.list_element(pc.split_pattern(cells, separator), place))
    blank = ~stated(chain) | pc.equal(chain, "").to_numpy(zero_copy_only=False)
    return chains.column(pc.if_else(pa.array(blank), pa.scalar(None, pa.large_string()), chain))
