"""The console's addresses of service levels."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
