from __future__ import annotations

from pathlib import Path

import pytest

from imcli.cli.config import Settings, project_file
from imcli.cli.world import World, here
from imcli.model.errors import InvalidInput, UsageError
from tests.cli.conftest import Run


def world(folder: Path, **env: str) -> World:
    return here()._replace(cwd=str(folder), env={"XDG_CONFIG_HOME": str(folder / "config"), **env})


def own_file(folder: Path, text: str) -> None:
    (folder / "config" / "imcli").mkdir(parents=True)
    (folder / "config" / "imcli" / "config.toml").write_text(text)


def test_a_flag_wins_over_everything(tmp_path: Path) -> None:
    (tmp_path / "imcli.toml").write_text('profile = "project"')
    settings = Settings(world(tmp_path, IMCLI_PROFILE="environment"))
    assert settings.get("profile", "flag", "default").value == "flag"


def test_the_environment_wins_over_files(tmp_path: Path) -> None:
    (tmp_path / "imcli.toml").write_text('profile = "project"')
    setting = Settings(world(tmp_path, IMCLI_PROFILE="environment")).get("profile", "", "default")
    assert setting == ("environment", "IMCLI_PROFILE")


def test_the_project_wins_over_the_user(tmp_path: Path) -> None:
    (tmp_path / "imcli.toml").write_text('profile = "project"')
    own_file(tmp_path, 'profile = "own"\noutput = "json"')
    settings = Settings(world(tmp_path))
    assert settings.get("profile", "", "default").value == "project"
    assert settings.get("output", "", "table").value == "json"
    assert settings.get("target", "", "embedded") == ("embedded", "default")


def test_the_nearest_project_file_above_counts(tmp_path: Path) -> None:
    (tmp_path / "imcli.toml").write_text("")
    (tmp_path / "a" / "b").mkdir(parents=True)
    assert project_file(str(tmp_path / "a" / "b")) == str(tmp_path / "imcli.toml")
    (tmp_path / "a" / "imcli.toml").write_text("")
    assert project_file(str(tmp_path / "a" / "b")) == str(tmp_path / "a" / "imcli.toml")


def test_a_state_file_in_a_configuration_is_relative_to_it(tmp_path: Path) -> None:
    (tmp_path / "imcli.toml").write_text('state = "here.db"')
    (tmp_path / "inside").mkdir()
    setting = Settings(world(tmp_path / "inside")).get("state", "", "")
    assert setting.value == str(tmp_path / "here.db")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("targett = 'sim'", "unknown key 'targett'; did you mean target?"),
        ("nonsense = 1", "unknown key 'nonsense'; the keys are target, profile"),
        ("target = 3", "target must be a text that is not empty"),
        ("output = 'yaml'", "output is 'yaml', which is none of table, json"),
        ("= 1", "imcli.toml:1:1"),
        ("\x00", "imcli.toml:1:1"),
    ],
)
def test_an_invalid_configuration_names_what_is_wrong(
    imcli: Run, tmp_path: Path, text: str, said: str
) -> None:
    (tmp_path / "imcli.toml").write_text(text)
    ran = imcli("list-profiles")
    assert (ran.status, ran.out) == (3, "")
    assert said in ran.err


def test_every_fault_of_a_configuration_is_named_at_once(tmp_path: Path) -> None:
    (tmp_path / "imcli.toml").write_text("a = 1\nb = 2\ntarget = 3")
    with pytest.raises(InvalidInput) as caught:
        Settings(world(tmp_path)).get("target", "", "")
    assert len(caught.value.problems) == 3


def test_a_configuration_that_is_no_text_is_invalid(imcli: Run, tmp_path: Path) -> None:
    (tmp_path / "imcli.toml").write_bytes(b"\xff\xfe")
    assert imcli("list-profiles").status == 3


@pytest.mark.parametrize(("key", "value"), [("output", "jsn"), ("color", "alwys")])
def test_a_flag_with_a_wrong_value_is_wrong_usage(tmp_path: Path, key: str, value: str) -> None:
    with pytest.raises(UsageError, match=f"--{key} is '{value}'") as caught:
        Settings(world(tmp_path)).get(key, value, "")
    assert "did you mean" in caught.value.hint


def test_verbose_says_where_a_setting_came_from(imcli: Run) -> None:
    ran = imcli("list-profiles", "--verbose", env={"IMCLI_OUTPUT": "jsonl"})
    assert "output is jsonl (from IMCLI_OUTPUT)" in ran.err


def test_a_broken_configuration_is_told_before_anything_is_done(imcli: Run, tmp_path: Path) -> None:
    imcli("send", "B", "A", "one")
    (tmp_path / "imcli.toml").write_text("target = [")
    sent = imcli("send", "B", "A", "two", "--target", "embedded")
    added = imcli("add-context", "a", "http://127.0.0.1:5001")
    assert (sent.status, sent.out, added.status) == (3, "", 3)
    assert "hint: that is a configuration file of imcli: mend it, or move it away" in sent.err
    (tmp_path / "imcli.toml").unlink()
    history = imcli("show-history", "A", "B", "--output", "json").json
    assert [message["text"] for message in history] == ["one"]
    assert imcli("list-contexts", "--output", "json").json == []


@pytest.mark.parametrize(("variable", "value"), [("IMCLI_OUTPUT", "jsn"), ("IMCLI_COLOR", "red")])
def test_a_broken_environment_is_told_before_anything_is_done(
    imcli: Run, variable: str, value: str
) -> None:
    ran = imcli("send", "B", "A", "one", "--target", "embedded", env={variable: value})
    assert (ran.status, ran.out) == (2, "")
    assert imcli("list-groups").err == "there is no group\n"
    assert imcli("list-conversations", "A").status == 2


def test_a_link_that_leads_nowhere_is_no_configuration(imcli: Run, tmp_path: Path) -> None:
    (tmp_path / "imcli.toml").symlink_to(tmp_path / "nowhere")
    ran = imcli("list-groups")
    assert ran.status == 3
    assert "imcli.toml cannot be read: No such file" in ran.err


def test_a_target_that_is_none_is_told_with_where_it_came_from(imcli: Run, tmp_path: Path) -> None:
    commands = (["list-groups"], ["try", "B sends; A deletes B"])
    for argv in commands:
        ran = imcli(*argv, env={"IMCLI_TARGET": "smi"})
        assert (ran.status, ran.out) == (2, "")
        assert "target in IMCLI_TARGET: 'smi' is no target\nhint: did you mean sim?" in ran.err
    (tmp_path / "imcli.toml").write_text('target = "smi"')
    for argv in commands:
        ran = imcli(*argv)
        assert (ran.status, ran.out) == (3, "")
        assert "imcli.toml: 'smi' is no target" in ran.err


def test_a_setting_is_noted_once(imcli: Run) -> None:
    imcli("send", "B", "A", "one")
    env = {"IMCLI_OUTPUT": "table", "IMCLI_COLOR": "never"}
    ran = imcli("list-conversations", "A", "--verbose", env=env)
    assert ran.err.count("output is table (from IMCLI_OUTPUT)") == 1
