"""What a requester may ask of us: a copy of everything that is theirs, and to be forgotten."""
