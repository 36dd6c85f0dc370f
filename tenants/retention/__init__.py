"""How long data is kept: policies that a person confirmed, legal holds that stop them, and runs that carry them out."""
