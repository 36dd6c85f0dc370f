"""A customer's way through the widget's API: ask, answer, confirm, rate, reopen."""

from tests.widget import support
from tests.widget.conftest import Customer, upload

KEYS = {
    "reference", "subject", "status", "created_at", "updated_at", "resource", "error_ids", "trace_links", "asked",
    "moves", "survey", "messages",
}  # fmt: skip


def errors(answer, status=400):
    assert answer.status_code == status, answer.content
    return {(error["attr"], error["code"]) for error in answer.json()["errors"]}


def test_the_session_says_what_a_case_may_name(ada):
    session = ada.get("session").json()
    assert session["tenant"] == {"name": "Acme"}
    assert session["resources"] == [
        {"key": "ingest", "name": "Event ingest", "health": "red"},
        {"key": "api", "name": "Query API", "health": "ok"},
    ]
    assert session["limits"]["subject"] == 200
    assert ".log" in session["limits"]["types"]


def test_drafts_have_a_scope_per_person(ada, ben):
    scopes = {customer.get("session").json()["draft_scope"] for customer in (ada, ben)}
    assert len(scopes) == 2
    assert not any("u-" in scope for scope in scopes)


def test_a_new_case_with_all_its_context(ada):
    answer = ada.post(
        "cases",
        subject="Events are refused",
        description="A fifth of our events get 429.",
        error_ids=["ERR-INGEST-429", "ERR-2"],
        trace_links=["http://localhost:8002/traces/acme/1"],
        page_url="https://app.acme.example/streams",
        app_version="2026.3.4",
        resource="ingest",
        files=[upload("log.txt", b"line one\n")],
    )
    assert answer.status_code == 201, answer.content
    made = answer.json()
    assert set(made) == KEYS
    assert made["reference"].startswith("ACME-")
    assert made["status"]["key"] == "new"
    assert made["resource"] == {"key": "ingest", "name": "Event ingest"}
    assert made["error_ids"] == ["ERR-INGEST-429", "ERR-2"]
    (message,) = made["messages"]
    assert (message["side"], message["body"]) == ("you", "A fifth of our events get 429.")
    assert [file["name"] for file in message["attachments"]] == ["log.txt"]
    assert [row["reference"] for row in ada.get("cases").json()["results"]] == [made["reference"]]


def test_json_does_as_well(ada):
    assert ada.post_json("cases", {"subject": "Words", "description": "More words"}).status_code == 201


def test_a_resource_of_nobody(ada):
    assert errors(ada.post("cases", subject="a", description="b", resource="nope")) == {
        ("resource", "unknown_resource")
    }


def test_a_download_is_never_a_page(ada, ben):
    reference = ada.opens(files=[upload("page.xml", b"<html><script>1</script></html>")])
    path = ada.get(f"cases/{reference}").json()["messages"][0]["attachments"][0]["path"]
    answer = ada.client.get(ada.get(path).json()["url"])
    assert b"".join(answer.streaming_content) == b"<html><script>1</script></html>"
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert ben.get(path).status_code == 404


def test_members_see_their_own_admins_the_tenants(ada, ben):
    hers, his = ada.opens("Hers"), ben.opens("His")
    assert ben.get(f"cases/{hers}").status_code == 404
    assert ben.post(f"cases/{hers}/messages", body="hello").status_code == 404
    assert [row["reference"] for row in ben.get("cases").json()["results"]] == [his]
    assert {row["reference"] for row in ada.get("cases").json()["results"]} == {hers, his}
    assert ada.get(f"cases/{his}").json()["messages"][0]["side"] == "colleague"


def test_an_admin_answers_a_colleagues_case(ada, ben):
    his = ben.opens()
    assert ada.post(f"cases/{his}/messages", body="Me too").status_code == 201
    assert [said["side"] for said in ben.get(f"cases/{his}").json()["messages"]] == ["you", "colleague"]


def test_another_tenants_case_is_not_there(ada, cleo):
    reference = ada.opens(files=[upload("log.txt", b"x")])
    path = ada.get(f"cases/{reference}").json()["messages"][0]["attachments"][0]["path"]
    assert cleo.get(f"cases/{reference}").status_code == 404
    assert cleo.get(path).status_code == 404
    for noun in ("messages", "attachments", "disputes", "confirmations", "rejections", "reopenings", "surveys"):
        values = {"body": "x", "reason": "x", "score": 5, "files": [upload("a.txt", b"x")]}
        assert cleo.post(f"cases/{reference}/{noun}", **values).status_code == 404, noun
    assert cleo.get("cases").json() == {"results": [], "next": None}


