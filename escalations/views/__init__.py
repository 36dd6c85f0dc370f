"""The console's pages of incidents, elevated access and notices."""
