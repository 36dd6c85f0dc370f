"""The console's pages and forms on cases: thin, each calls a verb or a read."""
