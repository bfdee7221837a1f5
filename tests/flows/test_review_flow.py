"""The flow `review` as Prefect runs it: what is due is built and mailed end to end, once."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from config.settings import get_settings
from flows.cli import run
from models import Message
from models.db import make_engine
from tests.foreign.crm import full_mapping, write_files
from tests.reviews.postman import REFUSED, listening

pytestmark = [pytest.mark.usefixtures("prefect_server"), pytest.mark.timeout(300)]

# New Year is a holiday: the first working day of a week, a month and a quarter is the second
AS_OF = datetime(2018, 1, 2, 1, 1, tzinfo=UTC)


def test_the_scheduled_flow_mails_each_pack_to_all_but_the_one_who_refuses(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows.review import review

    files = [str(path) for path in write_files(tmp_path)]
    (tmp_path / "crm.yaml").write_text(full_mapping(), encoding="utf-8")
    known = ("--as-of", "2017-12-31T09:00")
    assert run(["import-history", "--mapping", str(tmp_path / "crm.yaml"), *files, *known]) == 0
    with listening() as (got, url):
        monkeypatch.setenv("LEADS_SMTP_URL", url)
        monkeypatch.setenv("LEADS_MAIL_MODE", "send")
        assert review(as_of=AS_OF, backfill_mail=True) == ["weekly 2017-W52", "monthly 2017-12", "quarterly 2017-Q4"]
        first = len(got)
        assert review(as_of=AS_OF, backfill_mail=True) == []
        assert len(got) == first
    with make_engine(get_settings().database_url).connect() as conn:
        messages = conn.execute(select(Message.key, Message.state, Message.address)).all()
    refused = [one for one in messages if one.state == "refused"]
    assert len(refused) == 3
    assert all(one.address.startswith(REFUSED) for one in refused)
    assert len(messages) == first + 3
    assert {one.state for one in messages} == {"sent", "refused"}
    for pack in ("weekly-2017-W52", "monthly-2017-12", "quarterly-2017-Q4"):
        assert (home / "reviews" / pack / "review.xlsx").exists()
