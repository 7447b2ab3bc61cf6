"""Every bar of speed, each measured against something else in the same run.

A benchmark is a function `measure(scale) -> list[Figure]` in a file of its own; `scale` 1.0 is the
size that the bar speaks of, and the tests run each at a tiny one, only to see that it works. No
figure is ever a timed test: machines differ and are shared. What runs in this process is measured
in seconds of processor time, so that a busy machine does not spoil it; whole programs are measured
by the wall, in turns with what they are compared to, and the best of several turns counts.

`python -m benchmarks` runs all and prints one table; `python -m benchmarks NAME...` runs some;
`--readme` writes the table into README.md.
"""
