"""How passwords are kept."""

from __future__ import annotations

from django.contrib.auth.hashers import Argon2PasswordHasher


class FrugalArgon2(Argon2PasswordHasher):
    """Argon2id with OWASP's least figures (19 MiB, 2 passes); with Django's 100 MiB guesses would eat the memory."""

    time_cost = 2
    memory_cost = 19 * 1024
    parallelism = 1
