"""The console's addresses of channels."""

from django.urls import path

from integrations import views

urlpatterns = [
    path("service-levels/channels/", views.channels, name="channels"),
    path("service-levels/channels/new/", views.new, name="channel-new"),
    path("service-levels/channels/<int:channel_id>/", views.channel, name="channel"),
    path("service-levels/channels/<int:channel_id>/tests/", views.tests, name="channel-tests"),
    path("service-levels/channels/<int:channel_id>/removals/", views.removals, name="channel-removals"),
]
