"""A customer and an agent at the product's doors, over real HTTP, who try again as their programs would."""

from __future__ import annotations

import hashlib
import time
import uuid
from datetime import timedelta
from typing import Any

import httpx

from companyos.demo import host_secrets
from companyos.widget_host import widget_token
from tests.minimal import CUSTOMER_ORIGIN
from tests.processes import Product

API_KEY = "cos_" + "k" * 43
RETRY_SECONDS = 30.0


def customer(product: Product) -> httpx.Client:
    secret = host_secrets.widget_secret(product.environment["SECRET_KEY"], "acme")
    ada = {"id": "u-ada", "name": "Ada Moreno", "email": "ada@acme.example", "role": "member"}
    token = widget_token(secret, "acme", ada, CUSTOMER_ORIGIN, timedelta(minutes=30))
    return httpx.Client(
        base_url=f"{product.web_url}/api/v1/widget/",
        headers={"Authorization": f"Bearer {token}", "Origin": CUSTOMER_ORIGIN},
        timeout=15,
        trust_env=False,
    )


def agent(product: Product) -> httpx.Client:
    """Amy's programs; her key is put into the database as the admin would."""
    product.query(
        """INSERT INTO tenants_apikey (user_id, name, prefix, digest, scopes, created_at, expires_at)
           SELECT id, 'faults', 'cos_kkkkkk', %s, '{}', now(), now() + interval '1 day' FROM tenants_user
           WHERE email = 'agent@support.example' ON CONFLICT DO NOTHING""",
        hashlib.sha256(API_KEY.encode()).hexdigest(),
    )
    headers = {"Authorization": f"Bearer {API_KEY}"}
    return httpx.Client(base_url=f"{product.web_url}/api/v1/", headers=headers, timeout=15, trust_env=False)


def post(client: httpx.Client, path: str, body: dict[str, Any]) -> httpx.Response:
    """One create, asked for until it is answered: no answer and 5xx are tried again under the same key."""
    headers, deadline = {"Idempotency-Key": uuid.uuid4().hex}, time.monotonic() + RETRY_SECONDS
    while True:
        try:
            answer = client.post(path, json=body, headers=headers)
            if answer.status_code < 500:
                return answer
        except httpx.TransportError:
            pass
        if time.monotonic() > deadline:
            raise TimeoutError(f"{path} was not answered within {RETRY_SECONDS} s")
        time.sleep(0.2)


def open_case(client: httpx.Client, subject: str) -> str:
    answer = post(client, "cases", {"subject": subject, "description": "Events get 429.", "resource": "ingest"})
    assert answer.status_code == 201, answer.text
    return answer.json()["reference"]
