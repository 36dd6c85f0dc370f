"""Tenant isolation, held by PostgreSQL: the scope of a transaction, and the policies that read it.

The runtime role owns nothing and row-level security is forced, so a query outside `scope()` sees no tenant's rows.
The scope lives in two transaction-local settings and so never leaks over a pooled connection:

    companyos.tenants    'all', or ids joined by commas, or '' for none
    companyos.requester  a requester's id, or '' for the support side and the system
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar

from django.db import connection, migrations, transaction

from tenants.access import Actor

_scope: ContextVar[tuple[str, str]] = ContextVar("companyos_scope", default=("", ""))
_actor: ContextVar[Actor | None] = ContextVar("companyos_actor", default=None)


def current_actor() -> Actor | None:
    """Who the innermost scope is for; only the audit log reads it, rules and verbs are handed their actor."""
    return _actor.get()


def _apply(values: tuple[str, str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('companyos.tenants', %s, true), set_config('companyos.requester', %s, true)", values
        )


@contextmanager
def _narrow(values: tuple[str, str], actor: Actor | None) -> Iterator[None]:
    nested = connection.in_atomic_block
    with transaction.atomic():
        scope_token, actor_token = _scope.set(values), _actor.set(actor)
        previous = scope_token.old_value if scope_token.old_value is not scope_token.MISSING else ("", "")
        try:
            _apply(values)
            yield
            # A rollback restores the settings by itself, and so does the end of the transaction.
            if nested and not connection.needs_rollback:
                _apply(previous)
        finally:
            _actor.reset(actor_token)
            _scope.reset(scope_token)


def scope(actor: Actor) -> AbstractContextManager[None]:
    """One transaction in which the database shows what `actor` may see, and nothing else. Nests."""
    tenants = "all" if actor.tenant_ids is None else ",".join(map(str, sorted(actor.tenant_ids)))
    return _narrow((tenants, str(actor.requester_id or "")), actor)


def whole_tenant(tenant_id: int) -> AbstractContextManager[None]:
    """Inside a verb that a requester called: its own code sees the tenant's internal rows, the caller never does.

    A requester may answer a case, but pausing its clocks touches rows that are hidden from requesters.
    """
    return _narrow((str(tenant_id), ""), _actor.get())


# ── Migration operations ─────────────────────────────────────────────────────
_ALL = "(SELECT current_setting('companyos.tenants', true)) = 'all'"
_IDS = "(SELECT string_to_array(nullif(nullif(current_setting('companyos.tenants', true), ''), 'all'), ','))::bigint[]"
_SUPPORT = "(SELECT coalesce(current_setting('companyos.requester', true), '')) = ''"
REQUESTER_ID = "(SELECT nullif(current_setting('companyos.requester', true), '')::bigint)"


class TenantPolicy(migrations.RunSQL):
    """Forced row-level security on a table with a tenant column.

    `for_requesters`: the SQL condition under which a requester sees a row (default: never). `nullable`: rows of no
    tenant are shared by the support side of every tenant.
    """

    def __init__(
        self, table: str, *, column: str = "tenant_id", for_requesters: str = "false", nullable: bool = False
    ) -> None:
        shared = f" OR {column} IS NULL" if nullable else ""
        visible = f"{_ALL} OR {column} = ANY ({_IDS}){shared}"
        super().__init__(
            sql=f"""
            ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
            ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
            CREATE POLICY tenant ON {table} USING ({visible}) WITH CHECK ({visible});
            CREATE POLICY requester ON {table} AS RESTRICTIVE
              USING ({_SUPPORT} OR ({for_requesters})) WITH CHECK ({_SUPPORT} OR ({for_requesters}));
            """,
            reverse_sql=f"""
            DROP POLICY requester ON {table};
            DROP POLICY tenant ON {table};
            ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY;
            ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;
            """,
        )


class AppendOnly(migrations.RunSQL):
    """UPDATE and DELETE of the table's rows are refused, whoever asks."""

    def __init__(self, table: str) -> None:
        super().__init__(
            sql=f"""
            CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table}
              FOR EACH ROW EXECUTE FUNCTION companyos_append_only();
            """,
            reverse_sql=f"DROP TRIGGER append_only ON {table};",
        )


class AppendOnlyFunction(migrations.RunSQL):
    """The trigger function that AppendOnly tables share."""

    def __init__(self) -> None:
        super().__init__(
            sql="""
            CREATE FUNCTION companyos_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
              RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
            END $$;
            """,
            reverse_sql="DROP FUNCTION companyos_append_only();",
        )


class RowPolicy(migrations.RunSQL):
    """Forced row-level security on a table without a tenant column: the support side within a scope sees all rows,
    requesters those of the SQL condition `for_requesters` (default: none), and nobody any outside a scope.
    """

    def __init__(self, table: str, *, for_requesters: str = "false") -> None:
        inside = "(SELECT coalesce(current_setting('companyos.tenants', true), '')) <> ''"
        visible = f"{inside} AND ({_SUPPORT} OR ({for_requesters}))"
        super().__init__(
            sql=f"""
            ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
            ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
            CREATE POLICY scoped ON {table} USING ({visible}) WITH CHECK ({visible});
            """,
            reverse_sql=f"""
            DROP POLICY scoped ON {table};
            ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY;
            ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;
            """,
        )
