"""The tenants' own people at the portal: a door of its own, apart from the support side's sign-in."""
