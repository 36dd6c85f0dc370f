"""The console's addresses of retention."""

from django.urls import path

from tenants.retention import views

urlpatterns = [
    path("retention/", views.retention, name="retention"),
    path("retention/policies/", views.policy_list, name="retention_policies"),
    path("retention/policies/<int:policy_id>/previews/", views.preview, name="retention_preview"),
    path("retention/policies/<int:policy_id>/activations/", views.activation, name="retention_activation"),
    path("retention/policies/<int:policy_id>/suspensions/", views.suspension, name="retention_suspension"),
    path("retention/runs/", views.run_list, name="retention_runs"),
    path("retention/runs/<int:retention_run_id>/", views.run, name="retention_run"),
    path("retention/holds/", views.hold_list, name="retention_holds"),
    path("retention/holds/<int:hold_id>/releases/", views.release, name="retention_release"),
]
