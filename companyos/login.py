"""The application's own login to PostgreSQL, and what it must not be able to do: pass by row-level security."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db.backends.base.base import BaseDatabaseWrapper

# Set by companyos.owner on the settings of a connection that is the owner's on purpose.
AS_OWNER = "AS_OWNER"

_POWERS = """
    SELECT r.rolname, r.rolsuper, r.rolbypassrls, r.rolcreaterole,
           EXISTS (SELECT FROM pg_class c WHERE c.relowner = r.oid AND c.relkind IN ('r', 'p')
                   AND c.relnamespace = to_regnamespace('public'))
      FROM pg_roles r WHERE {whom} ORDER BY r.rolname <> session_user, r.rolname
"""
# A member may become the role (SET ROLE), so its powers are the login's own. A superuser may become anyone.
_MAY_BECOME = "pg_has_role(session_user, r.oid, 'MEMBER') OR r.rolname = current_user"
_IS = "r.rolname = current_user"
_WORDS = ("is a superuser", "bypasses row-level security", "may make roles", "owns tables")


def powers(connection: BaseDatabaseWrapper, *, only_now: bool = False) -> list[str]:
    """Why this login is none to serve people with, a sentence each; [] when it is one.

    `only_now`: what the current role may do as it stands, leaving aside what the login could become.
    """
    with connection.cursor() as cursor:
        cursor.execute(_POWERS.format(whom=_IS if only_now else _MAY_BECOME))
        found = cursor.fetchall()
        cursor.execute("SELECT session_user")
        login = cursor.fetchone()[0]
    return [
        f"{name} {words}" if name == login else f"{login} may become {name}, which {words}"
        for name, *flags in found
        for flag, words in zip(flags, _WORDS, strict=True)
        if flag
    ]


def refuse_power(sender: Any, connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    """At each new connection: whatever a pooler or a typing error made of the settings, nobody is served by a role
    that sees every row.
    """
    if connection.vendor != "postgresql" or connection.settings_dict.get(AS_OWNER):
        return
    if found := powers(connection, only_now=True):
        connection.close()
        raise ImproperlyConfigured(
            f"The application's connection is not isolated: {found[0]}. "
            "Set RUNTIME_DATABASE_URL to a login that has the runtime role's rights and no others."
        )
