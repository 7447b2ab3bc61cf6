"""`python -m benchmarks [NAME ...] [--readme]`: run benchmarks and print one table."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path

from benchmarks.figures import HEADER, Figure, markdown_table, plain_table

BENCHMARKS = (
    "startup",
    "against_behave",
    "runner",
    "actions",
    "conformance",
    "virtual_time",
    "orders",
    "growth",
    "embedded",
    "forks",
    "wire",
    "serve",
    "live",
)
"""The files of this package that measure something, in the order of the table."""

BEGIN, END = "<!-- figures -->", "<!-- /figures -->"


def measure(name: str, scale: float = 1.0) -> list[Figure]:
    """Run one benchmark."""
    figures: list[Figure] = import_module(f"benchmarks.{name}").measure(scale)
    return figures


def run(names: Sequence[str], scale: float) -> Iterator[Figure]:
    """Run benchmarks and say on stderr which one is running."""
    for name in names:
        print(f"{name} ...", file=sys.stderr, flush=True)
        yield from measure(name, scale)


def with_table(text: str, table: str) -> str:
    """Put a table between the markers of a text.

    Raises:
        ValueError: a marker is missing.
    """
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the text has no {BEGIN} and {END}")
    return f"{head}{BEGIN}\n\n{table}\n\n{END}{tail}"


def main(argv: Sequence[str] | None = None) -> int:
    """Run what was asked for; gives 1 where a bar is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--readme", action="store_true", help="write the table into README.md")
    parser.add_argument("--scale", type=float, default=1.0, help="size; 1.0 is the bar's own")
    options = parser.parse_args(argv)
    names = options.names or BENCHMARKS
    for name in names:
        if name not in BENCHMARKS:
            parser.error(f"there is no benchmark {name!r}; there are {', '.join(BENCHMARKS)}")
    figures = list(run(names, options.scale))
    print(plain_table([HEADER, *(figure.cells() for figure in figures)]))
    if options.readme:
        path = Path(__file__).parents[1] / "README.md"
        text = path.read_text(encoding="utf-8")
        path.write_text(with_table(text, markdown_table(figures)), encoding="utf-8")
    return 1 if any(figure.met is False for figure in figures) else 0


if __name__ == "__main__":
    sys.exit(main())
