"""What the evidence says of token, chat and welcome."""

from __future__ import annotations

from dataclasses import replace

from tenfour.doctor.evidence import Close, Evidence, Token, Welcome
from tenfour.doctor.finding import Finding, by_close, by_code, lasting, moment
from tenfour.doctor.judge_upgrade import judge_refused
from tenfour.wire.frames import PROTOCOL

SKEW_MS = 30_000
"""From here on a difference of clocks breaks tokens: it is the leeway that servers give."""
TOKEN_BYTES_MAX = 8_192
"""What Tenfour takes as a token."""
_SIGNATURE_BYTES = {"EdDSA": 64, "ES256": 64, "HS256": 32}
_SWITCHING = 101


def judge_token(evidence: Evidence) -> Finding | None:
    """A token that could not be had, or that cannot be sent. What is in it is for the server to judge."""
    token = evidence.token
    if token is None:
        return None
    if token.login is not None:
        return by_code(token.login, "") or Finding("login_failed", f"The log-in was refused with {token.login}, so that there is no token.")
    return _unsendable(token) or (Finding.likely("token_malformed", f"{token.fault}.") if token.fault is not None and evidence.welcome is None else None)


def _unsendable(token: Token) -> Finding | None:
    """What keeps a client from sending it at all."""
    if token.given and not token.bytes:
        return Finding("token_missing", "The token that was given is empty, so that none is sent.")
    if not token.unsendable:
        return None
    chars = ", ".join(repr(each) for each in token.unsendable)
    if token.carrier != "subprotocol":
        return Finding("token_bad_chars", f"The token has {chars} in it, which no header can hold.")
    return Finding.plain("token_bad_chars", f"It has {chars}.", *([f"{token.fault}."] if token.fault is not None else []))


def judge_welcome(evidence: Evidence) -> Finding | None:
    welcome, upgrade = evidence.welcome, evidence.upgrade
    if welcome is None or welcome.outcome == "welcome" or _is_held_back(evidence, welcome):
        return None
    if welcome.reply is not None and welcome.reply.status != _SWITCHING and upgrade is not None:
        return judge_refused(evidence, upgrade, welcome.reply)
    if welcome.close is not None:
        return _closed(evidence, welcome, welcome.close)
    return _no_welcome(evidence, welcome)


def _is_held_back(evidence: Evidence, welcome: Welcome) -> bool:
    """Whether the way keeps small frames from coming, so that the server cannot be blamed."""
    return welcome.outcome == "nothing" and evidence.echo is not None and evidence.echo.after_more_bytes is not None


def _closed(evidence: Evidence, welcome: Welcome, close: Close) -> Finding:
    token = evidence.token
    if token is not None and token.given:
        found = _by_token(evidence, token, welcome, close)
        if found is not None:
            return found
    if close.error == "not_a_member" and evidence.ended is not None and evidence.ended.close.error == "removed_from_chat":
        return Finding.plain("member_removed", "It happened while the connection stood, and it is not let in any more.")
    if close.error == "chat_id_invalid":
        return Finding.plain("chat_id_not_uuid", f"There stands “{evidence.address.path.rpartition('/chats/')[2].removesuffix('/ws')}”.")
    return by_close(close) or Finding.likely("tcp_reset", "It opened, and the line was cut before the server had said anything.")


def _by_token(evidence: Evidence, token: Token, welcome: Welcome, close: Close) -> Finding | None:
    """What the server said of the token, with what stands in it."""
    match close.error:
        case "token_missing":
            found: Finding | None = _lost(token, welcome)
        case "token_expired" | "token_not_yet_valid":
            found = _out_of_date(evidence, token, close)
        case "token_malformed":
            found = _malformed(token)
        case "token_signature":
            found = Finding.plain("token_signature", _signature(token))
        case "token_issuer":
            found = Finding.plain("token_issuer", f"It is of {token.issuer}." if token.issuer else "It names no issuer (`iss`).")
        case "token_audience":
            meant = f"It is for {' and '.join(token.audience)}." if token.audience else "It names no audience (`aud`)."
            found = Finding.plain("token_audience", meant, f"The server says: “{close.reason.partition(':')[2].strip()}”.")
        case _:
            found = None
    return found


def _malformed(token: Token) -> Finding | None:
    if token.fault:
        return Finding("token_malformed", f"What was sent as token is not a JWT: {token.fault[0].lower()}{token.fault[1:]}.")
    return Finding.plain("token_too_long", f"It has {token.bytes:,} characters.") if token.bytes > TOKEN_BYTES_MAX else None


