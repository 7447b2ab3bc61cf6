"""The corpus, simulated and over real sockets: each case comes to the same.

The served world stores its rows only when a case says so, as the simulated one does, so that no
flush comes between two steps. A case that the live target cannot play (it has no clock to set) is
skipped there; whatever is played ends as it does in the simulator, known failures included.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from msgspec.structs import replace

from imcli.model.actions import Action, Crash, Flush, Restart
from imcli.scenario.events import CaseFinished, CaseResult
from imcli.scenario.running.run import Options, run
from imcli.scenario.syntax import Case, Timing
from imcli.targets.base import Cast, Outcome
from imcli.targets.clocks import monotonic_ms
from imcli.targets.live import Hooks, LiveTarget, OpenLive, open_live
from tests.corpus.corpus import FILES, run_case
from tests.targets.served import Served, served

PROFILES = ("wukongim-2.1.3", "wukongim-2.2.0", "wukongim-2.2.5")
MANNERS = ("ws", "tcp")
SERVERS = 12
HOUR_MS = 3_600_000
QUICK = Timing(within_ms=500, settle_ms=40)
"""A world in the same process needs no longer; most of a run is waiting for what does not come."""
CASES = tuple(case for file in FILES for case in file.cases)
SAMPLE = tuple(c for c in CASES if c.path.startswith(("scenarios/group/", "scenarios/crash/")))


@contextmanager
def opened(server: Served, manner: str) -> Iterator[Flushing]:
    hooks = Hooks(lambda: server.do(Restart()), lambda: server.do(Crash()))
    real = open_live(f"{server.url}?devices={manner}", hooks=hooks)
    try:
        yield Flushing(real, server)
    finally:
        real.close()


class Flushing:
    """Opens live worlds in which `server flushes` makes the server store its rows."""

    def __init__(self, real: OpenLive, server: Served) -> None:
        self.identity = real.identity
        self.capabilities = real.capabilities
        self._real = real
        self._server = server

    def __call__(
        self, cast: Cast, *, profile: dict[str, object] | None = None, seed: int = 0
    ) -> LiveTarget:
        target = self._real(cast)
        perform = target.perform

        def flushing(action: Action, *, queue: bool = False) -> Outcome:
            if isinstance(action, Flush):
                self._server.do(action)
            return perform(action, queue=queue)

        target.perform = flushing  # type: ignore[method-assign]
        return target


def live_result(case: Case, opener: Flushing) -> CaseResult:
    quick = replace(case.timing, within_ms=QUICK.within_ms, settle_ms=QUICK.settle_ms)
    options = Options(clock=lambda: monotonic_ms() / 1000)
    *_, last = run(replace(case, timing=quick), opener, options)
    assert isinstance(last, CaseFinished)
    return last.case


def played(cases: tuple[Case, ...], profile: str, manner: str) -> list[tuple[Case, CaseResult]]:
    """Play cases one after the other on a server of their own."""
    with served(profile, flush_ms=HOUR_MS) as server, opened(server, manner) as opener:
        return [(case, live_result(case, opener)) for case in cases]


def differences(cases: tuple[Case, ...], profile: str, manner: str) -> list[str]:
    # A flush stores the rows of everybody, so those who play at the same time share no server.
    shares = [cases[at::SERVERS] for at in range(SERVERS)]
    with ThreadPoolExecutor(SERVERS) as pool:
        found = [
            pair
            for share in pool.map(lambda share: played(share, profile, manner), shares)
            for pair in share
        ]
    real = [(case, live) for case, live in found if live.result != "skipped"]
    assert len(real) > len(cases) / 3
    return [
        f"{case.case_id}: simulated {simulated.result}, live {live.result}: {told(live)}"
        for case, live in real
        if (simulated := run_case(case, target=profile)).result != live.result
    ]


def told(result: CaseResult) -> str:
    return "; ".join(
        f"{failure.step} {failure.text}: {failure.headline} {list(map(str, failure.disagreements))}"
        for failure in result.failures
    )


def test_a_sample_of_the_corpus_comes_to_the_same_over_sockets() -> None:
    assert differences(SAMPLE, "wukongim-2.2.5", "tcp") == []


@pytest.mark.slow
@pytest.mark.parametrize("manner", MANNERS)
@pytest.mark.parametrize("profile", PROFILES)
def test_the_whole_corpus_comes_to_the_same_over_sockets(profile: str, manner: str) -> None:
    assert differences(CASES, profile, manner) == []
