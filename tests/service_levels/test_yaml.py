"""Service levels as one YAML file: it comes back as it went, and what could mislead or swell is refused."""

from datetime import timedelta
from time import monotonic

import pytest
from django.core.management import CommandError, call_command

from companyos.web.errors import Conflict, DomainError, Forbidden
from sla import scenarios
from sla.drafts import drafting, exchange
from sla.drafts.exchange import Refused
from sla.drafts.yaml_text import MOST_BYTES, YamlError, dump, load
from sla.models import Calendar, Draft, Policy, Scenario
from tenants.access import SYSTEM, Actor
from tests.service_levels.test_drafts import NOON
from tests.sla.conftest import make_tenant, system  # noqa: F401

SCENARIO = {
    "name": "A working day",
    "policy": "standard",
    "priority": "P1",
    "metric": "resolution",
    "opened": "Mon 09:00",
    "expect": {"due": "Mon 17:00"},
}
FILE = """
calendars:
- key: oslo
  name: Oslo
  time_zone: Europe/Oslo
  week: Mon-Fri 08:00-16:00
  country: NO
  closed_days: [{date: 2026-12-31, name: New Year's Eve}]
policies:
- key: gold
  name: Gold
  segment: gold
  calendar: oslo
  targets:
  - {priority: P1, metric: resolution, amount: 90 min}
scenarios:
- {name: First, policy: gold, priority: P1, metric: resolution, opened: Mon 09:00, expect: {due: Mon 10:30}}
"""


def outcomes(entries) -> list[tuple[str, str, str]]:
    return [(entry.kind, entry.key, entry.outcome) for entry in entries]


def refused(text: str) -> dict[str, str]:
    with pytest.raises(Refused) as error:
        exchange.plan(text, actor=SYSTEM)
    return {problem.path: problem.message for problem in error.value.problems}


def test_an_export_imported_changes_nothing(system):  # noqa: F811
    scenarios.save(scenarios.read_scenario(SCENARIO), actor=SYSTEM, now=NOON)
    text = exchange.export()
    entries = exchange.take(text, actor=SYSTEM, now=NOON)
    assert {entry.outcome for entry in entries} == {"same"}
    assert len(entries) == 5
    assert not Draft.objects.exists()
    assert "week: |-\n    Mon 09:00-17:00" in text
    assert "amount: 15 min" in text


def test_an_import_makes_drafts_of_what_differs_and_never_a_version(system):  # noqa: F811
    changed = exchange.export().replace("amount: 8 h", "amount: 6 h")
    before = Policy.objects.count(), Calendar.objects.count()
    entries = exchange.take(changed, actor=SYSTEM, now=NOON)
    assert ("policy", "standard", "changed") in outcomes(entries)
    assert [(d.kind, d.key, d.base_version) for d in Draft.objects.all()] == [("policy", "standard", 1)]
    change = next(entry for entry in entries if entry.outcome == "changed").changes
    assert [(one.what, one.before, one.after) for one in change] == [("Resolution, P1", "8 h", "6 h")]
    assert (Policy.objects.count(), Calendar.objects.count()) == before
    again = exchange.take(changed, actor=SYSTEM, now=NOON + timedelta(minutes=1))
    assert {entry.outcome for entry in again} == {"same"}
    assert Draft.objects.get().edits == 0


def test_what_is_new_comes_as_drafts_with_its_scenarios(system):  # noqa: F811
    entries = exchange.take(FILE, actor=SYSTEM, now=NOON)
    assert outcomes(entries) == [
        ("calendar", "oslo", "new"),
        ("policy", "gold", "new"),
        ("scenario", "gold: First", "new"),
    ]
    oslo, gold = Draft.objects.get(key="oslo"), Draft.objects.get(key="gold")
    assert (oslo.document["country"], oslo.document["closed_days"][0]["date"]) == ("NO", "2026-12-31")
    assert gold.document["targets"][0]["amount"] == "1 h 30 min"
    assert Scenario.objects.get().policy_key == "gold"


def test_a_draft_under_way_is_replaced_and_that_is_said(system):  # noqa: F811
    draft = drafting.begin("policy", "standard", actor=SYSTEM, now=NOON)
    drafting.save(draft.pk, {**draft.document, "name": "Mine"}, seen=0, actor=SYSTEM, now=NOON)
    text = exchange.export().replace("name: Standard", "name: Theirs")
    [entry] = [entry for entry in exchange.plan(text, actor=SYSTEM) if entry.outcome == "changed"]
    assert "takes the place of the draft" in entry.note
    exchange.take(text, actor=SYSTEM, now=NOON)
    assert Draft.objects.get().document["name"] == "Theirs"


def test_what_the_version_says_already_leaves_a_draft_alone(system):  # noqa: F811
    text = exchange.export()
    for kind, key in (("policy", "standard"), ("calendar", "office-hours")):
        draft = drafting.begin(kind, key, actor=SYSTEM, now=NOON)
        drafting.save(draft.pk, {**draft.document, "name": "Mine"}, seen=0, actor=SYSTEM, now=NOON)
    entries = exchange.take(text, actor=SYSTEM, now=NOON)
    assert {entry.outcome for entry in entries} == {"same"}
    assert sum("under way stays" in entry.note for entry in entries) == 2
    assert {(draft.document["name"], draft.edits) for draft in Draft.objects.all()} == {("Mine", 1)}


