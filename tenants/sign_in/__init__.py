"""How a person of the support side proves who they are, and for how long that holds."""
