"""The demo's data: three tenants and ninety days of their cases, told through the product's own verbs at moved time."""
