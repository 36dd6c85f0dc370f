"""The pages of retention and privacy: who may, what they show, and that each form does its deed."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cases.models import Case
from tenants import actors, isolation
from tenants.access import SYSTEM
from tenants.models import DataJob, LegalHold, PortalVisit, Requester, RetentionPolicy, RetentionRun, User
from tenants.portal import visits
from tenants.privacy import jobs, work
from tenants.retention import holds, policies, runs
from tests.cast import Cast
from tests.factories import RequesterFactory
from tests.privacy.life import NOW, carried_out, lived, put_in_force
from tests.sign_in.hands import sign_in_at

pytestmark = pytest.mark.django_db
NUL = "\x00"


def signed_in(person: User) -> Client:
    client = Client(raise_request_exception=False)
    sign_in_at(client, person)
    return client


def visitor(person: Requester) -> Client:
    client = Client(raise_request_exception=False)
    with isolation.scope(SYSTEM):
        key, _ = visits.new_link(actors.of_requester(person))
    client.get(reverse("portal_enter", args=[key]))
    return client


@pytest.fixture
def manager(cast: Cast) -> Client:
    return signed_in(cast.manager)


def routes(cast: Cast, policy: RetentionPolicy, hold: LegalHold, run: RetentionRun, job: DataJob) -> dict[str, str]:
    """address → the right that reading or doing it takes."""
    person = f"/privacy/people/{job.tenant.slug}/{job.requester_id}/"
    return {
        f"POST /retention/policies/{policy.pk}/previews/": "retention.edit",
        f"POST /retention/policies/{policy.pk}/activations/": "retention.edit",
        f"POST /retention/policies/{policy.pk}/suspensions/": "retention.edit",
        f"GET /retention/runs/{run.pk}/": "retention.read",
        f"POST /retention/holds/{hold.pk}/releases/": "hold.edit",
        f"GET {person}": "tenant.read",
        f"POST {person}exports/": "privacy.run",
        f"GET {person}erasures/": "privacy.run",
        f"POST {person}erasures/": "privacy.run",
        f"GET /privacy/jobs/{job.uuid}/": "privacy.run",
        f"GET /privacy/jobs/{job.uuid}/file/": "privacy.run",
        f"POST /privacy/jobs/{job.uuid}/confirmations/": "privacy.run",
        f"POST /privacy/jobs/{job.uuid}/refusals/": "privacy.run",
    }


EVERYBODYS = {
    "GET /retention/": "retention.read",
    "GET /retention/policies/": "retention.read",
    "POST /retention/policies/": "retention.edit",
    "POST /retention/runs/": "retention.edit",
    "POST /retention/holds/": "hold.edit",
    "GET /privacy/": "privacy.run",
}


def of_birch(cast: Cast) -> dict[str, str]:
    cleo, boss = cast.cleo, cast.actor(cast.manager)
    policy = policies.set_days(cast.birch, "cases", 365, actor=boss, now=NOW)
    hold = holds.place(cast.birch, reason="x", reference=lived(cast, 9, cleo).reference, actor=boss, now=NOW)
    run = runs.start(cast.birch, dry=True, actor=boss, now=NOW)
    return routes(cast, policy, hold, run, jobs.ask_export(cleo, actor=boss, now=NOW))


def ask(client: Client, route: str, **data: object) -> int:
    method, path = route.split()
    return getattr(client, method.lower())(path, data).status_code


def test_who_may_not_is_refused_and_what_is_out_of_reach_is_absent(cast: Cast) -> None:
    bound = of_birch(cast)
    stranger = Client()
    for route in EVERYBODYS | bound:
        assert ask(stranger, route) == 302, route
    for person in (cast.agent, cast.auditor):
        client = signed_in(person)
        for route, right in (EVERYBODYS | bound).items():
            allowed = cast.actor(person).can(right)
            assert (ask(client, route) == 403) is not allowed, f"{person} {route}"
    cast.operator.membership.regions = ["eu"]
    cast.operator.membership.save()
    client = signed_in(cast.operator)
    for route in bound:
        assert ask(client, route, typed="x", reason="x") == 404, route
    page = client.get("/retention/").content + client.get("/privacy/").content
    assert b"Birch" not in page and b"BIRCH" not in page and b"Cleo" not in page


def test_null_characters_and_nonsense_break_nothing(cast: Cast, manager: Client) -> None:
    names = ("tenant", "days", "data_class", "seen", "what", "reason", "typed", "dry", "requester")
    good = {"tenant": "birch", "days": "400", "data_class": "cases", "reason": "x"}
    for route in EVERYBODYS | of_birch(cast):
        assert ask(manager, route, **good, **{name: f"a{NUL}b" for name in names if name not in good}) < 500, route
    for route in ("POST /retention/policies/", "POST /retention/holds/", "POST /retention/runs/", "GET /retention/"):
        for name in names:
            assert ask(manager, route, **{**good, name: f"a{NUL}b"}) < 500, f"{route} {name}"


# ── Retention ────────────────────────────────────────────────────────────────
def test_a_policy_goes_from_draft_to_force_by_its_forms(cast: Cast, manager: Client) -> None:
    old = lived(cast, 400)
    page = "/retention/?tenant=acme"
    answer = manager.post("/retention/policies/", {"tenant": "acme", "data_class": "cases", "days": "365"})
    assert (answer.status_code, answer["Location"]) == (302, page)
    policy = RetentionPolicy.objects.get()
    assert b"Draft: 365 days" in manager.get(page).content
    manager.post(f"/retention/policies/{policy.pk}/previews/", {"seen": policy.version})
    shown = manager.get(page).content.decode()
    assert "<strong>1 case</strong> would go" in shown and old.reference in shown
    stale = manager.post(f"/retention/policies/{policy.pk}/activations/", {"seen": policy.version})
    assert stale.status_code == 409 and b"changed while you were looking" in stale.content
    manager.post(f"/retention/policies/{policy.pk}/activations/", {"seen": policy.version + 1})
    assert b"In force: 365 days" in manager.get(page).content
    manager.post("/retention/runs/", {"tenant": "acme"})
    while runs.step(NOW + timedelta(days=1)):
        pass
    assert b"1 of 1 cases" in manager.get(page).content
    assert not Case.objects.filter(pk=old.pk).exists()


def test_a_refusal_keeps_what_was_typed_and_names_the_fix(cast: Cast, manager: Client) -> None:
    answer = manager.post("/retention/policies/", {"tenant": "acme", "data_class": "audit", "days": "7"})
    assert answer.status_code == 422
    assert b"at least 365 days" in answer.content and b'value="7"' in answer.content
    answer = manager.post("/retention/policies/", {"tenant": "acme", "data_class": "audit", "days": "soon"})
    assert answer.status_code == 422 and b"whole number of days" in answer.content


def test_the_default_is_set_by_who_reaches_every_tenant(cast: Cast) -> None:
    cast.manager.membership.regions = ["eu"]
    cast.manager.membership.save()
    client = signed_in(cast.manager)
    assert client.post("/retention/policies/", {"data_class": "cases", "days": "365"}).status_code == 403
    assert b'name="days"' not in client.get("/retention/").content
    own = {"tenant": "acme", "data_class": "cases", "days": "365"}
    assert client.post("/retention/policies/", own).status_code == 302


def test_holds_are_placed_and_released_by_their_forms(cast: Cast, manager: Client) -> None:
    case = cast.open_case()
    for what in (case.reference.lower(), cast.ada.email, ""):
        manager.post("/retention/holds/", {"tenant": "acme", "what": what, "reason": "Court file 12"})
    page = manager.get("/retention/?tenant=acme").content.decode()
    assert holds.in_force().count() == 3 and page.count("Court file 12") == 3 and "all of Acme" in page
    lost = manager.post("/retention/holds/", {"tenant": "acme", "what": "nobody@x.example", "reason": "x"})
    assert lost.status_code == 422 and b"no requester with the address" in lost.content
    twin = RequesterFactory(tenant=cast.acme, email=cast.ann.email.upper())
    several = manager.post("/retention/holds/", {"tenant": "acme", "what": twin.email, "reason": "x"})
    assert several.status_code == 422 and b"Several people" in several.content and holds.in_force().count() == 3
    for hold in holds.in_force():
        manager.post(f"/retention/holds/{hold.pk}/releases/", {"reason": "Settled"})
    assert not holds.in_force().exists()


def test_a_runs_progress_polls_until_it_is_done(cast: Cast, manager: Client) -> None:
    lived(cast, 400)
    put_in_force(cast, "cases", 365)
    run = runs.start(cast.acme, dry=False, actor=cast.actor(cast.manager), now=NOW)
    assert b"hx-get" in manager.get(f"/retention/runs/{run.pk}/").content
    while runs.step(NOW):
        pass
    assert b"hx-get" not in manager.get(f"/retention/runs/{run.pk}/").content
    assert carried_out(cast, cast.acme, dry=True).state == "done"


# ── Exports and erasures, support side ───────────────────────────────────────
def test_an_export_is_asked_for_watched_and_downloaded(cast: Cast, manager: Client) -> None:
    person = f"/privacy/people/acme/{cast.ada.pk}/"
    assert cast.ada.name.encode() in manager.get("/tenants/acme/").content
    manager.post(f"{person}exports/")
    job = DataJob.objects.get()
    assert b"hx-get" in manager.get(f"/privacy/jobs/{job.uuid}/").content
    early = manager.get(f"/privacy/jobs/{job.uuid}/file/")
    assert early.status_code == 302 and early["Location"] == "/privacy/"
    while work.step(timezone.now()):
        pass
    assert f"/privacy/jobs/{job.uuid}/file/".encode() in manager.get(person).content
    answer = manager.get(f"/privacy/jobs/{job.uuid}/file/")
    assert answer.status_code == 200 and answer["X-Content-Type-Options"] == "nosniff"
    assert "attachment" in answer["Content-Disposition"] and b"".join(answer.streaming_content)[:2] == b"PK"
    assert signed_in(cast.operator).get(f"/privacy/jobs/{job.uuid}/file/").status_code == 403
    job.refresh_from_db()
    job.file.storage.delete(job.file.name)
    lost = manager.get(f"/privacy/jobs/{job.uuid}/file/", follow=True)
    assert lost.redirect_chain == [("/privacy/", 302)] and b"no longer in the storage" in lost.content


def test_erasing_and_downloading_ask_for_recent_proof(cast: Cast, settings) -> None:
    client = signed_in(cast.manager)
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 0
    person = f"/privacy/people/acme/{cast.ada.pk}/"
    answer = client.post(f"{person}erasures/", {"typed": cast.ada.email})
    assert answer.status_code == 302 and "/accounts/" in answer["Location"]
    assert not DataJob.objects.exists()


def test_an_erasure_says_what_goes_and_asks_for_the_address(cast: Cast, manager: Client) -> None:
    lived(cast, 9)
    path = f"/privacy/people/acme/{cast.ada.pk}/erasures/"
    form = manager.get(path).content.decode()
    assert "1 case of theirs" in form and "cannot be undone" in form and "what stays" in form
    wrong = manager.post(path, {"typed": "yes", "reason": "They asked"})
    assert wrong.status_code == 422 and b"They asked" in wrong.content
    assert manager.post(path, {"typed": cast.ada.email}).status_code == 302
    while work.step(timezone.now()):
        pass
    page = manager.get(f"/privacy/people/acme/{cast.ada.pk}/").content.decode()
    assert "Erased requester" in page and "Erase…" not in page and "Ada Moreno" not in page


# ── The portal ───────────────────────────────────────────────────────────────
def test_a_member_asks_for_a_copy_and_downloads_it(cast: Cast) -> None:
    lived(cast, 9)
    client = visitor(cast.ada)
    assert b"Make a copy" in client.get("/portal/data/").content
    assert client.post("/portal/data/exports/").status_code == 302
    while work.step(timezone.now()):
        pass
    page = client.get("/portal/data/").content.decode()
    path = re.search(r"/portal/data/[0-9a-f-]{36}/file/", page)
    assert path is not None
    answer = client.get(path.group())
    assert b"".join(answer.streaming_content)[:2] == b"PK"
    assert visitor(cast.ann).get(path.group()).status_code == 403
    assert visitor(cast.cleo).get(path.group()).status_code == 404


def test_a_member_asks_for_nobody_else_an_administrator_for_colleagues_only(cast: Cast) -> None:
    member, admin = visitor(cast.ada), visitor(cast.ann)
    assert b"Ann Admin" not in member.get("/portal/data/").content
    assert member.post("/portal/data/exports/", {"requester": cast.ann.pk}).status_code == 403
    assert member.post("/portal/data/erasures/", {"requester": cast.ann.pk, "typed": cast.ann.email}).status_code == 403
    page = admin.get("/portal/data/").content
    assert b"Ada Moreno" in page and b"Cleo" not in page
    for stranger in (str(cast.cleo.pk), "999999999", f"1{NUL}", "x"):
        assert admin.post("/portal/data/exports/", {"requester": stranger}).status_code == 404
    assert admin.post("/portal/data/exports/", {"requester": cast.ada.pk}).status_code == 302
    assert DataJob.objects.get().requester == cast.ada


def test_an_erasure_from_the_portal_waits_is_confirmed_and_ends_the_visit(cast: Cast, manager: Client) -> None:
    client = visitor(cast.ada)
    wrong = client.post("/portal/data/erasures/", {"typed": "no", "reason": "Leaving"})
    assert wrong.status_code == 422 and b"Leaving" in wrong.content
    assert client.post("/portal/data/erasures/", {"typed": cast.ada.email}).status_code == 302
    assert b"Waits for a decision" in client.get("/portal/data/").content
    job = DataJob.objects.get()
    assert f"typed-{job.uuid}".encode() in manager.get("/privacy/").content
    assert manager.post(f"/privacy/jobs/{job.uuid}/confirmations/", {"typed": "x"}).status_code == 422
    assert manager.post(f"/privacy/jobs/{job.uuid}/confirmations/", {"typed": cast.ada.email}).status_code == 302
    while work.step(timezone.now()):
        pass
    assert client.get("/portal/data/").status_code == 403
    assert not PortalVisit.objects.in_force().exists()


def test_a_refusal_is_read_in_the_portal(cast: Cast, manager: Client) -> None:
    client = visitor(cast.ada)
    client.post("/portal/data/erasures/", {"typed": cast.ada.email})
    job = DataJob.objects.get()
    assert manager.post(f"/privacy/jobs/{job.uuid}/refusals/", {"reason": ""}).status_code == 422
    manager.post(f"/privacy/jobs/{job.uuid}/refusals/", {"reason": "Your contract ends in May."})
    assert b"Your contract ends in May." in client.get("/portal/data/").content
