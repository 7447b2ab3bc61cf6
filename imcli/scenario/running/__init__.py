"""Playing cases: units, orders, judging in time, explaining what failed."""
