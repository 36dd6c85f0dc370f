"""The console’s pages of service levels."""
