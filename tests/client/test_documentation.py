"""The examples of ``docs/python-sdk.md`` and of the README, run against a real server."""

from __future__ import annotations

import ast
import asyncio
import inspect
import re
from pathlib import Path

import pytest

import tenfour.client
from tests.servers import World

HERE = Path(__file__).resolve().parent.parent.parent
PAGE = (HERE / "docs" / "python-sdk.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
async def test_an_example_of_the_page_runs(world: World, chat: str, number: int) -> None:
    names = {"url": world.ann.server.url, "token": world.ann.token, "chat_id": chat}

    async with asyncio.timeout(60):
        await run(EXAMPLES[number], names)


async def test_the_readme_s_example_says_hello_and_follows(world: World, chat: str) -> None:
    (example,) = re.findall(r"In Python:\n\n```python\n(.*?)```", (HERE / "README.md").read_text(encoding="utf-8"), flags=re.DOTALL)
    names = {"url": world.ann.server.url, "token": world.ann.token, "chat_id": chat}
    example = example.replace("print(event)", "break").replace('"http://127.0.0.1:8410"', "url")

    async with asyncio.timeout(60):
        await run(example, names)


@pytest.mark.parametrize("name", ["Client", "Chat", "Events"])
def test_every_public_verb_is_on_the_page(name: str) -> None:
    verbs = [verb for verb, value in vars(getattr(tenfour.client, name)).items() if not verb.startswith("_") and (inspect.isfunction(value) or isinstance(value, property))]
    internal = {"post", "listen", "note_receipt", "transmit", "history", "synced", "change", "end"} if name != "Chat" else set()

    missing = [verb for verb in verbs if verb not in internal and not re.search(rf"\b{verb}\b", PAGE)]

    assert missing == []


async def run(example: str, names: dict[str, object]) -> None:
    code = compile(example, "docs/python-sdk.md", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    work = eval(code, names)
    if inspect.iscoroutine(work):
        await work
