"""Whatever fits or breaks the OpenAPI of either application: no answer is a fault of ours."""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error

from tests.web.site import EXAMPLES, Site
from web.internal import internal_app

QUICK = settings(
    max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), database=None, derandomize=True,
    phases=[Phase.generate],
)  # fmt: skip
TOKEN = "a token for programs"
# what stands in a path is mostly nobody's: here is what there is
NAMED = {"channel": ("website", "open", "waiqin365"), "name": ("website",)}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    channels: dict[str, Any] = {name: (EXAMPLES / f"{name}.yaml").read_text("utf-8") for name in ("wjx", "waiqin365")}
    hook = {"sign": {"kind": "none"}, "fields": {"phone": "phone"}, "items": "a.*"}
    channels["open"] = {"kind": "webhook", "webhook": hook}
    return Site(tmp_path_factory.mktemp("site"), channels=channels, token=TOKEN)


@pytest.mark.parametrize("which", ["public", "internal"])
def test_no_request_is_answered_with_a_fault(site: Site, which: str) -> None:
    app = site.app if which == "public" else internal_app(site.app.state.desk)
    headers = {"authorization": f"Bearer {TOKEN}"}
    tried = set()
    for found in schemathesis.openapi.from_asgi("/openapi.json", app, headers=headers).get_all_operations():
        operation = found.ok()

        @QUICK
        @given(case=operation.as_strategy())
        def holds(case: Any) -> None:
            for change in _places(case):
                case.path_parameters = {**(case.path_parameters or {}), **change}
                site.app.state.desk.rates.seen.clear()
                answer = case.call(headers=headers)
                case.validate_response(answer, checks=[not_a_server_error])

        holds()
        tried.add((operation.path, operation.method.upper()))
    assert len(tried) >= 9
    site.sweep()


def _places(case: Any) -> list[dict[str, str]]:
    """The path as it was made up, and with what there is."""
    known = [
        {name: value} for name, values in NAMED.items() if name in (case.path_parameters or {}) for value in values
    ]
    return [{}, *known]
