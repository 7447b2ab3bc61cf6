"""The simulated server on real ports: what surrounds `Server` when its clients are real.

`world.py` is the middle: it knows the simulated server and every connection, and everything
happens in turns of one event loop, so there is no lock. Around it: `tcp.py`, `ws.py` and `http.py`
bring requests, `turns.py` commits once a turn before the answers of that turn leave, `telling.py`
prints what happens. What a message means is decided in `imcli.simulator`, what bytes mean in
`imcli.wire`.
"""
