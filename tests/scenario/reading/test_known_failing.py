from __future__ import annotations

import pytest

from imcli.scenario.reading.known_failing import expression_complaint, matches, needs_version
from imcli.targets.base import Identity

OLD = Identity("sim:wukongim-2.1.3", "sim", "wukongim", (2, 1, 3), "wukongim-2.1.3")
LIVE = Identity("http://localhost:5001", "live", "wukongim", (2, 1, 5))
UNREADABLE = Identity("http://localhost:5001", "live", "wukongim")
REFERENCE = Identity("sim", "sim", "reference", (), "reference")
REJECTS = Identity("sim:rejects", "sim", "reference", (), "rejects")
EVERY = (OLD, LIVE, UNREADABLE, REFERENCE, REJECTS)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("*", EVERY),
        ("sim", (REFERENCE, REJECTS)),
        ("sim:rejects", (REJECTS,)),
        ("sim:wukongim-2.1.3", (OLD,)),
        ("wukongim < 2.1.5", (OLD,)),
        ("wukongim <= 2.1.5", (OLD, LIVE)),
        ("wukongim = 2.1.5", (LIVE,)),
        ("wukongim = 2.1.5.0", (LIVE,)),
        ("wukongim >= 2.1.4", (LIVE,)),
        ("wukongim > 2.1.3", (LIVE,)),
        ("wukongim > 2.1", (OLD, LIVE)),
        ("wukongim < 2.10", (OLD, LIVE)),
        ("wukongim 2.1.3 - 2.1.5", (OLD, LIVE)),
        ("wukongim 2.1.4 - 2.2.5", (LIVE,)),
        ("wukongim>=2.1.4", (LIVE,)),
        ("nonsense", ()),
    ],
)
def test_an_expression_speaks_of_these_targets(
    expression: str, expected: tuple[Identity, ...]
) -> None:
    assert tuple(one for one in EVERY if matches(expression, one)) == expected


@pytest.mark.parametrize(
    ("expression", "complaint"),
    [
        ("wukongim < 2.1.5", ""),
        ("wukongim 2.1.5 - 2.2.5", ""),
        ("sim", ""),
        ("*", ""),
        ("wukongim", "`wukongim` is no target"),
        ("wukongim < x", "`wukongim < x` is no target"),
        ("wukongim < 2..1", "`wukongim < 2..1` is no target"),
        ("wukngim < 2", "unknown product `wukngim`; did you mean wukongim?"),
        ("wukongim 2 - 1", "`wukongim 2 - 1` goes from a newer version to an older one"),
        ("wukongim < " + "9" * 50, "`wukongim < " + "9" * 50 + "` is no target"),
    ],
)  # fmt: skip
def test_an_expression_that_is_none_is_refused(expression: str, complaint: str) -> None:
    assert expression_complaint(expression) == complaint


def test_only_versions_need_a_version() -> None:
    assert needs_version("wukongim < 2.1.5")
    assert not needs_version("sim")
