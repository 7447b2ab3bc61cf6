"""Every anomaly of WuKongIM stands in a comment where the law that causes it is written."""

from __future__ import annotations

import re
from pathlib import Path

ROOM = Path(__file__).parents[3] / "imcli" / "simulator"
ANOMALIES = 38  # A0 to A37


def test_every_anomaly_is_named_where_its_law_is() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted(ROOM.rglob("*.py")))
    named = {int(number) for number in re.findall(r"\bA(\d+)\b", text)}
    assert set(range(ANOMALIES)) <= named


def test_no_law_names_an_anomaly_that_there_is_not() -> None:
    laws = [*ROOM.glob("conversations/*row*.py"), *ROOM.rglob("wukongim/**/*.py")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in laws)
    assert {int(number) for number in re.findall(r"\(A(\d+)[);:,]", text)} <= set(range(ANOMALIES))
