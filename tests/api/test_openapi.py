"""The REST API against its own description: requests that schemathesis makes of it, good and bad ones, to a real server.

Every answer has to have a status, type and shape that the description names; what the description forbids has to be
refused, and so has every request without a token. The seed is fixed.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.api.asking import account, ask, log_in
from tests.api.test_messages import send
from tests.servers import Server

SEED = 8410
EXAMPLES = 6


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("who", ["a member of the chat", "an administrator", "a server key"])
async def test_every_answer_is_one_that_the_description_names(make_server: Callable[..., Server], tmp_path: Path, who: str) -> None:
    server = make_server({"user_sends_per_s": "100000", "log_level": "warning"})
    world = await server.world("ann", "bob")
    chat = await world.chat("ann", "bob", kind="channel", title="News")
    message = (await send(world.ann, chat)).json()["id"]
    tokens = {"a member of the chat": world.ann.token, "an administrator": server.token_of(await administrator(server)), "a server key": world.key}
    # Ids of what is there for two of three: chance would never hit on one.
    known = {} if who == "an administrator" else {"chat": chat, "message": message, "user": world.bob.id}
    settings = tmp_path / "schemathesis.toml"
    settings.write_text("\n".join(["[parameters]", *(f'{name} = "{value}"' for name, value in known.items())]))

    ran = await asyncio.to_thread(
        subprocess.run,
        [
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(settings), "run", f"{server.url}/api/v1/openapi.json"),
            *("--header", f"Authorization: Bearer {tokens[who]}", "--seed", str(SEED), "--max-examples", str(EXAMPLES)),
            # The description cannot say everything that a name, a title or a text may not be.
            *("--exclude-checks", "positive_data_acceptance", "--phases", "coverage,fuzzing", "--no-color", "--request-timeout", "30", "--generation-database", "none"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == 0, ran.stdout[-20_000:] + ran.stderr
    assert "Tested: " in ran.stdout
    assert "Error" not in server.log


async def administrator(server: Server) -> str:
    """The id of a new one."""
    headers = await log_in(server, await account(server, f"root{uuid.uuid4().hex[:6]}", admin=True))
    user: str = (await ask(server, "GET", "/api/v1/me", headers=headers)).json()["id"]
    return user
