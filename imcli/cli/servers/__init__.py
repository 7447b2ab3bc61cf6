"""Live servers by name: contexts, and how a server is."""
