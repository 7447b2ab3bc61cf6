"""The issue text of a real server: all that a maintainer needs, and nothing of its owner's."""

from __future__ import annotations

import re

import pytest
from msgspec.structs import replace

from imcli.report.issue import CASES_MAX, PART_CHARACTERS, IssueReport
from imcli.report.wire_lines import SECTION_CHARACTERS, exchange_lines, without_addresses
from imcli.scenario.events import CaseFinished, CaseResult, RunStarted
from imcli.targets.base import Identity
from imcli.targets.exchange import Asked, Exchange, Frame
from tests.report.results import HOSTILE, LOST, events

SERVER = Identity(
    "acme-live", "live", "wukongim", (2, 1, 3), build="v2.1.3-20250210, commit 752667b1d"
)
EXCHANGES: tuple[Exchange, ...] = (
    Asked(3, 2, "POST", "/conversations/delete", '{"uid":"A"}', 200, '{"status":200}'),
    Asked(6, 40, "POST", "/conversation/sync", '{"uid":"A"}', 200, "[]", times=4),
    Frame(50, "B.phone", "sent", "SEND", '{"channel_id":"A"}'),
    Frame(52, "A.phone", "received", "RECV", '{"message_seq":2}'),
    Asked(60, 12000, "POST", "/message/send", "{}", 0, "no answer from http://10.0.0.7:5001"),
)


def failed(exchanges: tuple[Exchange, ...] = EXCHANGES, **changes: object) -> CaseResult:
    """A failure as if a real server had shown it."""
    (case,) = [e.case for e in events(LOST) if isinstance(e, CaseFinished)]
    reproduce = "imcli run-scenario lost.toml --target acme-live"
    case = replace(case, target=SERVER, exchanges=exchanges, reproduce=reproduce)
    return replace(case, **changes)


def written(*cases: CaseResult, source: str = "") -> str:
    report = IssueReport({cases[0].path: source} if source else {})
    report.handle(RunStarted("imcli 1.0", (SERVER,), len(cases)))
    for case in cases:
        report.handle(CaseFinished(case))
    return report.render()


def test_a_maintainer_finds_version_scenario_states_requests_and_frames() -> None:
    text = written(failed(), source='title = "It is lost"\n')
    assert "- server: wukongim 2.1.3, a real server (v2.1.3-20250210, commit 752667b1d)" in text
    assert '```toml\ntitle = "It is lost"' in text
    assert "expected last m1; absent since step 2" in text
    for line in (
        '      3 ms  POST /conversations/delete {"uid":"A"}',
        '            -> 200 {"status":200}  (2 ms)',
        "            -> 200 []  (asked 4 times, 40 ms)",
        '     50 ms  B.phone -> SEND {"channel_id":"A"}',
        '     52 ms  A.phone <- RECV {"message_seq":2}',
        "            -> no answer no answer from http://SERVER  (12000 ms)",
    ):
        assert line in text.splitlines()


def test_where_the_server_is_stays_out() -> None:
    reason = "cannot connect to http://10.0.0.7:5001"
    text = written(failed(reason=reason, result="error"))
    assert "10.0.0.7" not in text
    assert "acme" not in text
    assert "imcli run-scenario lost.toml --target http://SERVER:5001" in text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ws://im.example:5200/x", "ws://SERVER/x"),
        ('{"tcp_addr":"192.168.1.2:5100"}', '{"tcp_addr":"SERVER"}'),
        ("2.2.5 and 1.2.3.4.5 and m1", "2.2.5 and 1.2.3.4.5 and m1"),
    ],
)
def test_an_address_is_told_from_a_version(text: str, said: str) -> None:
    assert without_addresses(text) == said


def test_a_simulated_server_has_no_requests_to_show() -> None:
    report = IssueReport()
    for event in events(LOST):
        report.handle(event)
    assert "### Requests" not in report.render()
    assert "--target sim " in report.render()


def test_of_very_many_exchanges_the_middle_is_left_out() -> None:
    asked = tuple(Asked(n, 1, "POST", f"/{n}", "x" * 500, 200, "y" * 500) for n in range(400))
    lines = exchange_lines(failed(asked, exchanges_left_out=7))
    assert sum(map(len, lines)) < SECTION_CHARACTERS * 1.1
    assert "POST /0 " in lines[0]
    assert "POST /399 " in lines[-2]
    (cut,) = [line for line in lines if "left out" in line]
    shown = sum("POST" in line for line in lines)
    assert f"… {400 - shown + 7} more exchanges" in cut


def test_a_section_fits_into_one_comment_of_a_tracker() -> None:
    asked = tuple(Asked(n, 1, "POST", f"/{n}", "会话" * 2000, 200, "y" * 5000) for n in range(300))
    long = failed(asked, trace=failed().trace * 500)
    text = written(long, source="# " + "x" * 500_000)
    assert len(text) < 65_536
    assert text.count("characters are left out here") == 2
    assert len(text) > PART_CHARACTERS


def test_more_failures_than_anybody_reads_are_counted() -> None:
    text = written(*[failed()] * (CASES_MAX + 3))
    assert text.count("## It is lost\n") == CASES_MAX
    assert text.endswith("3 more cases did not pass and are not written here.\n")


def test_hostile_answers_stay_in_their_fence() -> None:
    asked = (Asked(1, 1, "POST", "/x", "```", 200, f"````\n{HOSTILE}\n## heading"),)
    text = written(failed(asked), source="```\n## heading\n")
    outside = re.sub(r"^(`{3,})(?:text|toml)\n.*?\n\1$", "", text, flags=re.MULTILINE | re.DOTALL)
    assert "## heading" not in outside
    assert "````" not in outside
    assert "\x1b" not in text
