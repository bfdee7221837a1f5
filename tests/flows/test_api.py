"""Prefect's API as the light processes ask it: a busy one is asked again, a refusal and silence are said in a line."""

import pytest
from pytest_httpserver import HTTPServer

from flows import api
from flows.api import Api, ApiFailed
from flows.server import free_port


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "_PAUSES", (0.0, 0.0))


def test_a_busy_server_is_asked_again(httpserver: HTTPServer) -> None:
    httpserver.expect_ordered_request("/api/deployments/filter").respond_with_data("", status=503)
    httpserver.expect_ordered_request("/api/deployments/filter").respond_with_json([{"name": "b"}, {"name": "a"}])
    assert [found["name"] for found in Api(httpserver.url_for("/api")).deployments()] == ["a", "b"]


def test_one_that_stays_busy_is_not_asked_for_ever(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/api/deployments/filter").respond_with_data("", status=503)
    with pytest.raises(ApiFailed, match="503"):
        Api(httpserver.url_for("/api")).deployments()
    assert len(httpserver.log) == 3


def test_a_refusal_is_no_reason_to_ask_again(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/api/deployments/x/create_flow_run").respond_with_data("", status=422)
    with pytest.raises(ApiFailed, match="422"):
        Api(httpserver.url_for("/api")).start("x")
    assert len(httpserver.log) == 1


def test_a_pool_that_is_not_there_is_none(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/api/work_pools/p").respond_with_data("", status=404)
    assert Api(httpserver.url_for("/api")).pool("p") is None


def test_silence_is_said_without_the_address(httpserver: HTTPServer) -> None:
    with pytest.raises(ApiFailed, match="deployments/filter: URLError"):
        Api(f"http://127.0.0.1:{free_port()}/api").deployments()


def test_the_password_goes_with_the_question(httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_API_AUTH_STRING", "user:pass")
    httpserver.expect_request(
        "/api/deployments/filter", headers={"Authorization": "Basic dXNlcjpwYXNz"}
    ).respond_with_json([])
    assert Api(httpserver.url_for("/api")).deployments() == []
