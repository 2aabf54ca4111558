"""The connection's steps: what each input does in each state, and what holds whatever the server does."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tenfour.client.connection import (
    ABNORMAL,
    CHATS_PER_SUBSCRIBE,
    GAPS_MAX,
    STABLE_S,
    Changed,
    Connected,
    Connecting,
    Connection,
    Effect,
    Happened,
    Idle,
    Lost,
    Open,
    Refused,
    RenewToken,
    Shut,
    Told,
    Transmit,
    Unfollowed,
    Waiting,
)
from tenfour.client.cuts import Cut, TimeLimit
from tenfour.errors import FAILURES, ErrorCode, Retry, close_reason
from tenfour.ids import ChatId
from tenfour.wire import frames

CHAT, OTHER = ChatId("chat"), ChatId("other")
LIMITS = frames.Limits(65_536, 16_000, 50, 20, 30, 10, 1_048_576, 50)
NEVER = [code for code, failure in FAILURES.items() if failure.retry is Retry.NEVER]
COMES_BACK = [code for code, failure in FAILURES.items() if failure.retry in (Retry.AT_ONCE, Retry.AFTER_DELAY)]
NEW_TOKEN = [code for code, failure in FAILURES.items() if failure.retry is Retry.WITH_NEW_TOKEN]


def welcome(epoch: str = "e", *chats: tuple[ChatId, int], user: str = "ann") -> frames.Welcome:
    heads = [frames.ChatHead(chat, head, 0) for chat, head in chats]
    return frames.Welcome("c1", frames.UserFace(user, user), "tenfour.v1", epoch, 25.0, "now", "later", "node", LIMITS, heads, chats_more=False)


def event(seq: int, chat: ChatId = CHAT) -> frames.MessageSent:
    return frames.MessageSent(chat, seq, "now", "bob", f"m{seq}", f"k{seq}", "text")


def synced(subscribe_id: str, seq: int, chat: ChatId = CHAT, epoch: str = "e") -> frames.Synced:
    return frames.Synced(subscribe_id, chat, seq, epoch)


def fresh(random: float = 0.5) -> Connection:
    return Connection(lambda: random)


def connected(*chats: tuple[ChatId, int], now: float = 0.0) -> Connection:
    made = fresh()
    made.start(now)
    made.heard(welcome("e", *chats), now)
    return made


def live(seq: int = 5) -> Connection:
    """Connected, and its chat live at a seq."""
    made = connected()
    made.follow({CHAT: seq})
    made.heard(synced("s1", seq), 0.0)
    return made


def subscribes(effects: list[Effect]) -> list[frames.Subscribe]:
    return [effect.frame for effect in effects if isinstance(effect, Transmit) and isinstance(effect.frame, frames.Subscribe)]


def only(effects: list[Effect], kind: type[Any]) -> Any:
    (found,) = [effect for effect in effects if isinstance(effect, kind)]
    return found


# Coming and going


def test_start_opens_and_only_welcome_connects() -> None:
    connection = fresh()

    began = connection.start(10.0)
    early = connection.heard(event(1), 10.5)
    at_welcome = connection.heard(welcome(), 11.0)

    assert began == [Changed(Connecting(10.0)), Open(new_token=False)]
    assert early == []
    assert at_welcome == [Changed(Connected(11.0, "c1", 25.0)), Told(welcome())]


@pytest.mark.parametrize("make", [fresh, live], ids=["idle", "connected"])
def test_a_second_start_does_nothing_to_an_open_connection(make: Any) -> None:
    connection = make()
    connection.start(0.0)
    before = connection.status

    assert connection.start(1.0) == []
    assert connection.status == before


def test_a_second_welcome_changes_nothing() -> None:
    connection = live()

    assert connection.heard(welcome("other"), 1.0) == []
    assert connection.epoch == "e"


def test_stop_closes_and_nothing_is_due_any_more() -> None:
    connection = live()

    assert connection.stop() == [Changed(Idle()), Shut(1000)]
    assert connection.next_tick_at() is None
    assert connection.closed(1000, "", 1.0) == []
    assert connection.heard(event(6), 1.0) == []


def test_an_attempt_without_welcome_is_given_up_after_15_s_by_name() -> None:
    connection = fresh()
    connection.start(100.0)

    assert connection.next_tick_at() == 115.0
    assert connection.ticked(114.9) == []
    assert connection.ticked(115.0) == [Shut(ABNORMAL), Changed(Waiting(115.0, "connect_timeout"))]


def test_the_first_return_is_at_once_and_later_ones_have_full_jitter_after_the_cap() -> None:
    connection = fresh(0.5)
    connection.start(0.0)
    waits, now = [], 0.0
    for _ in range(9):
        status = only(connection.unreachable("connection_refused", now), Changed).status
        waits.append(status.retry_at - now)
        now = status.retry_at
        assert Open(new_token=False) in connection.ticked(now)

    assert waits == [0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0, 15.0]


def test_a_connection_that_did_its_work_makes_the_next_return_at_once_again() -> None:
    connection = fresh()
    connection.start(0.0)
    for _ in range(5):
        connection.unreachable("unreachable", 0.0)
        connection.online(0.0)
    connection.heard(welcome(), 0.0)
    connection.heard(frames.Ack(CHAT, "k", 1, "m", "now"), 0.0)

    assert only(connection.closed(ABNORMAL, "", 1.0), Changed).status == Waiting(1.0, "closed_1006")


def test_a_server_that_welcomes_and_hangs_up_again_and_again_is_not_asked_in_a_tight_loop() -> None:
    connection = fresh(0.5)
    connection.start(0.0)
    waits = []
    for _ in range(4):
        connection.heard(welcome(), 0.0)
        waits.append(only(connection.closed(ABNORMAL, "", 0.0), Changed).status.retry_at)
        connection.online(0.0)

    assert waits == [0.0, 0.5, 1.0, 2.0]


def test_a_connection_that_lived_long_enough_counts_as_good() -> None:
    connection = connected()
    connection.closed(ABNORMAL, "", STABLE_S)
    connection.online(STABLE_S)
    connection.heard(welcome(), STABLE_S)

    assert only(connection.closed(ABNORMAL, "", STABLE_S), Changed).status.retry_at == STABLE_S


def test_the_network_coming_back_ends_the_wait_and_nothing_else() -> None:
    waiting = fresh()
    waiting.start(0.0)
    waiting.unreachable("unreachable", 0.0)
    waiting.online(0.0)
    waiting.unreachable("unreachable", 0.0)

    assert waiting.online(0.1) == [Changed(Connecting(0.1)), Open(new_token=False)]
    assert live().online(1.0) == []
    assert fresh().online(1.0) == []


@pytest.mark.parametrize("after_ms", [0, 1_840, 60_000])
def test_a_goodbye_names_when_to_come_back(after_ms: int) -> None:
    connection = live()
    connection.heard(frames.Goodbye(1012, "restart", reconnect=True, after_ms=after_ms), 1.0)

    assert connection.closed(1012, "restart: The server restarts", 2.0) == [Changed(Waiting(2.0 + after_ms / 1000, "restart"))]


def test_a_goodbye_counts_where_the_close_frame_was_lost() -> None:
    connection = live()
    connection.heard(frames.Goodbye(4409, "replaced", reconnect=False), 1.0)

    assert only(connection.closed(ABNORMAL, "", 1.0), Changed).status == Refused("replaced", FAILURES[ErrorCode.REPLACED].title)


def test_a_goodbye_of_a_kind_that_this_version_does_not_know_is_believed() -> None:
    stay, back = live(), live()
    stay.heard(frames.Goodbye(4499, "account_moved", reconnect=False), 1.0)
    back.heard(frames.Goodbye(4499, "account_moving", reconnect=True, after_ms=500), 1.0)

    assert only(stay.closed(4499, "account_moved: Elsewhere", 1.0), Changed).status == Refused("account_moved", "account_moved")
    assert only(back.closed(4499, "account_moving: Soon", 1.0), Changed).status == Waiting(1.5, "account_moving")


@pytest.mark.parametrize("code", NEVER)
def test_codes_that_say_no_never_come_back_by_themselves(code: ErrorCode) -> None:
    connection = live()

    status = only(connection.closed(FAILURES[code].close, close_reason(code), 1.0), Changed).status

    assert isinstance(status, Refused)
    assert status.code == code
    assert connection.next_tick_at() is None
    assert connection.ticked(1e9) == []
    assert connection.online(1e9) == []


@pytest.mark.parametrize("code", COMES_BACK)
def test_codes_that_may_be_repeated_come_back(code: ErrorCode) -> None:
    assert only(live().closed(FAILURES[code].close, close_reason(code), 1.0), Changed).status == Waiting(1.0, code)


@pytest.mark.parametrize("code", NEW_TOKEN)
def test_a_refused_token_is_replaced_once_and_then_it_stops(code: ErrorCode) -> None:
    connection = fresh()
    connection.start(0.0)

    first = connection.closed(FAILURES[code].close, close_reason(code), 1.0)
    second = connection.closed(FAILURES[code].close, close_reason(code), 2.0)

    assert first == [Changed(Connecting(1.0)), Open(new_token=True)]
    assert isinstance(only(second, Changed).status, Refused)
    assert connection.start(3.0) == [Changed(Connecting(3.0)), Open(new_token=True)]


def test_a_welcome_in_between_allows_another_new_token() -> None:
    connection = fresh()
    connection.start(0.0)
    connection.closed(4401, "token_expired: x", 1.0)
    connection.heard(welcome(), 2.0)

    assert Open(new_token=True) in connection.closed(4401, "token_expired: x", 3.0)


@pytest.mark.parametrize("code", [1000, 1001, 1002, 1005, 1006, 1009, 1011, 3000, 4000, 4999])
def test_unknown_codes_come_back_with_back_off(code: int) -> None:
    assert only(live().closed(code, "whatever a proxy says", 1.0), Changed).status == Waiting(1.0, f"closed_{code}")


@pytest.mark.parametrize(("code", "ends"), [(4400, True), (4403, True), (4404, True), (4409, True), (4408, False), (4410, False), (4429, False), (4500, False), (4503, False)])
def test_a_close_code_whose_reason_was_lost_means_what_its_rows_mean(code: int, ends: bool) -> None:  # noqa: FBT001
    assert isinstance(only(live().closed(code, "", 1.0), Changed).status, Refused) is ends


def test_a_refused_token_without_its_reason_is_replaced() -> None:
    assert Open(new_token=True) in live().closed(4401, "", 1.0)


def test_an_upgrade_refused_by_name_says_whether_to_come_back() -> None:
    full, foreign = fresh(), fresh()
    full.start(0.0)
    foreign.start(0.0)

    assert only(full.unreachable("too_many_connections", 1.0, retry_after_s=5.0), Changed).status == Waiting(6.0, "too_many_connections")
    assert only(foreign.unreachable("not_found", 1.0, detail="No WebSocket is here."), Changed).status == Refused("not_found", "No WebSocket is here.")


def test_a_proxy_s_error_page_comes_back() -> None:
    connection = fresh()
    connection.start(0.0)

    assert only(connection.unreachable("http_502", 1.0), Changed).status == Waiting(1.0, "http_502")


def test_a_reader_that_was_too_slow_twice_in_a_minute_waits_longer() -> None:
    connection = live()
    waits = []
    for now in (10.0, 40.0, 200.0):
        waits.append(only(connection.closed(4408, close_reason(ErrorCode.SLOW_READER), now), Changed).status.retry_at - now)
        connection.online(now)
        connection.heard(welcome(), now)
        connection.heard(synced(connection.places[CHAT].subscribe_id, 5), now)

    assert waits == [0.0, 10.0, 0.0]


# Silence


def test_silence_of_a_heartbeat_and_ten_seconds_is_a_dead_line() -> None:
    connection = connected(now=100.0)
    connection.touched(120.0)

    assert connection.next_tick_at() == 155.0
    assert connection.ticked(154.9) == []
    assert connection.ticked(155.0) == [Shut(ABNORMAL), Changed(Waiting(155.0, "closed_1006"))]
    assert connection.cuts == [Cut(ABNORMAL, 55.0, 35.0)]


def test_a_ping_frame_is_answered_and_counts_as_life() -> None:
    connection = connected(now=100.0)

    assert connection.heard(frames.Ping("p"), 130.0) == [Transmit(frames.Pong("p"))]
    assert connection.next_tick_at() == 165.0


def test_the_same_age_again_and_again_names_a_proxy_s_limit_and_a_goodbye_does_not_count() -> None:
    connection = live()
    for began, heard in ((0.0, 55.0), (100.0, 144.0), (200.0, 230.0)):
        connection.touched(heard)
        assert connection.time_limit is None
        connection.closed(ABNORMAL, "", began + 60.0)
        connection.online(began + 100.0)
        connection.heard(welcome(), began + 100.0)
    connection.closed(1012, "restart: x", 301.0)

    assert connection.time_limit == TimeLimit("age", 60.0)
    assert len(connection.cuts) == 3


def test_a_token_that_expires_is_renewed_on_the_open_connection() -> None:
    expiring = frames.TokenExpiring("soon")

    assert live().heard(expiring, 1.0) == [RenewToken(), Told(expiring)]


# Following


def test_events_are_passed_on_once_and_in_order() -> None:
    connection = live(5)

    effects = [effect for seq in (6, 6, 7, 5, 7, 8) for effect in connection.heard(event(seq), 1.0)]

    assert effects == [Happened(event(6)), Happened(event(7)), Happened(event(8))]
    assert connection.places[CHAT].seq == 8


def test_an_event_of_a_kind_that_is_not_known_moves_the_position() -> None:
    connection = live(5)
    other = frames.OtherEvent("poll_opened", CHAT, 6)

    assert connection.heard(other, 1.0) == [Happened(other)]
    assert connection.heard(event(7), 1.0) == [Happened(event(7))]


def test_an_ack_never_moves_the_position() -> None:
    connection = live(5)

    connection.heard(frames.Ack(CHAT, "k", 6, "m", "now"), 1.0)
    connection.closed(ABNORMAL, "", 2.0)
    connection.online(2.0)

    assert subscribes(connection.heard(welcome(), 3.0)) == [frames.Subscribe("s2", {CHAT: 5}, "e", rest=False)]


def test_a_chat_without_position_begins_at_the_head_of_welcome_and_resumes_from_there() -> None:
    connection = connected((CHAT, 57))

    first = subscribes(connection.follow({CHAT: None}))
    connection.closed(ABNORMAL, "", 1.0)
    connection.online(1.0)
    again = subscribes(connection.heard(welcome("e", (CHAT, 60)), 1.0))

    assert [each.chats for each in first + again] == [{CHAT: None}, {CHAT: 57}]


def test_a_gap_makes_the_chat_be_asked_for_again_from_its_position_and_only_once() -> None:
    connection = live(5)

    at_gap = connection.heard(event(8), 1.0)
    late = [effect for seq in (9, 10) for effect in connection.heard(event(seq), 1.0)]
    replayed = [effect for seq in (6, 7, 8, 9, 10) for effect in connection.heard(event(seq), 1.0)]
    connection.heard(synced("s2", 10), 1.0)

    assert at_gap == [Transmit(frames.Subscribe("s2", {CHAT: 5}, "e"))]
    assert late == []
    assert [effect.frame.seq for effect in replayed if isinstance(effect, Happened)] == [6, 7, 8, 9, 10]
    assert connection.may_send(CHAT)


def test_a_replay_that_ends_beyond_what_came_is_a_gap_too() -> None:
    connection = connected()
    connection.follow({CHAT: 5})

    assert subscribes(connection.heard(synced("s1", 7), 1.0)) == [frames.Subscribe("s2", {CHAT: 5}, "e")]
    assert not connection.may_send(CHAT)


def test_a_gap_that_no_replay_closes_ends_the_connection_and_not_in_a_loop() -> None:
    connection = live(5)
    connection.heard(event(8), 1.0)
    effects: list[Effect] = []
    for number in range(2, 2 + GAPS_MAX - 1):
        effects = connection.heard(synced(f"s{number}", 8), 1.0)

    assert Shut(ABNORMAL) in effects
    assert isinstance(connection.status, Waiting)


def test_a_replay_that_stands_still_is_asked_for_again() -> None:
    connection = connected(now=100.0)
    connection.follow({CHAT: 5})
    connection.heard(event(6), 130.0)
    connection.touched(159.0)

    assert connection.ticked(160.0) == []
    connection.touched(190.0)
    connection.touched(219.0)
    assert subscribes(connection.ticked(220.0)) == [frames.Subscribe("s2", {CHAT: 6}, "e")]


def test_a_jump_is_believed_at_one_s_own_joining_only() -> None:
    own, other = live(5), live(5)

    assert own.heard(frames.MemberJoined(CHAT, 20, "now", "bob", "ann", "member"), 1.0) != []
    assert subscribes(other.heard(frames.MemberJoined(CHAT, 20, "now", "bob", "bob", "member"), 1.0)) != []
    assert (own.places[CHAT].seq, other.places[CHAT].seq) == (20, 5)


def test_what_carries_an_older_subscribe_id_is_dropped() -> None:
    connection = live(5)
    connection.heard(event(8), 1.0)

    assert connection.heard(synced("s1", 5), 1.0) == []
    assert connection.heard(frames.Reset("s1", CHAT, 50, "e"), 1.0) == []
    assert (connection.places[CHAT].seq, connection.places[CHAT].live) == (5, False)


def test_a_reset_in_the_same_history_names_what_has_to_be_read() -> None:
    connection = live(5)
    reset = frames.Reset("s1", CHAT, 2_000, "e")

    assert connection.heard(reset, 1.0) == [Lost(CHAT, 5, 2_000, new_history=False), Told(reset)]
    assert connection.heard(event(2_001), 1.0) == [Happened(event(2_001))]


def test_a_reset_to_a_head_before_the_position_is_another_history() -> None:
    assert only(live(5).heard(frames.Reset("s1", CHAT, 3, "e"), 1.0), Lost) == Lost(CHAT, 0, 3, new_history=True)


def test_each_chat_learns_of_a_new_epoch_by_its_own_reset() -> None:
    connection = connected()
    connection.follow({CHAT: 5, OTHER: 9})
    connection.heard(synced("s1", 5), 0.0)
    connection.heard(synced("s1", 9, OTHER), 0.0)
    connection.closed(ABNORMAL, "", 1.0)
    connection.online(1.0)

    (asked,) = subscribes(connection.heard(welcome("new"), 1.0))
    first = connection.heard(frames.Reset("s2", CHAT, 30, "new"), 1.0)
    connection.closed(ABNORMAL, "", 2.0)
    connection.online(2.0)
    asked_again = subscribes(connection.heard(welcome("new"), 2.0))
    second = connection.heard(frames.Reset("s4", OTHER, 40, "new"), 2.0)

    assert asked == frames.Subscribe("s2", {CHAT: 5, OTHER: 9}, "e")
    assert asked_again == [frames.Subscribe("s3", {CHAT: 30}, "new"), frames.Subscribe("s4", {OTHER: 9}, "e")]
    assert [only(effects, Lost) for effects in (first, second)] == [Lost(CHAT, 0, 30, new_history=True), Lost(OTHER, 0, 40, new_history=True)]


def test_a_position_may_come_with_the_epoch_that_it_was_got_in() -> None:
    connection = connected()

    assert subscribes(connection.follow({CHAT: 5}, epoch="old")) == [frames.Subscribe("s1", {CHAT: 5}, "old")]


def test_a_refused_subscribe_gives_the_chat_up_by_name() -> None:
    connection = connected()
    connection.follow({CHAT: None, OTHER: None})
    refusal = frames.Error("not_a_member", "Not a member.", "", "s1", CHAT)

    assert connection.heard(refusal, 1.0) == [Unfollowed(CHAT, "not_a_member", "Not a member."), Told(refusal)]
    assert list(connection.places) == [OTHER]
    assert connection.may_send(CHAT)  # and the server says why not


def test_a_subscribe_refused_with_a_code_that_is_not_known_is_refused_for_good() -> None:
    connection = live(5)
    connection.follow({OTHER: 3})

    assert Unfollowed(OTHER, "moonphase", "Full.") in connection.heard(frames.Error("moonphase", "Full.", "", "s2"), 1.0)
    assert list(connection.places) == [CHAT]


def test_a_subscribe_refused_for_now_is_repeated_after_the_given_time() -> None:
    connection = live(5)
    connection.follow({OTHER: 3}, rest=True)
    connection.heard(frames.Error("store_down", "Away.", "", "s2", retry_after_ms=2_000), 10.0)

    assert connection.next_tick_at() == 12.0
    assert connection.ticked(11.9) == []
    assert subscribes(connection.ticked(12.0)) == [frames.Subscribe("s3", {OTHER: 3}, "e", rest=True)]
    assert connection.ticked(12.1) == []


def test_one_s_own_leaving_is_the_last_event_of_the_chat() -> None:
    connection = live(5)
    left = frames.MemberLeft(CHAT, 6, "now", "bob", "ann")

    assert connection.heard(left, 1.0) == [Happened(left), Unfollowed(CHAT, ErrorCode.REMOVED_FROM_CHAT, FAILURES[ErrorCode.REMOVED_FROM_CHAT].title)]
    assert connection.heard(event(7), 1.0) == []


def test_an_unfollowed_chat_is_unsubscribed_and_late_events_are_dropped() -> None:
    connection = live(5)

    assert connection.unfollow(CHAT) == [Transmit(frames.Unsubscribe([CHAT]))]
    assert connection.unfollow(CHAT) == []
    assert connection.heard(event(6), 1.0) == []
    assert connection.places == {}


def test_the_rest_is_followed_from_the_heads_of_welcome_and_what_is_joined_from_its_first_event() -> None:
    connection = connected((CHAT, 7))
    (asked,) = subscribes(connection.follow({}, rest=True))
    joined = frames.MemberJoined(OTHER, 12, "now", "bob", "ann", "member")

    effects = [*connection.heard(event(8), 1.0), *connection.heard(joined, 1.0), *connection.heard(event(13, OTHER), 1.0)]
    connection.heard(synced("s1", 13, OTHER), 1.0)
    connection.closed(ABNORMAL, "", 2.0)
    connection.online(2.0)
    (again,) = subscribes(connection.heard(welcome(), 2.0))

    assert (asked.chats, asked.rest) == ({}, True)
    assert [effect.frame.seq for effect in effects if isinstance(effect, Happened)] == [8, 12, 13]
    assert (again.chats, again.rest) == ({CHAT: 8, OTHER: 13}, True)
    assert connection.unfollow(CHAT) == []


def test_a_chat_that_the_user_has_left_is_not_waited_for_when_the_rest_is_asked_for_again() -> None:
    connection = connected((CHAT, 7))
    connection.follow({}, rest=True)
    connection.heard(frames.MemberLeft(CHAT, 8, "now", "bob", "ann"), 1.0)

    connection.heard(frames.Error("store_down", "Away.", "", "s1", retry_after_ms=1_000), 1.0)
    (again,) = subscribes(connection.ticked(2.0))

    assert (again.chats, again.rest) == ({}, True)
    assert connection.places == {}


def test_many_chats_are_asked_for_in_portions_that_the_server_takes() -> None:
    connection = connected()

    asked = subscribes(connection.follow({ChatId(str(number)): number for number in range(CHATS_PER_SUBSCRIBE + 1)}, rest=True))

    assert [(len(each.chats), each.rest) for each in asked] == [(CHATS_PER_SUBSCRIBE, False), (1, True)]


def test_messages_of_a_followed_chat_wait_until_it_is_synced() -> None:
    connection = connected()
    connection.follow({CHAT: 5})
    before = connection.may_send(CHAT), connection.may_send(OTHER)

    connection.heard(synced("s1", 5), 1.0)
    after = connection.may_send(CHAT)
    connection.closed(ABNORMAL, "", 2.0)

    assert (before, after, connection.may_send(CHAT)) == ((False, True), True, False)


class Dialog(RuleBasedStateMachine):
    """A server that doubles and drops frames, says old ones again, resets, is restored; and a line that is cut.

    It keeps to the protocol otherwise. What the application is told has to be the history: each event once, in
    order, or read after a reset, anew where it is another history; and connected is said after welcome only.
    """

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.connection = fresh(0.5)
        self.head = 3
        self.epoch = "e0"
        self.told_of = "e0"
        self.asked: list[frames.Subscribe] = []
        self.on_its_way: list[frames.ServerFrame] = []
        self.welcomed = False
        self.told = 0
        self.heard_before: list[frames.ServerFrame] = []
        self.hear(self.connection.start(self.now))
        self.hear(self.connection.follow({CHAT: 0}))

    def hear(self, effects: list[Effect]) -> None:
        for effect in effects:
            match effect:
                case Happened(frame):
                    assert frame.seq == self.told + 1
                    self.told = frame.seq
                case Lost(chat, after, head, new_history):
                    is_new = self.told_of != self.epoch or self.told > head
                    assert (chat, after, new_history) == (CHAT, 0 if is_new else self.told, is_new)
                    self.told, self.told_of = head, self.epoch
                case Transmit(frames.Subscribe() as frame):
                    assert self.welcomed
                    assert (frame.chats, frame.epoch) == ({CHAT: self.told}, self.told_of)
                    self.asked.append(frame)
                case Changed(Connected()):
                    assert self.welcomed
                case Shut():
                    self.lose()

    def lose(self) -> None:
        self.welcomed = False
        self.asked.clear()
        self.on_its_way.clear()

    @property
    def is_open(self) -> bool:
        return isinstance(self.connection.status, Connecting | Connected)

    @precondition(lambda self: isinstance(self.connection.status, Connecting))
    @rule()
    def admit(self) -> None:
        self.welcomed = True
        if self.connection.epoch is None:
            self.told_of = self.epoch  # the application named no history
        self.hear(self.connection.heard(welcome(self.epoch, (CHAT, self.head)), self.now))

    @rule(count=st.integers(1, 3))
    def grow(self, count: int) -> None:
        for _ in range(count):
            self.head += 1
            if self.welcomed:
                self.on_its_way.append(event(self.head))

    @precondition(lambda self: self.asked)
    @rule(resets=st.booleans())
    def replay(self, resets: bool) -> None:  # noqa: FBT001
        asked = self.asked.pop(0)
        after = asked.chats[CHAT]
        assert after is not None
        if resets or asked.epoch != self.epoch or after > self.head:
            self.on_its_way.append(frames.Reset(asked.id, CHAT, self.head, self.epoch))
        else:
            self.on_its_way += [*(event(seq) for seq in range(after + 1, self.head + 1)), synced(asked.id, self.head, epoch=self.epoch)]

    @precondition(lambda self: self.on_its_way)
    @rule(fate=st.sampled_from(["arrives", "arrives", "arrives", "doubled", "dropped"]))
    def deliver(self, fate: str) -> None:
        frame = self.on_its_way.pop(0)
        self.heard_before.append(frame)
        for _ in range({"arrives": 1, "doubled": 2, "dropped": 0}[fate]):
            self.hear(self.connection.heard(frame, self.now))

    @precondition(lambda self: self.heard_before)
    @rule(data=st.data())
    def say_again(self, data: st.DataObject) -> None:
        old = data.draw(st.sampled_from([each for each in self.heard_before if isinstance(each, frames.MessageSent)] or [frames.Ping()]))
        self.hear(self.connection.heard(old, self.now))

    @rule(seq=st.integers(0, 20))
    def ack(self, seq: int) -> None:
        before = self.connection.places[CHAT].seq
        self.hear(self.connection.heard(frames.Ack(CHAT, "k", seq, "m", "now"), self.now))
        assert self.connection.places[CHAT].seq == before

    @precondition(lambda self: self.is_open)
    @rule(code=st.sampled_from([1000, 1006, 1012, 4408, 4410]))
    def cut(self, code: int) -> None:
        self.lose()
        self.hear(self.connection.closed(code, "", self.now))

    @precondition(lambda self: self.is_open)
    @rule(data=st.data())
    def restore(self, data: st.DataObject) -> None:
        """Another history, with another epoch: what was on its way is gone with the process."""
        self.head = data.draw(st.integers(0, self.head))
        self.epoch = f"e{int(self.epoch[1:]) + 1}"
        self.heard_before.clear()
        self.cut(ABNORMAL)

    @rule(seconds=st.floats(0.0, 40.0))
    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.hear(self.connection.ticked(self.now))

    @invariant()
    def the_position_is_what_the_application_has(self) -> None:
        assert self.connection.places[CHAT].seq == self.told

    @invariant()
    def a_live_chat_has_nothing_left_out_before_what_is_on_its_way(self) -> None:
        if self.connection.places[CHAT].live:
            assert isinstance(self.connection.status, Connected)

    def teardown(self) -> None:
        """With a line that holds, and one more event, the application gets everything and is told that it is live."""
        self.grow(1)
        for _ in range(6 * self.head + 100):
            if isinstance(self.connection.status, Waiting):
                self.now = self.connection.status.retry_at
                self.hear(self.connection.ticked(self.now))
            elif isinstance(self.connection.status, Connecting):
                self.admit()
            elif self.on_its_way:
                self.deliver("arrives")
            elif self.asked:
                self.replay(resets=False)
            elif not self.connection.places[CHAT].live:
                self.connection.touched(self.now)
                self.now += 30.0
                self.hear(self.connection.ticked(self.now))
        assert (self.told, self.told_of) == (self.head, self.epoch)
        assert self.connection.places[CHAT].live


TestDialog = Dialog.TestCase
TestDialog.settings = settings(max_examples=120, stateful_step_count=50, deadline=None)
