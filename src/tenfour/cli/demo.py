"""What ``serve --demo`` has to try: ann and bob, who talk in General. A second start finds them again."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from tenfour.actions.accounts import add_account
from tenfour.actions.chats import NewChat, create_chat, list_chats
from tenfour.app import Parts
from tenfour.auth.secrets import new_secret
from tenfour.domain.chat import ChatKind
from tenfour.domain.name import fold_name
from tenfour.ids import ChatId, UserId
from tenfour.settings import Settings
from tenfour.storage import people

NAMES = ("ann", "bob")
ADMINISTRATOR = "ann"
CHAT = "General"
PASSWORDS_FILE = "demo.json"
PRIVATE_FILE = 0o600


@dataclass(frozen=True, slots=True)
class Demo:
    """What there is to try."""

    chat: ChatId
    passwords: dict[str, str]
    """Of the accounts that the demonstration itself has made."""


async def make_demo(parts: Parts) -> Demo:
    """The accounts and the chat; what is there already stays as it is."""
    path = parts.settings.data / PASSWORDS_FILE
    passwords = json.loads(path.read_text()) if path.exists() else {}
    ann, bob = [await _account(parts, name, path, passwords) for name in NAMES]
    known = await parts.context.store.read(lambda connection: _chat_of(connection, ann))
    chat = known or (await create_chat(parts.context, ann, NewChat(ChatKind.GROUP, CHAT), [bob]))[0]
    return Demo(chat, passwords)


def describe_demo(demo: Demo, settings: Settings) -> str:
    """How to log in, and what to try next."""
    tenfour = _command(settings)
    name, password = next(iter(demo.passwords.items()), (NAMES[0], "…"))
    body = json.dumps({"name": name, "password": password})
    known = [f"  {name}  password {demo.passwords.get(name, 'as it was set')}" for name in NAMES]
    return "\n".join(
        [
            f"Two people talk in the chat {CHAT} ({demo.chat}); {ADMINISTRATOR} is the administrator:",
            *known,
            f"Log in at {settings.url}, or try in two other terminals:",
            f"  {tenfour} tail {CHAT} --as ann",
            f'  {tenfour} send {CHAT} "Hello, ann" --as bob',
            "Log in over HTTP:",
            f"  curl {settings.url}/api/v1/sessions --json {shlex.quote(body)}",
        ]
    )


async def _account(parts: Parts, name: str, path: Path, passwords: dict[str, str]) -> UserId:
    found = await parts.context.store.read(lambda connection: people.credential(connection, fold_name(name)))
    if found is not None:
        return found.user
    passwords[name] = new_secret("")[:12]
    _write_private(path, json.dumps(passwords))
    return await add_account(parts.context, parts.hasher, name, passwords[name], admin=name == ADMINISTRATOR)


def _chat_of(connection: Connection, user: UserId) -> ChatId | None:
    """The user's chat of that title, wherever it stands in a long list."""
    cards = list_chats(connection, user, after=None, limit=1_000)
    return next((card.chat.id for card in cards if card.chat.title == CHAT), None)


def _write_private(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE_FILE), "w") as file:
        file.write(text)


def _command(settings: Settings) -> str:
    """``tenfour`` as it can be called from here, with the data folder where that is not the default."""
    called = "tenfour" if shutil.which("tenfour") else shlex.quote(sys.argv[0])
    return called if settings.data == Path("data") else f"{called} --data {shlex.quote(str(settings.data))}"
