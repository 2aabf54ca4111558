from __future__ import annotations

from tenfour.client.receipts import AT_ONCE_MAX, PAUSE_S, Receipts
from tenfour.ids import ChatId
from tenfour.wire.frames import Receipt

CHAT = ChatId("chat")


def test_the_highest_receipt_goes_out_at_once_and_the_next_a_second_later() -> None:
    receipts = Receipts()
    for seq in (3, 5, 4):
        receipts.note(CHAT, read=seq)

    first = receipts.take(100.0)
    receipts.note(CHAT, read=9)
    too_early = receipts.take(100.5)
    second = receipts.take(101.0)

    assert first == [Receipt(CHAT, read=5, delivered=5)]
    assert too_early == []
    assert second == [Receipt(CHAT, read=9, delivered=9)]


def test_what_tells_nothing_new_is_not_sent() -> None:
    receipts = Receipts()
    receipts.note(CHAT, read=5)
    receipts.take(100.0)

    receipts.note(CHAT, read=4, delivered=5)

    assert receipts.next_at() is None
    assert receipts.take(200.0) == []


def test_delivered_alone_says_nothing_about_read() -> None:
    receipts = Receipts()
    receipts.note(CHAT, delivered=7)

    assert receipts.take(100.0) == [Receipt(CHAT, read=None, delivered=7)]


def test_receipts_of_many_chats_are_spread_over_seconds() -> None:
    receipts = Receipts()
    for number in range(AT_ONCE_MAX + 1):
        receipts.note(ChatId(str(number)), read=1)

    first = receipts.take(100.0)
    at = receipts.next_at()
    second = receipts.take(100.0 + PAUSE_S)

    assert (len(first), at, len(second)) == (AT_ONCE_MAX, 100.0 + PAUSE_S, 1)


def test_what_was_told_just_before_a_cut_is_told_again() -> None:
    receipts = Receipts()
    receipts.note(CHAT, read=5)
    receipts.take(100.0)

    receipts.disconnected(102.0)

    assert receipts.take(103.0) == [Receipt(CHAT, read=5, delivered=5)]


def test_what_was_told_long_before_a_cut_is_not_told_again() -> None:
    receipts = Receipts()
    receipts.note(CHAT, read=5)
    receipts.take(100.0)

    receipts.disconnected(200.0)

    assert receipts.take(201.0) == []
