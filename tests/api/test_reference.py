"""``/api/v1/openapi.json`` and its page."""

from __future__ import annotations

import re

from tenfour.errors import FAILURES, ErrorCode
from tests.api.asking import ask, refused
from tests.servers import Server

SCRIPTS_AND_STYLES = re.compile(r'(?:src|href)="([^"]+)"')


async def test_every_operation_names_itself_and_the_problems_it_may_answer_with(server: Server) -> None:
    answer = await ask(server, "GET", "/api/v1/openapi.json")

    assert answer.headers["content-type"] == "application/vnd.oai.openapi+json"
    api = answer.json()
    assert api["openapi"].startswith("3.1")
    operations = [operation for item in api["paths"].values() for operation in item.values()]
    assert len({each["operationId"] for each in operations}) == len(operations)
    for operation in operations:
        assert operation["summary"]
        assert {"429", "503"} <= set(operation["responses"])
        for status, response in operation["responses"].items():
            content = response.get("content", {})
            if "application/problem+json" in content:
                assert content["application/problem+json"]["schema"] == {"$ref": "#/components/schemas/Problem"}
                codes = re.findall(r"`(\w+)`", response["description"])
                assert {FAILURES[ErrorCode(code)].status for code in codes} == {int(status)}


async def test_the_page_loads_nothing_from_elsewhere_and_runs_no_script_of_its_own(server: Server) -> None:
    page = await ask(server, "GET", "/api/v1/docs")

    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert re.search(r"<script(?![^>]*src=)|<style|style=|\son\w+=", page.text) is None
    loaded = SCRIPTS_AND_STYLES.findall(page.text)
    assert any(each.endswith(".js") for each in loaded)
    for each in loaded:
        assert each.startswith("/")
        assert (await ask(server, "GET", each)).status_code == 200


async def test_only_the_files_of_the_page_are_given(server: Server) -> None:
    for name in ("accounts.py", "..%2faccounts.py", "docs.html"):
        refused(await ask(server, "GET", f"/api/v1/docs/{name}"), "not_found")
