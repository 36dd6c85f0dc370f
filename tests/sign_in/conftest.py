from __future__ import annotations

import pytest
from django.core.cache import cache

from tenants.models import User
from tests.cast import Cast
from tests.sign_in.hands import give_password


@pytest.fixture(autouse=True)
def fresh_limits() -> None:
    cache.clear()


@pytest.fixture
def agent(cast: Cast) -> User:
    return give_password(cast.agent)
