"""What a widget token must be; each failure has its own code."""

from datetime import UTC, datetime, timedelta

import jwt
import pytest

from companyos.widget_host import widget_token
from tenants.tokens import Claims, TokenError, tenant_named, verify

NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
ORIGIN = "https://app.example"
SECRET = "a" * 40
OTHER_SECRET = "b" * 40
ADA = {"id": "u-ada", "name": "Ada Moreno", "email": "ada@acme.example", "role": "admin"}
GOOD = {
    "aud": "companyos-widget",
    "iss": "acme",
    "sub": "u-ada",
    "name": "Ada Moreno",
    "email": "ada@acme.example",
    "role": "admin",
    "origin": ORIGIN,
    "iat": int(NOW.timestamp()),
    "exp": int(NOW.timestamp()) + 600,
}


def signed(secret=SECRET, algorithm="HS256", kid="acme", **changes):
    claims = {name: value for name, value in {**GOOD, **changes}.items() if value is not ...}
    return jwt.encode(claims, secret, algorithm=algorithm, headers={"kid": kid})


def checked(token, **changes):
    given = {"tenant": "acme", "secret": SECRET, "origin": ORIGIN, "allowed": [ORIGIN], "now": NOW, **changes}
    return verify(token, **given)


def code_of(token, **changes):
    with pytest.raises(TokenError) as caught:
        checked(token, **changes)
    return caught.value.code


def test_the_helpers_token_is_good():
    token = widget_token(SECRET, "acme", ADA, ORIGIN, now=NOW)
    assert tenant_named(token) == "acme"
    assert checked(token) == Claims("acme", "u-ada", "Ada Moreno", "ada@acme.example", "admin", ORIGIN)


def test_the_helper_refuses_what_would_be_refused_later():
    with pytest.raises(ValueError, match="one hour"):
        widget_token(SECRET, "acme", ADA, ORIGIN, ttl=timedelta(hours=2))
    with pytest.raises(ValueError, match="secret"):
        widget_token("short", "acme", ADA, ORIGIN)


def test_signed_with_another_tenants_secret():
    assert code_of(signed(OTHER_SECRET)) == "token_signature"


def test_expired_and_a_little_leeway():
    token = signed()
    assert checked(token, now=NOW + timedelta(seconds=609))
    assert code_of(token, now=NOW + timedelta(seconds=610)) == "token_expired"


def test_longer_than_an_hour():
    assert code_of(signed(exp=GOOD["iat"] + 3601)) == "token_lifetime"
    assert checked(signed(exp=GOOD["iat"] + 3600))


def test_from_the_future():
    assert code_of(signed(iat=GOOD["iat"] + 60)) == "token_not_yet_valid"


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://app.example", "https://app.example:8443", "null", ""]
)
def test_from_another_origin(origin):
    assert code_of(signed(), origin=origin, allowed=[ORIGIN, "https://evil.example"]) == "token_origin"


def test_an_origin_that_the_tenant_does_not_allow():
    assert code_of(signed(), allowed=["https://other.example"]) == "origin_not_allowed"


def test_another_audience_or_issuer():
    assert code_of(signed(aud="something-else")) == "token_audience"
    assert code_of(signed(iss="birch")) == "token_issuer"


@pytest.mark.parametrize("claim", sorted(GOOD))
def test_a_missing_claim(claim):
    assert code_of(signed(**{claim: ...})) == "token_malformed"


@pytest.mark.parametrize(
    "changes",
    [
        {"sub": ""},
        {"sub": "x" * 121},
        {"sub": "a\x00b"},
        {"name": " "},
        {"name": "x" * 201},
        {"email": "nobody"},
        {"role": "owner"},
        {"role": None},
        {"iat": "yesterday"},
        {"exp": 1e300},
        {"exp": True},
        {"origin": ["https://app.example"]},
    ],
    ids=str,
)
def test_a_claim_of_the_wrong_shape(changes):
    assert code_of(signed(**changes)) in {"token_malformed", "token_origin", "token_lifetime"}


def test_no_algorithm_or_another():
    for token in (signed("", algorithm="none"), signed("c" * 64, algorithm="HS512")):
        with pytest.raises(TokenError) as caught:
            tenant_named(token)
        assert caught.value.code == "token_algorithm"


def test_an_algorithm_swapped_after_the_header_was_read():
    assert code_of(signed("", algorithm="none")) == "token_malformed"


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "....", "x" * 5000, "é.é.é", signed(kid="")])
def test_no_token_at_all(token):
    with pytest.raises(TokenError) as caught:
        tenant_named(token)
    assert caught.value.code == "token_malformed"
