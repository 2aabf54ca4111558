"""Another name, colour or picture of somebody: told to whom their presence is told, and to themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tenfour.broker.broker import ProfileNotice, Sign
from tenfour.domain.picture import picture_path
from tenfour.ids import UserId
from tenfour.wire import codec, frames
from tenfour.wire.rfc6455 import text_frame

if TYPE_CHECKING:
    from tenfour.gateway.hub import Hub


class Profiles:
    """The changes that this node has heard of, told together once a second."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._changed: dict[UserId, ProfileNotice] = {}
        hub.broker.listen_signs(self._heard)

    def tick(self) -> None:
        changed, self._changed = self._changed, {}
        for notice in changed.values():
            self._tell(notice)

    def _heard(self, notice: Sign) -> None:
        if isinstance(notice, ProfileNotice):
            self._changed[notice.user] = notice

    def _tell(self, notice: ProfileNotice) -> None:
        hub, user = self._hub, notice.user
        data = text_frame(codec.encode(frames.Profile(user, notice.name, notice.avatar_colour, picture_path(notice.avatar))))
        own = hub.users[user].connections if user in hub.users else ()
        audiences = [audience for audience in hub.audiences.values() if user in hub.presence.told_in(audience)]
        for follower in {*(each for each in own if each.admitted), *(each for audience in audiences for each in audience.followers())}:
            follower.write(data)
