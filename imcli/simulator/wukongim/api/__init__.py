"""The HTTP face of the simulated WuKongIM: `routes.answer(server, method, path, query, body)`.

Sans-I/O: a request is a method, a path, a query and a body as JSON values; the answer is a status
and a JSON value (None for an empty body). One file per noun; `calls.py` has how bodies are read and
how errors are said, `objects.py` how messages and conversations are written. Not here: plugins,
stress, management of clusters. Source: WuKongIM `internal/api/`.
"""
