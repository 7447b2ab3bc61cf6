"""Floor 5: the command line. A command parses, calls the library, renders; nothing is decided here.

This is the one room in which imports inside functions are right: `imcli --help` must not wait for
a simulator, nor a verb for a table printer (`benchmarks/startup.py` measures it).
"""
