"""The simulated server on real ports: the command that serves, the one that moves its time."""
