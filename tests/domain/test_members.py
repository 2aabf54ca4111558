"""What a role allows: the whole space of roles and chats, against the rule in words."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import pytest

from tenfour.domain.chat import Chat, ChatKind, HistoryRule
from tenfour.domain.member import Member, Role, keeps_an_owner, may_add, may_change_role, may_join, may_leave, may_remove, may_rename, role_on_joining
from tenfour.errors import ErrorCode
from tenfour.ids import ChatId, UserId

KINDS = [ChatKind.GROUP, ChatKind.CHANNEL]
ROLES = list(Role)
RANK = [Role.MEMBER, Role.ADMIN, Role.OWNER].index


def all_of(*spaces: Iterable[object]) -> list[tuple[object, ...]]:
    """Every combination."""
    return list(itertools.product(*spaces))


def chat(kind: ChatKind = ChatKind.GROUP, history: HistoryRule = HistoryRule.ALL) -> Chat:
    return Chat(ChatId("c"), kind, None, history, 9, 3, 0, 0)


def member(role: Role, joined_seq: int = 1) -> Member:
    return Member(ChatId("c"), UserId("u"), role, joined_seq, 0, 0)


@pytest.mark.parametrize("role", ROLES)
def test_nobody_changes_who_is_in_a_direct_chat(role: Role) -> None:
    direct, me, other = chat(ChatKind.DIRECT), member(role), member(Role.MEMBER)

    refusals = {may_rename(direct, me), may_add(direct, me, Role.MEMBER), may_remove(direct, me, other), may_change_role(direct, me, other, Role.ADMIN), may_leave(direct)}

    assert refusals == {ErrorCode.DIRECT_CHAT_FIXED}


@pytest.mark.parametrize(("kind", "role"), all_of(KINDS, ROLES))
def test_admins_and_owners_rename(kind: ChatKind, role: Role) -> None:
    assert may_rename(chat(kind), member(role)) is (ErrorCode.FORBIDDEN if role is Role.MEMBER else None)


@pytest.mark.parametrize(("kind", "role", "wanted"), all_of(KINDS, ROLES, ROLES))
def test_everybody_adds_plain_members_to_a_group_and_nobody_adds_above_their_own_rank(kind: ChatKind, role: Role, wanted: Role) -> None:
    allowed = may_add(chat(kind), member(role), wanted) is None

    assert allowed == ((kind is ChatKind.GROUP and wanted is Role.MEMBER) or (role is not Role.MEMBER and RANK(wanted) <= RANK(role)))


@pytest.mark.parametrize(("kind", "role", "theirs"), all_of(KINDS, ROLES, ROLES))
def test_owners_remove_everybody_and_others_only_those_below_them(kind: ChatKind, role: Role, theirs: Role) -> None:
    allowed = may_remove(chat(kind), member(role), member(theirs)) is None

    assert allowed == (role is Role.OWNER or RANK(role) > RANK(theirs))


@pytest.mark.parametrize(("kind", "role", "theirs", "wanted"), all_of(KINDS, ROLES, ROLES, ROLES))
def test_nobody_but_an_owner_raises_or_lowers_anybody_to_their_own_rank(kind: ChatKind, role: Role, theirs: Role, wanted: Role) -> None:
    allowed = may_change_role(chat(kind), member(role), member(theirs), wanted) is None

    assert allowed == (role is Role.OWNER or (RANK(theirs) < RANK(role) and RANK(wanted) < RANK(role)))


@pytest.mark.parametrize("kind", list(ChatKind))
def test_only_a_channel_is_joined_without_being_asked(kind: ChatKind) -> None:
    assert may_join(chat(kind)) is (None if kind is ChatKind.CHANNEL else ErrorCode.NOT_A_MEMBER)


def test_the_first_in_an_empty_channel_owns_it() -> None:
    assert [role_on_joining(chat(ChatKind.CHANNEL), count) for count in (0, 1, 2)] == [Role.OWNER, Role.MEMBER, Role.MEMBER]


@pytest.mark.parametrize(("theirs", "wanted", "owners", "people"), all_of(ROLES, [*ROLES, None], [0, 1], [0, 1, 5]))
def test_people_are_never_left_without_an_owner(theirs: Role, wanted: Role | None, owners: int, people: int) -> None:
    refused = keeps_an_owner(member(theirs), wanted, other_owners=owners, other_members=max(owners, people)) is ErrorCode.LAST_OWNER

    stays = wanted is not None
    owners_after = owners + (wanted is Role.OWNER)
    people_after = max(owners, people) + stays
    assert refused == (theirs is Role.OWNER and owners_after == 0 and people_after > 0)


@pytest.mark.parametrize(("history", "first"), [(HistoryRule.ALL, 1), (HistoryRule.FROM_JOINING, 7)])
def test_the_first_event_that_a_member_sees_is_the_chats_rule(history: HistoryRule, first: int) -> None:
    assert member(Role.MEMBER, joined_seq=7).first_visible_seq(chat(history=history)) == first
