"""The pages on serving are true: scripts are read, tables are whole, examples are done."""

from __future__ import annotations

import json
import re
from io import StringIO
from pathlib import Path

import pytest

from imcli.cli.app import main
from imcli.cli.world import World
from imcli.serve import http
from imcli.serve.script import MOMENTS, OWN
from imcli.serve.script_reading import parse_script
from imcli.simulator.profiles import load_profile
from imcli.simulator.server import Server
from imcli.simulator.wukongim.api import routes
from imcli.simulator.wukongim.api.cluster import IN_CHANNEL

DOCS = Path(__file__).parents[2] / "docs"
FAULTS = (DOCS / "faults.md").read_text(encoding="utf-8")
HTTP = (DOCS / "http.md").read_text(encoding="utf-8")
SCRIPTS = re.findall(r"^```faults\n(.*?)^```$", FAULTS, re.DOTALL | re.MULTILINE)
COMPLAINT = re.search(r"^```text\n(faults.txt:.*?)^```$", FAULTS, re.DOTALL | re.MULTILINE)
ROWS = re.findall(r"^\| (`(?:GET|POST) .*?) \| (.*?)\|?$", HTTP, re.MULTILINE)


# Scripts


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_of_the_page_is_one(script: str) -> None:
    assert parse_script(script, "faults.txt").lines


def test_every_moment_and_every_sentence_of_the_scripts_own_is_on_the_page() -> None:
    words = "\n".join(re.findall(r"`([^`\n]+)`", FAULTS))
    assert [form.pattern for form in MOMENTS if form.pattern not in words] == []
    examples = "\n".join(SCRIPTS)
    assert [form.example for form, _ in OWN.values() if form.example not in examples] == []


def test_what_is_wrong_with_a_script_is_said_as_the_page_shows_it(tmp_path: Path) -> None:
    (tmp_path / "faults.txt").write_text("after 5s: link u1.phone drops 2 mesages\n")
    terminal = StringIO()
    world = World(
        argv=("serve", "--script", "faults.txt"),
        env={"XDG_CONFIG_HOME": str(tmp_path), "TERM": "dumb"},
        stdin=StringIO(),
        stdout=StringIO(),
        stderr=terminal,
        cwd=str(tmp_path),
        now=lambda: 0.0,
        elapsed=lambda: 0.0,
        columns=100,
        processors=1,
        token=lambda: "n1",
    )
    assert main(world) == 3
    assert COMPLAINT is not None
    assert terminal.getvalue() == COMPLAINT[1]


# Routes


def said(remark: str) -> set[tuple[str, str]]:
    """Collect the routes of the rows whose remark has these words."""
    return {
        (method, path)
        for cell, note in ROWS
        if remark in note
        for method, path in re.findall(r"`(GET|POST) ([^`]+)`", cell)
    }


def test_every_route_stands_on_the_page_and_no_other() -> None:
    served = {*routes.ROUTES, *routes.LATER_ROUTES, *routes.EARLIER_ROUTES, *routes.EXTENSIONS}
    served |= {("POST", http.ADVANCE), ("POST", http.WEBHOOKS)}
    in_channel = {name for name in IN_CHANNEL if f"`{name}`" in HTTP or f"/:type/{name}`" in HTTP}
    assert in_channel == set(IN_CHANNEL)
    assert said("") - {("GET", f"{routes.IN_CHANNEL}:id/:type/subscribers")} == served


def test_the_page_says_which_versions_have_a_route() -> None:
    assert said("since 2.2.5") == set(routes.LATER_ROUTES)
    assert said("until 2.2.0") == set(routes.EARLIER_ROUTES)


def test_the_action_of_the_page_is_done() -> None:
    (body,) = re.findall(r"-d '(\{\"type\".*\})'", HTTP)
    server = Server(load_profile("reference"))
    group = {"channel_id": "team", "channel_type": 2, "subscribers": ["A", "B"]}
    assert routes.answer(server, "POST", "/channel", {}, group)[0] == 200
    status, answer = routes.answer(server, "POST", "/imcli/actions", {}, json.loads(body))
    assert status == 200
    assert [event["type"] for event in answer["events"]] == ["Done"]


def test_a_refusal_is_written_as_the_page_shows_it() -> None:
    server = Server(load_profile("reference"))
    group = {"channel_id": "team", "channel_type": 2, "subscribers": ["A"]}
    assert routes.answer(server, "POST", "/channel", {}, group)[0] == 200
    message = {"from_uid": "X", "channel_id": "team", "channel_type": 2, "payload": "e30="}
    status, refused = routes.answer(server, "POST", "/message/send", {}, message)
    assert status == 400
    assert f'"status": {refused["status"]}, "reason":\n  "{refused["reason"]}"' in HTTP