def _signature(token: Token) -> str:
    """What the signature's length tells: one that was cut off is not one of another key."""
    by = f"It says that it is signed with {token.algorithm or 'nothing'}{f' by the key {token.key_id}' if token.key_id else ''}"
    wanted = _SIGNATURE_BYTES.get(token.algorithm or "")
    if wanted is None or token.signature_bytes in (None, wanted):
        return f"{by}."
    return f"{by}, whose signatures have {wanted} bytes, and its has {token.signature_bytes}: the token was cut off or run together."


def _lost(token: Token, welcome: Welcome) -> Finding:
    cured = f" Brought as {' or '.join(welcome.cured_by)}, it arrives." if welcome.cured_by else ""
    return Finding("token_lost", f"The token was sent ({token.carrier or 'as the client does'}), and the server says that none came: a proxy removes it on the way.{cured}")


def _out_of_date(evidence: Evidence, token: Token, close: Close) -> Finding:
    """Expired or not yet valid by the server's clock; where another clock says otherwise, it is the clocks.

    A token comes from the past: a clock by which it is not made yet is wrong, and says nothing of the token.
    """
    http = evidence.http
    server_ms = http.server_ms if http is not None else None
    skew_ms = http.skew_ms if http is not None else None
    is_over = close.error == "token_expired"
    limit_ms = token.expires_ms if is_over else token.not_before_ms
    if server_ms is None or skew_ms is None or limit_ms is None:
        return by_close(close) or Finding.plain("token_expired" if is_over else "token_not_yet_valid")
    local_ms = server_ms + skew_ms
    made_ms = token.issued_ms if token.issued_ms is not None else token.not_before_ms
    clocks = _clocks(skew_ms)
    is_made_here = made_ms is None or made_ms <= local_ms + SKEW_MS
    if abs(skew_ms) > SKEW_MS and is_made_here and (limit_ms > local_ms if is_over else limit_ms <= local_ms):
        return Finding("clock_skew", f"{clocks[0].upper()}{clocks[1:]}: by it the token is good, by the server's clock it {'has expired' if is_over else 'is not valid yet'}.")
    if token.issued_ms is not None and token.issued_ms > max(server_ms, local_ms) + SKEW_MS:
        return Finding(
            "clock_skew",
            f"The clock of the token's issuer is {lasting(token.issued_ms - server_ms)} ahead of the server's: the token says that it was made at {moment(token.issued_ms)}, which is still to come.",
        )
    told = f"expired {lasting(server_ms - limit_ms)} ago" if is_over else f"becomes valid in {lasting(limit_ms - server_ms)}"
    also = f"; {clocks}" if abs(skew_ms) >= 5_000 else ""  # noqa: PLR2004 - less is the way of the answer
    return Finding("token_expired" if is_over else "token_not_yet_valid", f"The token {told} by the server's clock, at {moment(limit_ms)}{also}.")


def _clocks(skew_ms: int) -> str:
    return f"this machine's clock is {lasting(skew_ms)} {'ahead of' if skew_ms > 0 else 'behind'} the server's"


def _no_welcome(evidence: Evidence, welcome: Welcome) -> Finding:
    ours = evidence.http is not None and evidence.http.server is not None
    if welcome.outcome == "other_frame":
        return Finding.plain("other_ws_server", "Its first frame is none of this protocol.") if not ours else Finding.likely("welcome_late", "Another frame came first.")
    waited = f"No frame came within {lasting(welcome.waited_ms)}."
    if ours:
        reasons = evidence.http.ready if evidence.http is not None else None
        return Finding.plain("welcome_late", waited, *(f"The server is not ready: {reason}." for reason in reasons or ()))
    subprotocol = evidence.upgrade.subprotocol if evidence.upgrade is not None else None
    return Finding("other_ws_server", f"A WebSocket server answers that is not Tenfour. {waited}", certain=subprotocol != PROTOCOL)


def with_reasons(evidence: Evidence, finding: Finding) -> Finding:
    """The finding, and what the server says is wrong with its data."""
    reasons = [each for each in (evidence.http.ready or () if evidence.http is not None else ()) if each.startswith("store") and each not in finding.says]
    if finding.cause != "store_down" or not reasons:
        return finding
    return replace(finding, says=f"{finding.says} Of itself it says: {'; '.join(reasons)}.")


def judge_readiness(evidence: Evidence) -> Finding | None:
    """What the server says of itself, where nothing else has failed."""
    reasons = evidence.http.ready if evidence.http is not None else None
    if not reasons:
        return None
    told = f"The server says that it is not ready: {'; '.join(reasons)}."
    cause = next((cause for part, cause in (("store", "store_down"), ("broker", "broker_down"), ("node", "draining")) if any(each.startswith(part) for each in reasons)), "store_down")
    return Finding.plain(cause, told)
