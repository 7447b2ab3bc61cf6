"""Floor 3: the language of scenarios, and the runner, in four rooms.

`table` knows every sentence, `reading` makes cases of texts, `checking` judges claims, `running`
plays cases. What they share stands here: `syntax` (a scenario that has been read), `events` (what a
run reports) and `coverage` (which known situations the scenarios show).
"""
