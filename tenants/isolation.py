"""Tenant isolation, held by PostgreSQL: the scope of a transaction, and the policies that read it.

The runtime role owns nothing and row-level security is forced, so a query outside `scope()` sees no tenant's rows.
The scope lives in transaction-local settings and so never leaks over a pooled connection:

    companyos.tenants       'all', or ids joined by commas, or '' for none
    companyos.requester     a requester's id, or '' for the support side and the system
    companyos.sealed        tenants in reach whose content needs a grant that the actor has not
    companyos.sealed_files  the same of files
    companyos.opened_cases  cases of sealed tenants that a grant opens
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import NamedTuple, TypeVar

from django.db import connection, migrations, transaction

from tenants.access import Actor

Ending = TypeVar("Ending", bound=Callable[[], None])


class Settings(NamedTuple):
    """The values of the transaction-local settings, in the order of the list above."""

    tenants: str = ""
    requester: str = ""
    sealed: str = ""
    sealed_files: str = ""
    opened_cases: str = ""


_NOTHING = Settings()
_scope: ContextVar[Settings] = ContextVar("companyos_scope", default=_NOTHING)
_actor: ContextVar[Actor | None] = ContextVar("companyos_actor", default=None)
_at_end: ContextVar[list[Callable[[], None]] | None] = ContextVar("companyos_scope_end", default=None)
_SET = "SELECT " + ", ".join(f"set_config('companyos.{name}', %s, true)" for name in Settings._fields)


def current_actor() -> Actor | None:
    """Who the innermost scope is for; only the audit log reads it, rules and verbs are handed their actor."""
    return _actor.get()


def at_end(callback: Ending) -> Ending:
    """Call back once as the last deed of the innermost `scope()`, within its transaction and seeing what it sees.

    Not after an error, nor when the transaction is to be rolled back. Outside of a scope it is called at once.
    Returns the callback that will be called: an equal one that waits already, or this.
    """
    waiting = _at_end.get()
    if waiting is None:
        callback()
        return callback
    if callback in waiting:
        return waiting[waiting.index(callback)]  # type: ignore[return-value]
    waiting.append(callback)
    return callback


def _apply(values: Settings) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_SET, values)


@contextmanager
def _narrow(values: Settings, actor: Actor | None, at_end: list[Callable[[], None]] | None) -> Iterator[None]:
    nested = connection.in_atomic_block
    previous, owns_end = _scope.get(), at_end is not _at_end.get()
    with transaction.atomic():
        scope_token, actor_token, end_token = _scope.set(values), _actor.set(actor), _at_end.set(at_end)
        try:
            _apply(values)
            yield
            if owns_end and not connection.needs_rollback:
                for callback in at_end or ():
                    callback()
            # A rollback restores the settings by itself, and so does the end of the transaction.
            if nested and not connection.needs_rollback:
                _apply(previous)
        finally:
            _at_end.reset(end_token)
            _actor.reset(actor_token)
            _scope.reset(scope_token)


def _ids(found: Iterable[int]) -> str:
    return ",".join(map(str, sorted(found)))


def scope(actor: Actor) -> AbstractContextManager[None]:
    """One transaction in which the database shows what `actor` may see, and nothing else. Nests."""
    values = Settings(
        tenants="all" if actor.tenant_ids is None else _ids(actor.tenant_ids),
        requester=str(actor.requester_id or ""),
        sealed=_ids(actor.sealed),
        sealed_files=_ids(actor.sealed_files),
        opened_cases=_ids(actor.opened_cases),
    )
    return _narrow(values, actor, [])


def whole_tenant(tenant_id: int) -> AbstractContextManager[None]:
    """Inside a verb that a requester called: its own code sees the tenant's internal rows, the caller never does.

    A requester may answer a case, but pausing its clocks touches rows that are hidden from requesters.
    """
    return _narrow(Settings(tenants=str(tenant_id)), _actor.get(), _at_end.get())


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


def _listed(setting: str) -> str:
    return f"(SELECT string_to_array(coalesce(current_setting('companyos.{setting}', true), ''), ','))::bigint[]"


class Sealed(migrations.RunSQL):
    """Rows of a restricted tenant are hidden unless a grant opens the tenant, or the case that `opened` is about.

    `opened`: the SQL of the row's case id, or a whole condition with `{cases}` for the opened cases; '' for rows that
    only a tenant-wide grant opens. `files` chooses the rule for files.
    """

    def __init__(self, table: str, *, opened: str = "case_id", files: bool = False) -> None:
        cases = _listed("opened_cases")
        also = opened.format(cases=cases) if "{cases}" in opened else f"{opened} = ANY ({cases})"
        visible = f"tenant_id <> ALL ({_listed('sealed_files' if files else 'sealed')})"
        visible += f" OR {also}" if opened else ""
        super().__init__(
            sql=f"CREATE POLICY sealed ON {table} AS RESTRICTIVE USING ({visible}) WITH CHECK ({visible});",
            reverse_sql=f"DROP POLICY sealed ON {table};",
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
    """The trigger function that AppendOnly tables share. It lets through a `Rewriter` alone: whoever may set the mark
    is not the table's owner, and who is the owner has not set it. The catalogue is named with its schema: a temporary
    table of the caller's would come before it.
    """

    def __init__(self) -> None:
        super().__init__(
            sql="""
            CREATE FUNCTION companyos_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
              IF current_setting('companyos.rewriting', true) = 'on'
                 AND current_user = (
                   SELECT pg_get_userbyid(relowner) FROM pg_catalog.pg_class WHERE oid = TG_RELID) THEN
                RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
              END IF;
              RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
            END $$;
            """,
            reverse_sql="DROP FUNCTION companyos_append_only();",
        )


class Rewriter(migrations.RunSQL):
    """A function that runs as the tables' owner and may change append-only rows: retention and erasure, nothing else.

    `signature` is its name and arguments, `body` is PL/pgSQL from DECLARE or BEGIN to END. Row-level security may not
    hold inside (the owner may be a superuser), so the body itself checks scope, policy and legal hold. Any caller may
    call it, so what it takes are ids, never new values. The mark stays until the transaction ends, and opens nothing
    to the caller, who owns no table.
    """

    def __init__(self, signature: str, returns: str, body: str) -> None:
        super().__init__(
            sql=f"""
            CREATE FUNCTION {signature} RETURNS {returns} LANGUAGE plpgsql SECURITY DEFINER
              SET search_path = pg_catalog, public, pg_temp AS $$
            BEGIN
              -- Not as a SET of the function's own: an owner who is no superuser may not declare one.
              PERFORM set_config('companyos.rewriting', 'on', true);
              {body.rstrip().rstrip(";")};
            END $$;
            """,
            reverse_sql=f"DROP FUNCTION {signature};",
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