def test_single_items_are_left_out_and_a_draft_that_moved_on_is_not_replaced(system):  # noqa: F811
    draft = drafting.begin("policy", "standard", actor=SYSTEM, now=NOON)
    drafting.save(draft.pk, {**draft.document, "name": "Mine"}, seen=0, actor=SYSTEM, now=NOON)
    text = exchange.export().replace("name: Standard", "name: Theirs").replace("name: Premium", "name: Better")
    items = {entry.key: entry.item for entry in exchange.plan(text, actor=SYSTEM) if entry.outcome == "changed"}
    assert set(items) == {"standard", "premium"}
    for _ in range(2):
        taken = exchange.take(text, actor=SYSTEM, now=NOON, items=[items["premium"]])
        assert [entry.key for entry in taken] == ["premium"]
    assert {draft.document["name"]: draft.edits for draft in Draft.objects.all()} == {"Mine": 1, "Better": 0}
    drafting.save(draft.pk, {**draft.document, "name": "Mine still"}, seen=1, actor=SYSTEM, now=NOON)
    with pytest.raises(Conflict, match="changed since you looked"):
        exchange.take(text, actor=SYSTEM, now=NOON, items=items.values())
    with pytest.raises(DomainError, match="take both, or leave both out"):
        exchange.take(FILE, actor=SYSTEM, now=NOON, items=[":scenario:gold: First"])


def test_with_one_fault_nothing_is_taken_and_every_fault_is_named(system):  # noqa: F811
    text = FILE.replace("Europe/Oslo", "Mars/Oslo").replace("90 min", "2 weeks").replace("Mon 10:30", "later")
    told = refused(text + "extras: []\n")
    assert {"calendars.oslo.time_zone", "policies.gold.targets.0.amount", "extras"} <= set(told)
    assert any(path.startswith("scenarios.First") for path in told)
    with pytest.raises(Refused):
        exchange.take(text, actor=SYSTEM, now=NOON)
    assert not Draft.objects.exists()
    assert "is there twice" in " ".join(refused(dump({"policies": [load(FILE)["policies"][0]] * 2})).values())


def test_what_is_out_of_reach_is_not_imported(system):  # noqa: F811
    acme = make_tenant("ACME", "standard")
    lead = Actor(kind="agent", name="Lea", role="lead", tenant_ids=frozenset({acme.pk}))
    with pytest.raises(Forbidden):
        exchange.plan(FILE, actor=lead)
    own = {"key": "own", "name": "Own", "tenant": "acme", "calendar": "office-hours"}
    assert outcomes(exchange.plan(dump({"policies": [own]}), actor=lead)) == [("policy", "own", "new")]


@pytest.mark.parametrize(
    "text",
    [
        "a: &x [1]\nb: *x",
        "a: &x 1",
        "<<: {a: 1}",
        "a: 1\na: 2",
        "a: {b: 1, b: 2}",
        "!!python/object/apply:os.system ['true']",
        "? [1, 2]\n: 3",
        "a: [",
        "[" * 5000,
        "a: 2026-02-31",
        "x" * (MOST_BYTES + 1),
        "--- 1\n--- 2",
        "a: \x00",
    ],
)
def test_yaml_that_could_mislead_or_swell_is_refused(text):
    with pytest.raises(YamlError):
        load(text)


def test_words_are_words():
    assert load("{a: NO, b: yes, c: on, d: true, e: False}") == {
        "a": "NO",
        "b": "yes",
        "c": "on",
        "d": True,
        "e": False,
    }


@pytest.mark.parametrize("text", ["", "[]", "7", "policies: 7", "policies: [7]", "policies: [{}]", "calendars: [[]]"])
def test_other_texts_are_refused_with_words(system, text):  # noqa: F811
    assert refused(text)


def test_the_command_writes_and_reads_the_file(system, tmp_path, capsys):  # noqa: F811
    file = tmp_path / "levels.yaml"
    call_command("service_levels", "export", str(file))
    file.write_text(file.read_text().replace("amount: 8 h", "amount: 6 h"))
    call_command("service_levels", "import", str(file), "--dry-run")
    assert "Resolution, P1: 8 h → 6 h" in capsys.readouterr().out
    assert not Draft.objects.exists()
    call_command("service_levels", "import", str(file))
    assert Draft.objects.get().key == "standard"
    file.write_text("policies: [{}]")
    with pytest.raises(CommandError, match=r"policies\.1\.key: It is missing"):
        call_command("service_levels", "import", str(file))


def test_a_number_to_the_base_of_sixty_is_words_and_costs_nothing() -> None:
    began = monotonic()
    told = load(f"at: 16:30\nmany: 1{':1' * 400_000}\nhalf: 1:30.5\nplain: -12\nshare: 2.5\nhex: 0x1f")
    assert monotonic() - began < 2
    assert (told["at"], told["half"], told["plain"], told["share"], told["hex"]) == ("16:30", "1:30.5", -12, 2.5, 31)
