"""Every answer, of every address, bears the headers that tell browsers what may be done with it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, get_resolver

from companyos.web.headers import ADMIN
from tests.cast import Cast

FILLED = {"uuid": "00000000-0000-4000-8000-000000000000", "reference": "ACME-1001", "slug": "acme"}


def walk(patterns: list, so_far: str = "") -> Iterator[str]:
    for entry in patterns:
        route = so_far + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield route
        else:
            yield from walk(entry.url_patterns, route)


def filled(route: str) -> str:
    plain = re.sub(r"<(?:\w+:)?(\w+)>", lambda found: FILLED.get(found[1], "1"), route)
    plain = re.sub(r"\(\?P<\w+>.*?\)(?=/|\$|$)", "1", plain)
    return "/" + re.sub(r"[\^$\\?()]", "", plain)


PATHS = sorted({filled(route) for route in walk(get_resolver().url_patterns)})


def missing(answer: HttpResponse, path: str) -> list[str]:
    """What is not as it must be, in words."""
    policy = answer.headers.get("Content-Security-Policy", "")
    directives = dict([*part.split(None, 1), ""][:2] for part in policy.split(";") if part.strip())
    admin = path.startswith(ADMIN)
    wrong = [
        name
        for name, value in {
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "same-origin",
            "Cross-Origin-Opener-Policy": "same-origin",
            "X-Frame-Options": "DENY",
        }.items()
        if answer.headers.get(name) != value
    ]
    if "camera=()" not in answer.headers.get("Permissions-Policy", ""):
        wrong.append("Permissions-Policy")
    if "no-store" not in answer.headers.get("Cache-Control", "") and "private" not in answer.headers["Cache-Control"]:
        wrong.append("Cache-Control")
    if "sandbox" in directives:
        return wrong
    if directives.get("frame-ancestors") != "'none'" or directives.get("object-src") != "'none'":
        wrong.append("frames or objects")
    if directives.get("base-uri") != "'none'" or directives.get("default-src") != "'self'":
        wrong.append("base or default")
    if directives.get("script-src") != ("'self' 'unsafe-eval'" if admin else "'self'"):
        wrong.append(f"script-src {directives.get('script-src')}")
    if directives.get("style-src", "").replace(" 'unsafe-inline'", "" if not admin else " ").strip() != "'self'":
        wrong.append(f"style-src {directives.get('style-src')}")
    return wrong


def walked(client: Client, paths: list[str]) -> dict[str, list[str]]:
    return {path: found for path in paths if (found := missing(client.get(path), path))}


def test_every_answer_of_every_address_bears_the_headers(db: None) -> None:
    """Asked by a stranger: pages, refusals, redirects and what is not there."""
    assert len(PATHS) > 100
    assert walked(Client(raise_request_exception=False), PATHS) == {}


def test_the_pages_behind_the_doors_bear_them(cast: Cast) -> None:
    """Those of the console, the API and some of the admin, as somebody sees them who may."""
    case = cast.open_case()
    cast.operator.is_staff = True
    cast.operator.save(update_fields=["is_staff"])
    client = Client(raise_request_exception=False)
    client.force_login(cast.operator)
    paths = ["/cases/", f"/cases/{case.reference}/", "/profile/", "/tenants/acme/", "/runbooks/", "/api/v1/cases/",
             f"/api/v1/cases/{case.reference}/", "/api/v1/nothing/", "/admin/", "/admin/tenants/tenant/",
             f"/admin/tenants/tenant/{cast.acme.pk}/change/"]  # fmt: skip
    assert walked(client, paths) == {}


def test_an_address_that_is_none_and_a_refused_form_bear_them_too(db: None) -> None:
    client = Client(enforce_csrf_checks=True)
    assert missing(client.get("/nowhere/"), "/nowhere/") == []
    refused = client.post("/accounts/login/", {"login": "x"})
    assert refused.status_code == 403
    assert missing(refused, "/accounts/login/") == []


def test_static_files_may_be_kept_and_bear_the_rest(settings) -> None:
    answer = Client().get("/static/css/base.css")
    assert answer.status_code == 200
    assert [name for name in missing(answer, "/static/") if name not in ("Cache-Control", "X-Frame-Options")] == []
    assert "no-store" not in answer["Cache-Control"]


# ── In production ────────────────────────────────────────────────────────────
@pytest.fixture
def in_production(settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_HSTS_SECONDS = 31_536_000
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True


def test_browsers_are_told_to_come_by_tls_for_a_year(in_production, db: None) -> None:
    answer = Client().get("/accounts/login/", secure=True)
    assert answer["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    assert Client().get("/accounts/login/").headers["Location"].startswith("https://")


def test_an_api_call_in_the_clear_is_refused_and_not_redirected(in_production, db: None) -> None:
    answer = Client().get("/api/v1/cases/", headers={"Authorization": "Bearer key"})
    assert answer.status_code == 403
    assert answer.json()["errors"][0]["code"] == "tls_required"
    assert Client().get("/api/v1/cases/", secure=True).status_code == 401


def test_cookies_are_for_this_host_by_tls_and_out_of_reach_of_scripts(in_production, settings, cast: Cast) -> None:
    cast.lead.set_password("correct horse battery")
    cast.lead.save()
    client = Client()
    client.get("/accounts/login/", secure=True)
    client.post("/accounts/login/", {"login": cast.lead.email, "password": "correct horse battery"}, secure=True)
    for name in (settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME):
        cookie = client.cookies[name]
        assert cookie["httponly"], name
        assert cookie["samesite"] == "Lax", name
        assert cookie["path"] == "/" and not cookie["domain"], "as the __Host- prefix asks"
    assert client.cookies[settings.SESSION_COOKIE_NAME]["secure"]
