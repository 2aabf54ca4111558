import msgspec

from tenfour.doctor.evidence import Address, Evidence, Reply, Upgrade, kept, shown


def test_an_address_is_shown_without_its_secrets():
    assert shown("wss://ada:pw@chat.example/api/v1/ws?after=3&token=eyJ.x.y&ticket=t#f") == "wss://(hidden)@chat.example/api/v1/ws?after=3&token=(hidden)&ticket=(hidden)#f"


def test_headers_keep_order_and_case_and_lose_their_secrets():
    came = [("Server", "nginx"), ("Set-Cookie", "session=abc; Path=/"), ("AUTHORIZATION", "Bearer x")]

    assert kept(came) == (("Server", "nginx"), ("Set-Cookie", "session=(hidden)"), ("AUTHORIZATION", "(hidden)"))


def test_evidence_becomes_json_and_what_was_not_reached_is_null():
    evidence = Evidence(Address(0.1, "ws://h/", "ws", "h", 80, "/"), upgrade=Upgrade(3.0, "/", Reply(3.0, "answered", 426, "1.1", (("Server", "nginx"),))))

    written = msgspec.json.decode(msgspec.json.encode(evidence))

    assert written["tcp"] is None
    assert msgspec.convert(written, Evidence) == evidence
