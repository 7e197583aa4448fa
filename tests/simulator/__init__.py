"""Stand-ins that speak the real protocols on loopback, keep state, and can fail the ways the real ones fail."""
