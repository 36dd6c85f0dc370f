"""Who the demo's customers are. The seed, the host page and the browser tests all read them here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class DemoTenant:
    slug: str
    name: str
    prefix: str
    tier: Literal["standard", "premium", "enterprise"]
    region: Literal["eu", "us"]
    time_zone: str


@dataclass(frozen=True)
class DemoRequester:
    tenant: str
    external_id: str
    name: str
    email: str
    role: Literal["member", "admin"]


TENANTS = (
    DemoTenant("acme", "Acme Analytics", "ACME", "enterprise", "eu", "Europe/Berlin"),
    DemoTenant("birch", "Birch & Co", "BIRCH", "premium", "us", "America/New_York"),
    DemoTenant("cedar", "Cedar Labs", "CEDAR", "standard", "eu", "Europe/Stockholm"),
)

REQUESTERS = (
    DemoRequester("acme", "u-ada", "Ada Moreno", "ada@acme.example", "admin"),
    DemoRequester("acme", "u-ben", "Ben Okafor", "ben@acme.example", "member"),
    DemoRequester("birch", "u-cleo", "Cleo Tanaka", "cleo@birch.example", "admin"),
    DemoRequester("birch", "u-dev", "Dev Patel", "dev@birch.example", "member"),
    DemoRequester("cedar", "u-eve", "Eve Lindqvist", "eve@cedar.example", "admin"),
)


def host_origins(port: int) -> list[str]:
    """The origins that the demo's host page answers on: both spellings of this machine."""
    return [f"http://localhost:{port}", f"http://127.0.0.1:{port}"]
