"""Deleting stored files after the commit that deleted their rows; one that fails is tried again until it is gone."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.core.files.storage import default_storage

from tenants import isolation
from tenants.access import SYSTEM
from tenants.models import FileRemoval

LONGEST_WAIT = timedelta(hours=6)


def remove_one(now: datetime) -> bool:
    """Delete the file that has waited longest; False when none is due. Deleting what is gone already succeeds.

    The storage is asked inside the transaction that holds the row: at worst it is asked twice.
    """
    with isolation.scope(SYSTEM):
        row = (
            FileRemoval.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(next_attempt_at__lte=now)
            .order_by("next_attempt_at", "id")
            .first()
        )
        if row is None:
            return False
        try:
            default_storage.delete(row.name)
        except FileNotFoundError:
            row.delete()
        except Exception as error:  # a storage may raise anything; whatever it is, the file must not be forgotten
            row.attempts += 1
            row.last_error = str(error)[:2000]
            row.next_attempt_at = now + min(timedelta(minutes=2**row.attempts), LONGEST_WAIT)
            row.save()
        else:
            row.delete()
        return True


def doom(tenant_id: int, name: str, now: datetime) -> None:
    """Have a stored file deleted once the present transaction commits."""
    if name:
        FileRemoval.objects.create(tenant_id=tenant_id, name=name, next_attempt_at=now)
