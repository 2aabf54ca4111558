"""The catalogue of causes: complete, in order, and one cause for each error that ends a connection."""

import re

from tenfour.causes import CAUSE_OF, CAUSES, EXIT_CODES, LAYER_TITLES, SYMPTOM_TITLES, Layer, Symptom
from tenfour.errors import CLOSE_CODES, FAILURES, ErrorCode
from tenfour.settings import setting_fields

NOT_OF_THE_CONNECTION = {
    # Answers to one frame or one request; the connection stays.
    *(ErrorCode.MALFORMED, ErrorCode.UNKNOWN_TYPE, ErrorCode.FIELD_MISSING, ErrorCode.FIELD_INVALID, ErrorCode.KEY_MISSING, ErrorCode.KEY_INVALID, ErrorCode.KEY_REUSED),
    *(ErrorCode.TEXT_EMPTY, ErrorCode.TEXT_TOO_LONG, ErrorCode.TEXT_INVALID, ErrorCode.REPLY_UNKNOWN, ErrorCode.CHAT_MISSING, ErrorCode.TOO_MANY_SUBSCRIPTIONS),
    *(ErrorCode.NOT_SUPPORTED, ErrorCode.PICTURE_INVALID, ErrorCode.BODY_TOO_LARGE, ErrorCode.METHOD_NOT_ALLOWED, ErrorCode.MEDIA_TYPE, ErrorCode.CONFLICT),
    *(ErrorCode.MESSAGE_UNKNOWN, ErrorCode.USER_UNKNOWN, ErrorCode.SESSION_UNKNOWN, ErrorCode.SERVER_KEY_UNKNOWN, ErrorCode.SERVER_KEY_SCOPE),
    *(ErrorCode.FORBIDDEN, ErrorCode.READ_ONLY, ErrorCode.MUTED, ErrorCode.LAST_OWNER, ErrorCode.DIRECT_CHAT_FIXED, ErrorCode.CHAT_FULL),
    *(ErrorCode.SETUP_DONE, ErrorCode.SETUP_LINK_INVALID, ErrorCode.REGISTRATION_CLOSED, ErrorCode.INVITE_INVALID),
    *(ErrorCode.NAME_TAKEN, ErrorCode.NAME_INVALID, ErrorCode.PASSWORD_WEAK),
    # Ends that somebody wanted.
    *(ErrorCode.LEAVING, ErrorCode.ECHO_TIME_OVER),
}


def test_every_error_leads_to_one_cause_or_is_no_fault_of_the_connection():
    claimed = [code for cause in CAUSES.values() for code in cause.codes]

    assert len(claimed) == len(set(claimed))
    assert set(claimed) | NOT_OF_THE_CONNECTION == set(ErrorCode)
    assert not set(claimed) & NOT_OF_THE_CONNECTION


def test_every_close_code_leads_to_a_cause():
    led = {FAILURES[code].close for code in CAUSE_OF} | {code for cause in CAUSES.values() for code in cause.foreign_closes}

    assert set(CLOSE_CODES) <= led


def test_a_cause_stands_once_and_says_everything():
    for cause in CAUSES.values():
        assert re.fullmatch(r"[a-z][a-z0-9_]+", cause.id)
        assert cause.symptoms
        for text in (cause.sentence, cause.shows, cause.sure, cause.fix):
            assert text.strip() == text
            assert text[-1] in ".)`”", (cause.id, text)
            assert "\n" not in text
        assert cause.sentence.endswith("."), cause.id
        assert len(cause.sentence) < 160, cause.id


def test_layers_and_symptoms_have_titles_causes_and_an_exit_code_each():
    assert set(LAYER_TITLES) == set(EXIT_CODES) == {cause.layer for cause in CAUSES.values()} == set(Layer)
    assert set(SYMPTOM_TITLES) == {each for cause in CAUSES.values() for each in cause.symptoms} == set(Symptom)
    assert len(set(EXIT_CODES.values())) == len(Layer)
    assert all(2 < code < 126 for code in EXIT_CODES.values()), "126 and more belong to the shell"


def test_causes_stand_by_layers_in_the_order_of_the_way():
    order = list(Layer)

    places = [order.index(cause.layer) for cause in CAUSES.values()]

    assert places == sorted(places)


def test_settings_that_a_cause_names_exist():
    foreign = {"access_token", "expires_at", "jwks_url", "proxy_pass", "limit_conn", "worker_connections", "stream_close_delay", "SSL_CERT_FILE", "HTTPS_PROXY", "NO_PROXY"}

    named = {name for cause in CAUSES.values() for name in re.findall(r"`(\w+_\w+)(?: [^`]*)?`", cause.fix)}

    assert named - foreign <= set(setting_fields())
    assert foreign <= named
