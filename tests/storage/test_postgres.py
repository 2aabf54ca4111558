"""What the store on PostgreSQL refuses, survives and never acknowledges."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from tenfour.clock import ManualClock, SystemClock
from tenfour.domain.event import EventKind
from tenfour.domain.message import Draft
from tenfour.errors import ErrorCode, TenfourError
from tenfour.ids import ChatId, UserId
from tenfour.storage import postgres_connection, postgres_session, reads
from tenfour.storage.migrate import NEWEST
from tenfour.storage.postgres import PostgresStore, Use, migrate_postgres
from tenfour.storage.postgres_connection import Database, hide_password
from tenfour.storage.schema import metadata, users
from tenfour.storage.store import Appended, NotAppended, StoreUnusable, Transaction
from tests.eventually import eventually
from tests.postgres import Cluster, running_cluster
from tests.relay import Relay, open_relay
from tests.storage.node import Node, code, drafts

pytestmark = pytest.mark.slow

COMMIT = b"COMMIT\0"


@pytest.fixture(scope="module")
def shared_cluster() -> Iterator[Cluster]:
    with running_cluster({"deadlock_timeout": "50ms"}) as cluster:
        yield cluster


@pytest.fixture
def cluster(shared_cluster: Cluster) -> Iterator[Cluster]:
    """It runs when a test begins, whatever the one before has done to it."""
    yield shared_cluster
    shared_cluster.set_right()


OpenNode = Callable[..., Awaitable[Node]]


@pytest.fixture
async def open_node() -> AsyncIterator[OpenNode]:
    opened: list[Node] = []

    async def open_node(url: str, *, clock: ManualClock | None = None, use: Use = Use.SHARED) -> Node:
        clock = clock or ManualClock()
        opened.append(await Node(PostgresStore(url, clock, use=use), clock).open())
        return opened[-1]

    yield open_node
    for node in opened:
        await node.close()


@pytest.fixture
async def relay(cluster: Cluster) -> AsyncIterator[Relay]:
    async with open_relay(cluster.port) as relay:
        yield relay


@pytest.fixture
async def distant(cluster: Cluster, relay: Relay, open_node: OpenNode) -> Node:
    """A node whose way to the database goes through the relay."""
    return await open_node(cluster.new_database().replace(f":{cluster.port}/", f":{relay.port}/"))


# What is refused


@pytest.mark.parametrize("setting", ["fsync", "full_page_writes", "synchronous_commit"])
async def test_a_server_that_acknowledges_what_it_may_lose_is_refused_by_the_setting(cluster: Cluster, open_node: OpenNode, setting: str) -> None:
    url = cluster.empty_database()
    cluster.stop()
    cluster.start(**{setting: "off"})

    with pytest.raises(StoreUnusable, match=f"{setting} is off, so that a message could be acknowledged and lost"):
        await open_node(url)

    assert cluster.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'", url.rpartition("/")[2]) == [(0,)], "nothing was made in it"


async def test_what_is_switched_off_later_is_trouble_from_the_next_connection_on(cluster: Cluster, open_node: OpenNode) -> None:
    url = cluster.new_database()
    node = await open_node(url)
    ann = await node.person()
    chat = await node.chat(ann)
    cluster.stop()
    cluster.start(synchronous_commit="off")

    await eventually(lambda: "synchronous_commit is off" in (node.store.trouble or ""))
    refused = await node.say(chat, ann, rights_seq=1)

    assert code(refused) is ErrorCode.STORE_DOWN


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("postgresql://tenfour:geheim@127.0.0.1:{port}/no_such_database", 'database "no_such_database" does not exist'),
        ("postgresql://tenfour:geheim@127.0.0.1:1/tenfour?connect_timeout=2", "Connection refused"),
        ("postgresql://tenfour:geheim@127.0.0.1:{port}/postgres?unheard_of=1", "unheard_of"),
    ],
)
async def test_a_database_that_cannot_be_used_is_named_without_its_password(cluster: Cluster, open_node: OpenNode, address: str, reason: str) -> None:
    with pytest.raises(StoreUnusable, match=reason) as caught:
        await open_node(address.format(port=cluster.port))

    assert "postgresql://tenfour@127.0.0.1" in str(caught.value)
    assert "geheim" not in str(caught.value)


async def test_a_database_of_a_newer_program_or_of_another_encoding_is_refused(cluster: Cluster, open_node: OpenNode) -> None:
    newer = cluster.new_database()
    cluster.execute("UPDATE alembic_version SET version_num = '9999'", newer.rpartition("/")[2])
    cluster.execute("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0")

    with pytest.raises(StoreUnusable, match=f"schema is 9999, and this version of tenfour knows {NEWEST} at the most"):
        await open_node(newer)
    with pytest.raises(StoreUnusable, match="its encoding is LATIN1, and texts need UTF8"):
        await open_node(cluster.url("latin"))


async def test_a_second_node_is_refused_where_nothing_carries_events_between_them(cluster: Cluster, open_node: OpenNode) -> None:
    url = cluster.new_database()
    first = await open_node(url, use=Use.ALONE)

    with pytest.raises(StoreUnusable, match="another tenfour process uses it"):
        await open_node(url, use=Use.ALONE)

    await first.close()
    assert (await open_node(url, use=Use.ALONE)).store.trouble is None


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("postgresql://ann:secret@host:5432/chat", "postgresql://ann@host:5432/chat"),
        ("postgresql://ann@a:1,b:2/chat?target_session_attrs=any&password=secret", "postgresql://ann@a:1,b:2/chat?target_session_attrs=any"),
        ("postgresql:///chat?host=/run/postgresql&sslpassword=secret", "postgresql:///chat?host=/run/postgresql"),
    ],
)
def test_an_address_is_shown_without_its_secrets(address: str, shown: str) -> None:
    assert hide_password(address) == shown


# Schema


def test_the_migrations_make_what_the_schema_says_and_every_text_compares_by_bytes(cluster: Cluster) -> None:
    database = Database(cluster.empty_database())

    assert migrate_postgres(database, 0)

    with database.migrating().connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        texts = "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public' AND data_type = 'text' AND collation_name IS DISTINCT FROM 'C'"
        assert connection.exec_driver_sql(texts).all() == []
    assert not migrate_postgres(database, 0)


def test_of_several_nodes_that_start_at_once_one_migrates(cluster: Cluster) -> None:
    url = cluster.empty_database()

    with ThreadPoolExecutor(4) as nodes:
        done = [each.result() for each in [nodes.submit(migrate_postgres, Database(url), number) for number in range(4)]]

    assert True in done
    assert cluster.execute("SELECT count(*) FROM store", url.rpartition("/")[2]) == [(1,)]


# Several nodes


async def test_time_in_a_chat_does_not_go_back_where_a_nodes_clock_is_behind(cluster: Cluster, open_node: OpenNode) -> None:
    url = cluster.new_database()
    ahead, behind = await open_node(url), await open_node(url, clock=ManualClock())
    ahead.clock.advance(300)
    ann, ben = await ahead.person(), await ahead.person()
    chat, quiet = await ahead.chat(ann), await behind.chat(ann)

    first, second = await ahead.say(chat, ann), await behind.say(chat, ann)
    await behind.join(chat, ben)
    elsewhere = await behind.say(quiet, ann)

    times = [event.at for event in await behind.events(chat)]
    assert times == sorted(times)
    assert isinstance(first, Appended)
    assert isinstance(second, Appended)
    assert second.at == first.at
    assert isinstance(elsewhere, Appended)
    assert elsewhere.at == behind.clock.now_ms(), "the other chat has a time of its own"


async def test_a_deadlock_between_two_nodes_costs_neither_its_change(cluster: Cluster, open_node: OpenNode) -> None:
    url = cluster.new_database()
    nodes = [await open_node(url), await open_node(url)]
    ann = await nodes[0].person()
    chats = [await nodes[0].chat(ann), await nodes[0].chat(ann)]
    both_hold_one = threading.Barrier(2)

    def rename(order: list[ChatId], title: str) -> Callable[[Transaction], None]:
        attempts = []

        def apply(tx: Transaction) -> None:
            attempts.append(tx)
            tx.append(order[0], EventKind.CHAT_CHANGED, ann, data={"title": title})
            if len(attempts) == 1:
                both_hold_one.wait(60)
            tx.append(order[1], EventKind.CHAT_CHANGED, ann, data={"title": title})

        return apply

    await asyncio.gather(nodes[0].store.change(rename(chats, "one")), nodes[1].store.change(rename(chats[::-1], "other")))

    for chat in chats:
        assert sorted(event.data["title"] for event in await nodes[0].events(chat) if event.kind is EventKind.CHAT_CHANGED) == ["one", "other"]
    assert [node.store.trouble for node in nodes] == [None, None]


# Away


async def test_connections_that_ended_while_nobody_asked_are_replaced_and_nobody_notices(cluster: Cluster, open_node: OpenNode) -> None:
    node = await open_node(cluster.new_database())
    ann = await node.person()
    chat = await node.chat(ann)
    await node.history(chat, ann)
    assert len(cluster.execute("SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE application_name = 'tenfour'")) >= 2

    pages, outcome = await asyncio.gather(asyncio.gather(*[node.history(chat, ann) for _ in range(4)]), node.say(chat, ann, "after", rights_seq=1))

    assert len(pages) == 4
    assert isinstance(outcome, Appended)
    assert node.store.trouble is None


async def test_while_the_database_is_away_everybody_is_told_when_to_come_again_and_it_heals_by_itself(cluster: Cluster, open_node: OpenNode) -> None:
    node = await open_node(cluster.new_database())
    ann = await node.person()
    chat = await node.chat(ann)
    cluster.stop()
    await eventually(lambda: node.store.trouble is not None)

    refused = await node.say_all(drafts(chat, ann, 50), 1)
    failures = await asyncio.gather(node.store.change(lambda tx: None), node.store.read(lambda connection: reads.heads(connection, [chat])), return_exceptions=True)

    assert {code(each) for each in refused} == {ErrorCode.STORE_DOWN}
    assert all(each.retry_after_ms for each in refused if isinstance(each, NotAppended))
    assert [(each.code, each.retry_after_ms) for each in failures if isinstance(each, TenfourError)] == [(ErrorCode.STORE_DOWN, 1_000)] * 2
    assert str(cluster.port) not in str(node.store.trouble), "readiness tells it to everybody"
    cluster.start()
    await eventually(lambda: node.store.trouble is None)
    assert [each.seq for each in await node.say_all(drafts(chat, ann, 50), 1) if isinstance(each, Appended)] == list(range(2, 52))
    assert node.fatal == []


@pytest.mark.parametrize("end", ["stop", "kill"])
async def test_no_ack_is_lost_and_no_key_doubled_where_the_database_ends_under_load(cluster: Cluster, open_node: OpenNode, end: str) -> None:
    url = cluster.new_database()
    clock = SystemClock()
    nodes = [await Node(PostgresStore(url, clock), clock).open() for _ in range(2)]  # type: ignore[arg-type]
    people = [await nodes[0].person() for _ in range(8)]
    chat = await nodes[0].chat(*people)
    acked: dict[tuple[UserId, str], Appended] = {}
    is_over = False

    async def talk(at: Node, user: UserId) -> None:
        """Sends one message after the other, each until it is acked."""
        number = 0
        while not is_over:
            draft = Draft(chat, user, f"{number}", f"{number}")
            outcome = await at.submit(draft, 8)
            if isinstance(outcome, Appended):
                acked[user, draft.key] = outcome
                number += 1
            else:
                assert outcome.code in (ErrorCode.STORE_DOWN, ErrorCode.OUTCOME_UNKNOWN), outcome
                await asyncio.sleep(0.01)

    talking = [asyncio.create_task(talk(nodes[number % 2], user)) for number, user in enumerate(people)]
    for _ in range(2):
        before = len(acked)
        await eventually(lambda before=before: len(acked) > before + 200)
        await asyncio.to_thread(getattr(cluster, end))
        await asyncio.to_thread(cluster.start)
    before = len(acked)
    await eventually(lambda: len(acked) > before + 200)
    is_over = True
    await asyncio.gather(*talking)

    events = await nodes[0].events(chat)
    stored = {(event.by, event.message.key): event for event in events if event.message is not None}
    assert len(stored) == len(events) - len(people), "no key twice"
    assert {key: (each.seq, each.id) for key, each in acked.items()} == {key: (event.seq, event.message_id) for key, event in stored.items()}
    for user in people:
        assert [int(event.message.key) for event in events if event.by == user and event.message is not None] == list(range(sum(each == user for each, _ in acked)))
    # Without another broker a commit is told by the node that made it, or nobody hears of it.
    told = sorted(seq for node in nodes for commit in node.commits for of_chat in commit if of_chat.chat == chat for seq in range(of_chat.first_seq, of_chat.last_seq + 1))
    assert told == list(range(1, len(events) + 1))
    assert [node.fatal for node in nodes] == [[], []]
    for node in nodes:
        await node.close()


# Nobody knows


async def test_a_commit_whose_answer_is_lost_is_looked_up_and_acked_once(distant: Node, relay: Relay) -> None:
    ann = await distant.person()
    chat = await distant.chat(ann)
    relay.loses_answer_to = COMMIT

    outcomes = await asyncio.gather(*[distant.submit(draft, 1) for draft in drafts(chat, ann, 5)])

    assert relay.lost == 1
    assert [(each.seq, each.duplicate) for each in outcomes if isinstance(each, Appended)] == [(seq, False) for seq in range(2, 7)]
    assert len(await distant.texts(chat)) == 5
    assert distant.store.trouble is None


async def test_a_commit_that_never_arrived_is_done_again(distant: Node, relay: Relay) -> None:
    ann, ben = await distant.person(), await distant.person()
    chat = await distant.chat(ann)
    relay.loses = COMMIT

    await distant.join(chat, ben)

    assert relay.lost == 1
    assert [event.kind for event in await distant.events(chat)] == [EventKind.MEMBER_JOINED] * 2
    assert distant.store.trouble is None


async def test_where_the_database_does_not_come_back_the_outcome_is_unknown_and_what_was_stored_is_told_later(distant: Node, relay: Relay, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_session, "LOOK_S", 0.2)
    ann = await distant.person()
    chat = await distant.chat(ann)
    distant.told.clear()
    relay.loses_answer_to, relay.opens_again = COMMIT, False

    outcome = await distant.submit(Draft(chat, ann, "k", "hi"), 1)

    assert code(outcome) is ErrorCode.OUTCOME_UNKNOWN
    assert isinstance(outcome, NotAppended)
    assert outcome.retry_after_ms
    assert distant.commits == []
    relay.is_open = True
    await eventually(lambda: distant.store.trouble is None)
    assert [(of_chat.chat, of_chat.first_seq, len(of_chat.payloads)) for commit in distant.commits for of_chat in commit] == [(chat, 2, 1)]
    again = await distant.submit(Draft(chat, ann, "k", "hi"), 1)
    assert isinstance(again, Appended)
    assert (again.seq, again.duplicate) == (2, True)
    assert distant.fatal == []


async def test_a_change_without_an_event_is_not_guessed_about(distant: Node, relay: Relay) -> None:
    ann = await distant.person()
    relay.loses_answer_to = COMMIT

    with pytest.raises(TenfourError) as caught:
        await distant.disable(ann)

    assert caught.value.code is ErrorCode.OUTCOME_UNKNOWN
    await eventually(lambda: distant.store.trouble is None)


async def test_a_way_that_swallows_everything_is_given_up_and_replaced(distant: Node, relay: Relay, monkeypatch: pytest.MonkeyPatch) -> None:
    ann = await distant.person()
    chat = await distant.chat(ann)
    monkeypatch.setattr(postgres_connection, "ANSWER_S", 0.5)
    relay.swallows = True

    refused, failure = await asyncio.gather(distant.say(chat, ann, rights_seq=1), distant.store.read(lambda connection: reads.heads(connection, [chat])), return_exceptions=True)

    assert isinstance(refused, NotAppended)
    assert refused.code is ErrorCode.STORE_DOWN
    assert isinstance(failure, TenfourError)
    relay.swallows = False
    relay.cut()
    monkeypatch.undo()
    await eventually(lambda: distant.store.trouble is None)
    assert isinstance(await distant.say(chat, ann, rights_seq=1), Appended)


async def test_a_commit_that_was_not_replicated_as_promised_is_not_acked(cluster: Cluster, open_node: OpenNode, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who cancels a COMMIT that waits for the standby makes the server keep it for itself and warn."""
    monkeypatch.setattr(postgres_session, "LOOK_S", 0.2)
    node = await open_node(cluster.new_database())
    ann = await node.person()
    chat = await node.chat(ann)
    cluster.execute("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
    cluster.execute("SELECT pg_reload_conf()")
    waits = "FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND application_name = 'tenfour'"
    monkeypatch.setattr(postgres_connection, "ANSWER_S", 1.0)
    waiting = node.submit(Draft(chat, ann, "k", "hi"), 1)
    await eventually(lambda: cluster.execute(f"SELECT pg_cancel_backend(pid) {waits}"))

    outcome = await waiting

    assert code(outcome) is ErrorCode.OUTCOME_UNKNOWN
    monkeypatch.undo()
    cluster.execute("ALTER SYSTEM RESET synchronous_standby_names")
    cluster.execute("SELECT pg_reload_conf()")
    await eventually(lambda: node.store.trouble is None)
    again = await node.submit(Draft(chat, ann, "k", "hi"), 1)
    assert isinstance(again, Appended)
    assert again.duplicate


async def test_locks_of_a_connection_that_the_server_takes_for_alive_do_not_stand_in_the_way(distant: Node, relay: Relay, cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    ann = await distant.person()
    chat = await distant.chat(ann)
    holding, gate = threading.Event(), threading.Event()

    def change(tx: Transaction) -> None:
        tx.lock_chat(chat)
        holding.set()
        gate.wait(60)
        tx.lock_chat(chat)

    changing = asyncio.ensure_future(distant.store.change(change))
    await eventually(holding.is_set)
    monkeypatch.setattr(postgres_connection, "ANSWER_S", 0.5)
    relay.swallows, relay.is_open = True, False
    gate.set()
    with pytest.raises(TenfourError):
        await changing
    monkeypatch.undo()
    assert cluster.execute("SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction' AND application_name = 'tenfour'") == [(1,)]

    relay.swallows, relay.is_open = False, True
    await eventually(lambda: distant.store.trouble is None)

    assert isinstance(await distant.say(chat, ann, rights_seq=1), Appended)


def test_psycopg_still_tells_a_wait_that_is_over(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """The deadline stands on a part of the driver that its documentation does not promise."""
    monkeypatch.setattr(postgres_connection, "ANSWER_S", 0.2)

    with postgres_connection.BoundedConnection.connect(cluster.url("postgres"), autocommit=True) as connection, pytest.raises(psycopg.OperationalError, match="no answer within"):
        connection.execute("SELECT pg_sleep(60)")


async def test_a_text_with_nul_is_refused_to_whoever_gave_it_and_to_nobody_else(cluster: Cluster, open_node: OpenNode) -> None:
    node = await open_node(cluster.new_database())
    ann = await node.person()

    failures = await asyncio.gather(
        node.store.change(lambda tx: tx.connection.execute(users.update().values(name="a\0b"))),
        node.store.read(lambda connection: connection.execute(users.select().where(users.c.name == "a\0b")).all()),
        return_exceptions=True,
    )

    assert [each.code if isinstance(each, TenfourError) else each for each in failures] == [ErrorCode.FIELD_INVALID] * 2
    assert node.store.trouble is None
    assert isinstance(await node.chat(ann), str)
