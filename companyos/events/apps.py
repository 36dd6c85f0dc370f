from django.apps import AppConfig


class EventsConfig(AppConfig):
    name = "companyos.events"
    label = "events"
    verbose_name = "Events"
