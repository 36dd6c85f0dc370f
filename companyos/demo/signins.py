"""Who may sign in to the demo: the seed creates them and `make demo` prints them."""

from typing import NamedTuple


class SignIn(NamedTuple):
    email: str
    role: str


PASSWORD = "demo"

SIGN_INS = (
    SignIn("agent@demo.example", "agent"),
    SignIn("agent2@demo.example", "agent"),
    SignIn("lead@demo.example", "lead"),
    SignIn("manager@demo.example", "manager"),
    SignIn("operator@demo.example", "operator"),
    SignIn("auditor@demo.example", "auditor"),
)
