"""Floor 1: what happened, and whether it was right.

`trace.py` records actions and events; `ledger.py` folds them into what must be true; `safety.py`,
`answers.py` and `convergence.py` judge; `invariants.py` is the checker that ties them together;
`catalogue.py` says what each invariant means; `programs.py` makes random programs to judge.
`readings.py` and `counting.py` judge what a real server tells of one conversation in four places.
"""
