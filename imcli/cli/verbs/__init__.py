"""The admin verbs: each is one sentence of the language, on one server (`desk.py`)."""
