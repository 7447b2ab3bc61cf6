"""What went over the wire to a real server, as lines of a report.

One line for what was asked or sent, one for what came back, each with its time from the opening of
the case. Where the server is stays out: addresses are written as SERVER, which is all that a
stranger needs, and maybe more than its owner wants to tell.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from imcli.report.text import cut, safe
from imcli.scenario.events import CaseResult
from imcli.targets.exchange import Asked, Exchange, Frame

LINE_COLUMNS = 1_200
SECTION_CHARACTERS = 24_000
HTTP_STATUS_NONE = "no answer"

_URL = re.compile(r"\b(https?|wss?|tcp)://[^\s/\"'<>]*[^\s/\"'<>:,.;)]")
_ADDRESS = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?(?![\d.])")


def without_addresses(text: str) -> str:
    """Write SERVER where an address stands.

    >>> without_addresses("cannot connect to http://10.0.0.7:5001: refused by 10.0.0.7:5001")
    'cannot connect to http://SERVER: refused by SERVER'
    >>> without_addresses("version 2.2.5")
    'version 2.2.5'
    """
    return _ADDRESS.sub("SERVER", _URL.sub(r"\1://SERVER", text))


def exchange_lines(case: CaseResult) -> list[str]:
    """Every request, answer and frame of a case; the middle of very many is left out."""
    blocks = [_block(exchange) for exchange in case.exchanges]
    first, last, cut_out = _fitting(blocks, SECTION_CHARACTERS)
    left_out = cut_out + case.exchanges_left_out
    between = [f"… {left_out} more exchanges are left out here …"] if left_out else []
    return [*_flat(first), *between, *_flat(last)]


def _flat(blocks: Iterable[list[str]]) -> Iterator[str]:
    return (line for block in blocks for line in block)


def _fitting(blocks: list[list[str]], most: int) -> tuple[list[list[str]], list[list[str]], int]:
    """Keep what fits, a quarter of it from the beginning: a failure is nearer to the end."""
    sizes = [sum(len(line) + 1 for line in block) for block in blocks]
    if sum(sizes) <= most:
        return blocks, [], 0
    first = _count(sizes, most // 4)
    last = _count(sizes[::-1], most - most // 4)
    return blocks[:first], blocks[len(blocks) - last :], len(blocks) - first - last


def _count(sizes: list[int], most: int) -> int:
    """How many of these fit."""
    total = 0
    for number, size in enumerate(sizes):
        total += size
        if total > most:
            return number
    return len(sizes)


def _block(exchange: Exchange) -> list[str]:
    match exchange:
        case Asked():
            return _asked(exchange)
        case Frame(at_ms=at_ms, device=device, direction=direction, kind=kind, value=value):
            arrow = "->" if direction == "sent" else "<-"
            return [_line(f"{at_ms:>7} ms  {device} {arrow} {kind} {value}")]


def _asked(asked: Asked) -> list[str]:
    question = f"{asked.at_ms:>7} ms  {asked.method} {asked.path} {asked.body}".rstrip()
    status = str(asked.status) if asked.status else HTTP_STATUS_NONE
    took = f"{asked.took_ms} ms"
    if asked.times > 1:
        took = f"asked {asked.times} times, {took}"
    answer = without_addresses(asked.answer)
    return [_line(question), _line(f"{'':>12}-> {status} {answer}  ({took})")]


def _line(text: str) -> str:
    return cut(safe(text), LINE_COLUMNS)
