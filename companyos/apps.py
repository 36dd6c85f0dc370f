from django.apps import AppConfig
from django.db.backends.signals import connection_created


class CompanyosConfig(AppConfig):
    name = "companyos"
    verbose_name = "CompanyOS"

    def ready(self) -> None:
        # checks registers the system checks; celery is the app that every process wakes tasks through: without it
        # they go to Celery's built-in default, a broker that is not ours.
        from companyos import celery, checks, login  # noqa: F401

        connection_created.connect(login.refuse_power, dispatch_uid="companyos.login")
