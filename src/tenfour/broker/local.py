"""The broker of a single process: bells are plain calls, in order, none lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

from tenfour.broker.broker import ChatBell, Sign, Subscription, UserBell
from tenfour.ids import ChatId, UserId

B = TypeVar("B")


class _Listeners(Generic[B]):
    """Who listens under which name."""

    def __init__(self) -> None:
        self._by_name: dict[str, list[_Listening[B]]] = {}

    def add(self, name: str, heard: Callable[[B], None]) -> Subscription:
        listening = _Listening(self, name, heard)
        self._by_name[name] = [*self._by_name.get(name, ()), listening]
        return listening

    def remove(self, name: str, listening: _Listening[B]) -> None:
        left = [each for each in self._by_name.get(name, ()) if each is not listening]
        if left:
            self._by_name[name] = left
        else:
            self._by_name.pop(name, None)

    def ring(self, name: str, bell: B) -> None:
        for listening in self._by_name.get(name, ()):
            if listening.heard is None:  # cancelled by one that heard this bell before
                continue
            try:
                listening.heard(bell)
            except Exception as cause:  # noqa: BLE001 - a mistake of one listener must not cost the others their bell
                asyncio.get_running_loop().call_exception_handler({"message": "a mistake of a listener", "exception": cause})


class _Listening(Generic[B]):
    __slots__ = ("_listeners", "_name", "heard")

    def __init__(self, listeners: _Listeners[B], name: str, heard: Callable[[B], None]) -> None:
        self._listeners = listeners
        self._name = name
        self.heard: Callable[[B], None] | None = heard

    def cancel(self) -> None:
        self.heard = None
        self._listeners.remove(self._name, self)


class LocalBroker:
    """Rings at once, within the caller's own step on the event loop."""

    def __init__(self) -> None:
        self._chats: _Listeners[ChatBell] = _Listeners()
        self._users: _Listeners[UserBell] = _Listeners()
        self._signs: _Listeners[Sign] = _Listeners()

    async def open(self) -> None:
        """Nothing to open."""

    async def close(self) -> None:
        """Nothing to close."""

    def ring_chat(self, bell: ChatBell) -> None:
        self._chats.ring(bell.chat, bell)

    def ring_user(self, bell: UserBell) -> None:
        self._users.ring(bell.user, bell)

    def ring_sign(self, bell: Sign) -> None:
        self._signs.ring("", bell)

    def listen_chat(self, chat: ChatId, heard: Callable[[ChatBell], None]) -> Subscription:
        return self._chats.add(chat, heard)

    def listen_user(self, user: UserId, heard: Callable[[UserBell], None]) -> Subscription:
        return self._users.add(user, heard)

    def listen_signs(self, heard: Callable[[Sign], None]) -> Subscription:
        return self._signs.add("", heard)

    @property
    def returns(self) -> int:
        return 0

    @property
    def trouble(self) -> str | None:
        return None
