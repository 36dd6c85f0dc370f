"""The live process' entry point: server-sent events need a connection each, not a thread each."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "companyos.settings")
application = get_asgi_application()