def test_pages_of_the_list_miss_and_repeat_nothing(ben):
    made = [ben.opens(f"Case {at}") for at in range(23)]
    first = ben.get("cases").json()
    second = ben.get(f"cases?after={first['next']}").json()
    assert second["next"] is None
    assert [row["reference"] for row in first["results"] + second["results"]] == made[::-1]


def test_a_damaged_page_mark(ben):
    assert errors(ben.get("cases?after=%00nonsense")) == {("after", "bad_cursor")}


def test_an_answer_sets_a_waiting_case_going(ben, agent):
    reference = ben.opens()
    support.accepted(reference, agent)
    support.asks(reference, agent, "Please send the log bundle.")
    waiting = ben.get(f"cases/{reference}").json()
    assert waiting["status"]["key"] == "waiting"
    assert waiting["asked"] == "Please send the log bundle."
    assert waiting["messages"][-1]["side"] == "support"
    after = ben.post(f"cases/{reference}/attachments", files=[upload("logs.txt", b"a lot")]).json()
    assert after["status"]["key"] == "in_progress"
    assert after["asked"] is None
    assert after["messages"][-1]["attachments"][0]["name"] == "logs.txt"


def test_not_waiting_on_me_sets_the_case_going_once(ben, agent):
    reference = ben.opens()
    support.accepted(reference, agent)
    support.asks(reference, agent, "Anything else?")
    assert ben.get(f"cases/{reference}").json()["moves"] == ["reply", "dispute"]
    key = "one-press"
    after = ben.post(f"cases/{reference}/disputes", key=key, reason="You have it all since Monday.")
    again = ben.post(f"cases/{reference}/disputes", key=key, reason="You have it all since Monday.")
    assert (after.status_code, again.status_code) == (201, 201)
    assert again.json() == after.json()
    assert (after.json()["status"]["key"], after.json()["moves"]) == ("in_progress", ["reply"])
    assert after.json()["messages"][-1]["body"] == "You have it all since Monday."
    told = support.happened(reference)
    assert told[-2:] == ["message.received", "case.wait_disputed"]
    late = ben.post(f"cases/{reference}/disputes")
    assert errors(late, 409) == {(None, "not_allowed_now")}
    assert "while" in late.json()["errors"][0]["detail"]
    assert support.happened(reference) == told


def test_from_solved_to_closed_rated_and_reopened(ben, agent):
    reference = ben.opens()
    support.accepted(reference, agent)
    support.resolved(reference, agent)
    assert ben.get(f"cases/{reference}").json()["moves"] == ["reply", "confirm", "reject"]
    closed = ben.post(f"cases/{reference}/confirmations").json()
    assert closed["status"]["key"] == "closed"
    assert closed["moves"] == ["reopen", "survey"]
    rated = ben.post(f"cases/{reference}/surveys", score=4, words="Quick").json()
    assert rated["survey"] == {"score": 4, "words": "Quick"}
    assert rated["moves"] == ["reopen"]
    assert errors(ben.post(f"cases/{reference}/surveys", score=1), 409) == {(None, "already_answered")}
    assert errors(ben.post(f"cases/{reference}/messages", body="more"), 409) == {(None, "closed")}
    assert errors(ben.post(f"cases/{reference}/reopenings", reason="  ")) == {("reason", "blank")}
    again = ben.post(f"cases/{reference}/reopenings", reason="It is back").json()
    assert (again["status"]["key"], again["survey"]) == ("in_progress", None)
    assert again["messages"][-1]["body"] == "It is back"


def test_not_fixed(ben, agent):
    reference = ben.opens()
    support.accepted(reference, agent)
    support.resolved(reference, agent)
    assert errors(ben.post(f"cases/{reference}/rejections")) == {("reason", "required")}
    back = ben.post(f"cases/{reference}/rejections", reason="Still 429").json()
    assert back["status"]["key"] == "in_progress"


def test_moves_out_of_order(ben):
    reference = ben.opens()
    for noun, values in (("confirmations", {}), ("rejections", {"reason": "x"}), ("reopenings", {"reason": "x"})):
        answer = ben.post(f"cases/{reference}/{noun}", **values)
        assert errors(answer, 409) == {(None, "not_allowed_now")}, noun
    assert errors(ben.post(f"cases/{reference}/surveys", score=5), 409) == {(None, "not_resolved")}
    assert ben.get(f"cases/{reference}").json()["status"]["key"] == "new"


def test_a_resource_that_this_person_may_not_name(acme, ben):
    ben.get("session")
    narrowed = Customer(acme, "u-ben", "Ben Okafor")
    support.narrow("u-ben", ["api"])
    assert [found["key"] for found in narrowed.get("session").json()["resources"]] == ["api"]
    answer = narrowed.post("cases", subject="a", description="b", resource="ingest")
    assert errors(answer) == {("resource", "unknown_resource")}
