"""The API's description of itself, held against what it does."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from drf_spectacular.generators import SchemaGenerator


@pytest.fixture(scope="module")
def schema():
    return SchemaGenerator().get_schema(request=None, public=True)


def operations(schema):
    return [(path, verb, each) for path, methods in schema["paths"].items() for verb, each in methods.items()]


def test_it_is_valid_and_without_a_warning(db, tmp_path):
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(tmp_path / "schema.yml"))


def test_every_operation_tells_how_it_refuses(schema):
    for path, verb, operation in operations(schema):
        if path.startswith("/api/v1/"):
            expected = {"401", "403", "406", "429"}
            expected |= {"404"} if "{" in path else set()
            expected |= {"400", "409", "413", "415"} if verb == "post" else set()
            assert expected <= set(operation["responses"]), (path, verb)
            problem = operation["responses"]["401"]["content"]["application/json"]["schema"]
            assert problem == {"$ref": "#/components/schemas/Problem"}


# Each link ends the one before it, and the operation says so.
NOT_IDEMPOTENT = {"/api/v1/widget/portal-links"}


def test_every_create_honours_an_idempotency_key_or_says_that_it_does_not(schema):
    for path, verb, operation in operations(schema):
        if path in NOT_IDEMPOTENT:
            assert operation["description"].startswith("Not idempotent")
            continue
        headers = {each["name"]: each.get("required", False) for each in operation.get("parameters", [])}
        assert ("Idempotency-Key" in headers) == (verb == "post"), path
        if verb == "post":
            assert headers["Idempotency-Key"] == path.startswith("/api/v1/widget/")


def test_every_change_of_a_case_asks_for_its_version(schema):
    for path, verb, operation in operations(schema):
        if verb != "post" or not path.startswith("/api/v1/cases/{reference}/"):
            continue
        for content in operation["requestBody"]["content"].values():
            component = schema["components"]["schemas"][content["schema"]["$ref"].rpartition("/")[2]]
            assert "version" in component["required"], path


def test_staff_and_widget_share_no_shape_but_the_refusal_and_words(schema):
    """Nothing of the support side can be shown to a customer by way of a shared serializer."""
    reachable = {side: _reachable(schema, side) for side in ("widget", "staff")}
    shapes = schema["components"]["schemas"]
    shared = {name for name in reachable["widget"] & reachable["staff"] if shapes[name].get("type") == "object"}
    assert shared == {"Problem", "ProblemError"}


def _reachable(schema, side):
    seen, pending = (
        set(),
        [each for path, _, each in operations(schema) if ("/widget/" in path) == (side == "widget") and "/v1/" in path],
    )
    while pending:
        node = pending.pop()
        if isinstance(node, list):
            pending += node
        elif isinstance(node, dict):
            name = str(node.get("$ref", "")).rpartition("/")[2]
            if name and name not in seen:
                seen.add(name)
                pending.append(schema["components"]["schemas"][name])
            pending += [value for key, value in node.items() if key != "$ref"]
    return seen


def test_schema_and_docs_are_served(client, db):
    answer = client.get("/api/schema/?format=json")
    assert answer.status_code == 200
    assert answer.json()["openapi"].startswith("3.")
    page = client.get("/api/docs/")
    assert page.status_code == 200
    assert b"drf_spectacular_sidecar/swagger-ui" in page.content
    assert b"https://" not in page.content
    assert b"<script>" not in page.content
    assert "script-src 'self'" in page.headers["Content-Security-Policy"].split("; ")
