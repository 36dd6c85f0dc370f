"""How we reach other systems, and what is to be sent to them."""

from integrations.models.connection import Connection
from integrations.models.outgoing import Outgoing

__all__ = ["Connection", "Outgoing"]
