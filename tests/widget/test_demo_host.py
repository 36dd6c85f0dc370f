"""The demo's fictitious product: it signs for its customers and answers its telemetry; neither is made up."""

import json
from datetime import UTC, datetime, timedelta

import jwt
import pytest

from companyos.demo import host_secrets, people, telemetry
from companyos.demo.host import Call, Host

NOW = datetime(2026, 3, 10, 9, 0, 30, tzinfo=UTC)
ORIGIN = "http://localhost:8002"
KEY = "demo-secret-key"


@pytest.fixture
def host():
    return Host("http://localhost:8000", KEY, tuple(people.host_origins(8002)), now=lambda: NOW)


def call(path, method="GET", body=b"", cookie="", bearer="", origin=ORIGIN, **query):
    return Call(method, path, {name: [value] for name, value in query.items()}, body, cookie, bearer, origin)


def read(host, path, **changes):
    answer = host.answer(call(path, bearer=host_secrets.telemetry_token(KEY), **changes))
    assert answer.status == 200, answer.body
    return json.loads(answer.body)


def test_the_token_says_who_is_signed_in(host):
    answer = host.answer(call("/companyos-token", cookie="northwind_persona=u-cleo"))
    token = answer.body.split('"')[3]
    secret = host_secrets.widget_secret(KEY, "birch")
    claims = jwt.decode(
        token, secret, ["HS256"], audience="companyos-widget", options={"verify_exp": False, "verify_iat": False}
    )
    assert (claims["sub"], claims["iss"], claims["origin"], claims["role"]) == ("u-cleo", "birch", ORIGIN, "admin")


def test_a_stranger_name_of_this_host_gets_nothing(host):
    assert host.answer(call("/companyos-token", origin="http://evil.example")).status == 421


def test_persona_switch(host):
    chosen = host.answer(call("/persona", method="POST", body=b"persona=u-eve"))
    assert chosen.status == 303
    assert "u-eve" in dict(chosen.headers)["Set-Cookie"]
    assert host.answer(call("/persona", method="POST", body=b"persona=%00")).status == 400


def test_the_page_shows_the_error_and_reports_it(host):
    page = host.answer(call("/")).body
    assert "Ingest is throttled (ERR-INGEST-429)" in page
    assert 'data-error-id="ERR-INGEST-429"' in page
    assert "throttled" not in host.answer(call("/", cookie="northwind_persona=u-cleo")).body.lower()


def test_telemetry_needs_the_token(host):
    assert host.answer(call("/telemetry/acme/resources")).status == 401
    assert host.answer(call("/telemetry/acme/resources", bearer="é")).status == 401


def test_health_follows_from_what_was_measured(host):
    found = {r["key"]: r for r in read(host, "/telemetry/acme/resources")["resources"]}
    assert list(found) == ["ingest", "api", "billing", "auth", "dashboard"]
    assert found["ingest"]["health"] == "red"
    sli = found["ingest"]["signals"]["slis"][0]
    assert sli["value"] < sli["objective"]
    assert {r["key"]: r["health"] for r in read(host, "/telemetry/birch/resources")["resources"]}["ingest"] == "ok"


def test_traces_and_logs_tell_the_same_story(host):
    traces = read(host, "/telemetry/acme/resources/ingest/traces", error_id="ERR-INGEST-429")["traces"]
    assert traces
    assert {trace["http_status"] for trace in traces} == {429}
    lines = read(host, "/telemetry/acme/resources/ingest/logs")["lines"]
    throttled = {line["trace_id"] for line in lines if line["event"] == "ingest.throttled"}
    assert throttled & {trace["trace_id"] for trace in traces}
    shown = host.answer(call(f"/traces/acme/{traces[0]['trace_id']}"))
    assert shown.status == 200
    assert host.answer(call(f"/traces/birch/{traces[0]['trace_id']}")).status == 404
    assert host.answer(call("/traces/acme/zzzz")).status == 404


def test_a_higher_quota_ends_the_throttling_and_keeps_the_past(host):
    body = b'{"quota_eps": 9000}'
    assert (
        read(host, "/telemetry/acme/resources/ingest/config", method="PATCH", body=body)["config"]["quota_eps"] == 9000
    )
    plan = host.plans["acme"]
    later = NOW + timedelta(minutes=6)
    assert telemetry.resources(plan, later)[0]["health"] == "ok"
    assert telemetry.minute(plan, telemetry.bucket_of(NOW) - 1).rejected_share > 0
    for bad in (b"", b"{}", b'{"quota_eps": "9"}', b'{"quota_eps": true}', b'{"quota_eps": -1}'):
        bearer = host_secrets.telemetry_token(KEY)
        path = "/telemetry/acme/resources/ingest/config"
        assert host.answer(call(path, method="PATCH", body=bad, bearer=bearer)).status == 400


def test_the_same_minute_gives_the_same_numbers():
    plan = telemetry.PLANS["cedar"]
    assert telemetry.resources(plan, NOW) == telemetry.resources(plan, NOW + timedelta(seconds=20))


def test_unknown_things_are_not_there(host):
    bearer = host_secrets.telemetry_token(KEY)
    for path in ("/telemetry/nobody/resources", "/telemetry/acme/resources/nope", "/nope", "/host/../host.py"):
        assert host.answer(call(path, bearer=bearer)).status == 404, path
