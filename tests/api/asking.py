"""Requests of anybody, and what a refusal has to look like."""

from __future__ import annotations

import uuid
from typing import Any

import httpx

from tenfour.errors import FAILURES, ErrorCode
from tests.servers import TLS, Server

PASSWORD = "correct horse battery"


async def ask(server: Server, method: str, path: str, **more: Any) -> httpx.Response:
    """One request without a token of its own, below the server's address."""
    async with httpx.AsyncClient(base_url=server.url, verify=TLS, timeout=30) as http:
        return await http.request(method, path, **more)


def refused(response: httpx.Response, code: str) -> dict[str, Any]:
    """The body of a refusal, which is a problem of the catalogue with this code; what it says is left to the test."""
    assert response.headers["content-type"] == "application/problem+json", response.text
    problem: dict[str, Any] = response.json()
    failure = FAILURES[ErrorCode(code)]
    assert (problem["code"], problem["status"], response.status_code) == (code, failure.status, failure.status), problem
    assert (problem["title"], problem["advice"], problem["type"]) == (failure.title, failure.advice, f"urn:tenfour:error:{code}")
    assert problem["detail"]
    assert problem["request_id"] == response.headers["x-request-id"]
    return problem


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def pages(person: Any, path: str, limit: int) -> list[list[dict[str, Any]]]:
    """All pages of a list with a cursor."""
    found: list[list[dict[str, Any]]] = []
    cursor = None
    while True:
        more = f"{'&' if '?' in path else '?'}limit={limit}" + (f"&cursor={cursor}" if cursor else "")
        answer = await person.request("GET", path + more)
        assert answer.status_code == 200, answer.text
        found.append(answer.json()["items"])
        cursor = answer.json()["next"]
        if cursor is None:
            return found


async def log_in(server: Server, name: str, password: str = PASSWORD) -> dict[str, str]:
    """Headers of a new session."""
    answer = await ask(server, "POST", "/api/v1/sessions", json={"name": name, "password": password})
    assert answer.status_code == 201, answer.text
    return bearer(answer.json()["access_token"])


async def account(server: Server, name: str | None = None, *, admin: bool = False) -> str:
    """A new local account, made by the command line's token; its name."""
    name = name or f"u{uuid.uuid4().hex[:12]}"
    made = await ask(server, "POST", "/api/v1/users", json={"name": name, "password": PASSWORD, "admin": admin}, headers=server.administration())
    assert made.status_code == 201, made.text
    return name
