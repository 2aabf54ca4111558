"""A backup is one moment of a store in use; a restore is another history."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sqlite3
from pathlib import Path

import pytest

from tenfour.actions.avatars import remove_avatar, set_avatar
from tenfour.actions.context import Context, Policy
from tenfour.broker.local import LocalBroker
from tenfour.clock import ManualClock
from tenfour.domain.message import Draft
from tenfour.domain.picture import Picture
from tenfour.ids import ChatId, UserId
from tenfour.storage import people
from tenfour.storage.backup import NotABackup, back_up, restore
from tenfour.storage.lock import StoreLocked
from tenfour.storage.migrate import SchemaUnknown
from tenfour.storage.people import Avatar
from tenfour.storage.sqlite import SqliteStore
from tenfour.storage.store import Appended
from tests.storage.node import Node, drafts

NOW_MS = 1_760_000_000_000


async def opened(path: Path) -> Node:
    clock = ManualClock()
    return await Node(SqliteStore(path, clock), clock).open()


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "backup.db"


async def test_a_backup_made_while_others_write_is_whole_and_has_all_that_was_acked_before(node: Node, path: Path, target: Path) -> None:
    ann, ben = await node.person(), await node.person()
    chat = await node.chat(ann, ben)
    for number in range(20):
        await node.say_all([Draft(chat, ann, f"{number}-{each.key}", "x" * 1_000) for each in drafts(chat, ann, 300)], 2)
    head = 2 + 20 * 300
    steps: list[tuple[int, int]] = []

    async def go_on() -> int:
        sent = 0
        while not copying.done():
            assert isinstance(await node.say(chat, ben, "during", rights_seq=2), Appended)
            sent += 1
        return sent

    copying = asyncio.ensure_future(asyncio.to_thread(back_up, path, target, lambda *step: steps.append(step)))
    sent_meanwhile = await go_on()
    await copying

    assert sent_meanwhile > 0
    assert len(steps) > 1
    assert steps[-1][0] == steps[-1][1]
    with contextlib.closing(sqlite3.connect(target)) as copy:
        assert copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        ((last_seq,),) = copy.execute("SELECT last_seq FROM chats").fetchall()
        seqs = [seq for (seq,) in copy.execute("SELECT seq FROM events ORDER BY seq")]
        said = [seq for (seq,) in copy.execute("SELECT seq FROM messages ORDER BY seq")]
    assert head <= last_seq <= head + sent_meanwhile
    assert seqs == list(range(1, last_seq + 1))
    assert said == seqs[2:]
    assert not target.with_name("backup.db.part").exists()


async def test_a_backup_takes_nobodys_place(node: Node, path: Path, target: Path) -> None:
    target.write_text("precious")

    with pytest.raises(FileExistsError):
        back_up(path, target)

    assert target.read_text() == "precious"


def test_a_backup_of_nothing_leaves_nothing(path: Path, target: Path) -> None:
    with pytest.raises(sqlite3.OperationalError):
        back_up(path, target)

    assert list(path.parent.iterdir()) == []


@pytest.fixture
async def talk(path: Path, target: Path) -> tuple[ChatId, UserId, str]:
    """A chat with one message in the backup and a second one after it; the chat, its member and the epoch."""
    node = await opened(path)
    ann = await node.person()
    chat = await node.chat(ann)
    await node.say(chat, ann, "in the backup")
    back_up(path, target)
    await node.say(chat, ann, "after the backup")
    epoch = node.store.epoch
    await node.close()
    return chat, ann, epoch


async def test_a_restored_store_is_the_backup_under_a_new_epoch_and_the_old_one_is_kept(path: Path, target: Path, talk: tuple[ChatId, UserId, str]) -> None:
    chat, ann, epoch = talk

    kept = restore(target, path, NOW_MS)

    assert kept is not None
    old = await opened(path)
    assert await old.texts(chat) == ["in the backup"]
    assert old.store.epoch != epoch
    assert isinstance(await old.say(chat, ann, "goes on"), Appended)
    await old.close()
    with contextlib.closing(sqlite3.connect(kept)) as before:
        assert before.execute("SELECT text FROM messages ORDER BY seq").fetchall() == [("in the backup",), ("after the backup",)]
    with contextlib.closing(sqlite3.connect(target)) as backup:
        assert backup.execute("SELECT epoch FROM store").fetchall() == [(epoch,)]


async def test_two_restores_of_one_backup_are_two_histories(path: Path, target: Path, talk: tuple[ChatId, UserId, str]) -> None:
    epochs = set()
    for step in range(2):
        restore(target, path, NOW_MS + step)
        node = await opened(path)
        epochs.add(node.store.epoch)
        await node.close()

    assert len(epochs | {talk[2]}) == 3


async def test_pictures_of_people_are_part_of_a_backup(path: Path, target: Path) -> None:
    node = await opened(path)
    ann = await node.person()
    context = Context(node.store, LocalBroker(), node.clock, Policy())
    await set_avatar(context, ann, Picture("image/png", 1, 1, b"the picture"))
    back_up(path, target)
    await remove_avatar(context, ann)
    await node.close()

    restore(target, path, NOW_MS)

    again = await opened(path)
    name = (await again.store.read(lambda connection: people.person(connection, ann))).avatar
    assert name is not None
    assert await again.store.read(lambda connection: people.avatar(connection, name)) == Avatar("image/png", b"the picture")
    await again.close()


async def test_a_restore_into_an_empty_place_makes_a_store(tmp_path: Path, target: Path, talk: tuple[ChatId, UserId, str]) -> None:
    elsewhere = tmp_path / "new" / "tenfour.db"

    assert restore(target, elsewhere, NOW_MS) is None

    node = await opened(elsewhere)
    assert await node.texts(talk[0]) == ["in the backup"]
    await node.close()


async def test_a_log_left_by_a_killed_server_does_not_leak_into_the_restored_store(tmp_path: Path, path: Path, target: Path, talk: tuple[ChatId, UserId, str]) -> None:
    chat, ann, _ = talk
    node = await opened(path)
    await node.say(chat, ann, "only in the log")
    killed = tmp_path / "killed" / "tenfour.db"
    killed.parent.mkdir()
    for name in ("tenfour.db", "tenfour.db-wal"):
        shutil.copy(path.with_name(name), killed.with_name(name))
    await node.close()

    kept = restore(target, killed, NOW_MS)

    node = await opened(killed)
    assert await node.texts(chat) == ["in the backup"]
    await node.close()
    assert kept is not None
    with contextlib.closing(sqlite3.connect(kept)) as before:
        assert before.execute("SELECT text FROM messages ORDER BY seq").fetchall()[-1] == ("only in the log",)


async def test_a_store_that_is_damaged_can_be_restored_and_is_kept_with_its_log(path: Path, target: Path, talk: tuple[ChatId, UserId, str]) -> None:
    path.write_bytes(b"damaged" * 10_000)
    path.with_name("tenfour.db-wal").write_bytes(b"log")

    kept = restore(target, path, NOW_MS)

    assert kept is not None
    assert kept.read_bytes().startswith(b"damaged")
    assert kept.with_name(kept.name + "-wal").read_bytes() == b"log"
    node = await opened(path)
    assert await node.texts(talk[0]) == ["in the backup"]
    await node.close()


async def test_a_store_in_use_is_not_replaced(node: Node, path: Path, target: Path) -> None:
    back_up(path, target)

    with pytest.raises(StoreLocked):
        restore(target, path, NOW_MS)

    assert await node.person()


@pytest.mark.parametrize("damage", ["missing", "no database", "another database", "torn", "newer"])
async def test_what_cannot_be_restored_is_refused_by_name_and_the_store_stays(path: Path, target: Path, talk: tuple[ChatId, UserId, str], damage: str) -> None:
    match damage:
        case "missing":
            target.unlink()
        case "no database":
            target.write_bytes(b"no database" * 1_000)
        case "another database":
            target.unlink()
            with contextlib.closing(sqlite3.connect(target)) as other:
                other.execute("CREATE TABLE cats (name TEXT)")
        case "torn":
            target.write_bytes(target.read_bytes()[:-40_000] + b"\1" * 40_000)
        case "newer":
            with contextlib.closing(sqlite3.connect(target)) as newer, newer:
                newer.execute("UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(SchemaUnknown if damage == "newer" else NotABackup, match="9999" if damage == "newer" else "backup.db"):
        restore(target, path, NOW_MS)

    node = await opened(path)
    assert await node.texts(talk[0]) == ["in the backup", "after the backup"]
    assert node.store.epoch == talk[2]
    await node.close()
    assert not list(path.parent.glob("*.restoring*"))
