"""Why one of a case's clocks is due then: in words, as a drawing, with its causes on the case's page."""
