"""Company names: a tidy one to show, and a key to compare by (H2-1-quality: the company as registered).

The key drops width, brackets, spaces and the legal form, and nothing else: the region, 集团 and the branch stay,
so that 上海分公司 is another company than its head.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tasks.rules.clean.texts import (
    SIGNS,
    SMALL_LATIN,
    Text,
    among,
    blank_to_null,
    choose,
    half_width,
    holding,
    mapped,
    mask_of,
    matches,
    one_of,
    placed,
    put,
    stated,
    swap,
    without_padding,
    worded,
)  # fmt: skip

_LABEL = r"^(?:(?:(?:公司|企业|单位|客户)(?:名称|全称|名)|公司|单位|企业)\s*:\s*)+"
_QUOTED = r"^[“‘「『]([^“”‘’「」『』]*)[”’」』]$"
_OUTER = r"^[\s\p{Z}。.,，、;；:：'\"`*#=]+|[\s\p{Z}。,，、;；:：'\"`*#]+$"
# An index takes some 2,700 bytes, and a sign up to four; a longer key is cut, and a digest stands for what was cut.
_LONGEST, _KEPT = 200, 160


@dataclass(frozen=True)
class LegalForms:
    """The patterns of V-LEGAL-FORM."""

    anywhere: str
    end: str
    keeps: str
    latin: str

    @classmethod
    def of(cls, value: Mapping[str, Any]) -> "LegalForms":
        """Compile the value of V-LEGAL-FORM."""
        latin = one_of(value["latin"]).replace(r"\ ", "[., ]*")
        return cls(one_of(value["anywhere"]), one_of(value["end"]), one_of(value["keeps"]), latin)


def read_companies(values: Text, forms: LegalForms, blanks: Text) -> dict[str, Text]:
    """Return company (to show) and company_key for a column of cells; both null where no company is named."""
    company = _shown(values)
    nobody = among(pc.utf8_lower(company), blanks) | (stated(company) & ~worded(company))
    company = choose(nobody, None, company)
    return {"company": company, "company_key": _key(company, forms)}


def _shown(values: Text) -> Text:
    lean = without_padding(half_width(values))
    return blank_to_null(put(lean, holding(lean, SIGNS), _bare))


def _bare(part: Text) -> Text:
    """Names without what stands around them: a label, quotes, signs of a list."""
    for pattern, kept in ((_OUTER, ""), (_LABEL, ""), (_QUOTED, r"\1"), (_OUTER, "")):
        part = swap(part, pattern, kept)
    return part


def _key(company: Text, forms: LegalForms) -> Text:
    key = pc.utf8_lower(company)
    key = put(key, holding(key, SMALL_LATIN), lambda part: swap(part, rf"(?:[\s,.]+(?:{forms.latin})[\s.,]*)+$", ""))
    lean = swap(key, forms.anywhere, "")
    lean = put(lean, holding(lean, SIGNS), lambda part: swap(part, r"[^\p{L}\p{N}&+]+", ""))
    ends = matches(lean, rf"(?:{forms.end})$") & ~matches(lean, rf"(?:{forms.keeps})公司$")
    lean = put(lean, ends, lambda part: swap(part, rf"(?:{forms.end})$", ""))
    # A name that is nothing but a legal form still tells itself apart.
    bare = mask_of(pc.less(pc.utf8_length(lean), 2))
    whole = swap(key.filter(pa.array(bare)), r"[^\p{L}\p{N}]+", "")
    lean = placed(lean, bare, whole)
    long = mask_of(pc.greater(pc.utf8_length(lean), _LONGEST))
    return blank_to_null(put(lean, long, lambda part: mapped(part, _cut)))


def _cut(key: str) -> str:
    return key[:_KEPT] + hashlib.blake2b(key.encode(), digest_size=16).hexdigest()
