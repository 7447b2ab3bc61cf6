"""Floor 3: the language of scenarios, and the runner."""
