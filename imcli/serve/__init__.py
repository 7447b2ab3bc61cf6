"""The simulated server behind WuKongIM's real protocols: sockets, HTTP and a clock, no laws."""
