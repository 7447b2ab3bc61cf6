"""Contexts: named live servers, kept in a file for its owner alone, and tokens that nobody sees."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from imcli.cli.tokens import Secret
from tests.cli.conftest import Ran, Run
from tests.targets.fake_wukongim import FakeWuKongIM

TOKEN = "hunter2hunter2"
URL = "http://127.0.0.1:5001"


@pytest.fixture
def server() -> Iterator[FakeWuKongIM]:
    with FakeWuKongIM(token=TOKEN) as running:
        yield running


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config" / "imcli" / "contexts.toml"


def written(file: Path, text: str, mode: int = 0o600) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    file.chmod(mode)
    return file


def silent(*runs: Ran) -> bool:
    """Nobody said the token."""
    return not any(TOKEN in ran.out + ran.err for ran in runs)


# Adding


def test_a_context_is_a_target_with_its_token(imcli: Run, server: FakeWuKongIM) -> None:
    added = imcli("add-context", "staging", server.url, "--token-stdin", stdin=TOKEN + "\n")
    assert (added.status, added.out) == (0, f"added staging: {server.url}\n")
    ran = imcli("list-conversations", "A", "--target", "staging", "--verbose")
    assert ran.status == 0
    assert "the manager token is that of the context staging" in ran.err
    assert silent(added, ran)


@pytest.fixture
def careless() -> Iterator[None]:
    """A user whose files everybody may read and write."""
    before = os.umask(0o000)
    yield
    os.umask(before)


@pytest.mark.usefixtures("careless")
def test_the_file_is_for_its_owner_alone(imcli: Run, file: Path) -> None:
    assert imcli("add-context", "a", URL, "--token-stdin", stdin=TOKEN).status == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_on_a_terminal_the_token_is_asked_for(imcli: Run, file: Path) -> None:
    ran = imcli("add-context", "a", URL, stdin=TOKEN + "\n", terminal=True)
    assert "manager token of a (not shown; Enter for none): " in ran.err
    assert f'token = "{TOKEN}"' in file.read_text()
    assert silent(ran)


def test_enter_means_no_token(imcli: Run, file: Path) -> None:
    assert imcli("add-context", "a", URL, stdin="\n", terminal=True).status == 0
    assert "token =" not in file.read_text()


def test_a_token_file_is_named_and_not_copied(
    imcli: Run, server: FakeWuKongIM, tmp_path: Path, file: Path
) -> None:
    written(tmp_path / "token", TOKEN + "\nand a remark\n")
    added = imcli("add-context", "a", server.url, "--token-file", "token")
    assert added.status == 0
    assert TOKEN not in file.read_text()
    assert str(tmp_path / "token") in file.read_text()
    assert imcli("list-conversations", "A", "--target", "a").status == 0


@pytest.mark.parametrize(
    ("text", "mode", "said"),
    [
        (TOKEN, 0o644, "can be read or written by others (its mode is 0644)"),
        (TOKEN, 0o620, "can be read or written by others"),
        ("\n", 0o600, "holds no token"),
        ("two words", 0o600, "no HTTP header can carry"),
        ("令牌", 0o600, "no HTTP header can carry"),
        (None, 0, "cannot be read: No such file"),
    ],
)
def test_a_token_file_that_will_not_do_is_refused_at_once(
    imcli: Run, tmp_path: Path, file: Path, text: str | None, mode: int, said: str
) -> None:
    if text is not None:
        written(tmp_path / "token", text, mode)
    ran = imcli("add-context", "a", URL, "--token-file", "token")
    assert ran.status in (2, 3)
    assert said in ran.err
    assert silent(ran)
    assert not file.exists()


WRONG = [
    (["sim", URL], "means a target already"),
    (["embedded", URL], "means a target already"),
    (["1st", URL], "is no name"),
    (["", URL], "is no name"),
    (["a:b", URL], "is no name"),
    (["a" * 65, URL], "more than 64 characters"),
    (["a", "localhost:5001"], "did you mean http://localhost:5001?"),
    (["a", "http://user:pw@h"], "no secrets in an address"),
    (["a", "http://h/?token=x"], "has a query or fragment"),
    (["a", "http://h\x1b[31m"], "it looks like"),
    (["a", URL, "--transport", "tpc"], "did you mean tcp?"),
    (["a", URL, "--token-stdin"], "standard input holds no token"),
    (["a", URL, "--token-stdin", "--token-file", "t"], "cannot be read"),
    (["a", URL, "--token", "x"], "did you mean --token-file or --token-stdin?"),
]


@pytest.mark.parametrize(("argv", "said"), WRONG)
def test_what_makes_no_context_is_refused(
    imcli: Run, file: Path, argv: list[str], said: str
) -> None:
    ran = imcli("add-context", *argv)
    assert ran.status in (2, 3)
    assert said in ran.err
    assert "\x1b" not in ran.err
    assert not file.exists()


def test_a_name_that_is_taken_wants_to_be_replaced(imcli: Run, file: Path) -> None:
    imcli("add-context", "a", URL, "--token-stdin", stdin=TOKEN)
    ran = imcli("add-context", "a", "http://127.0.0.1:5002")
    assert (ran.status, ran.out) == (2, "")
    assert "hint: add --replace" in ran.err
    assert imcli("add-context", "a", "http://127.0.0.1:5002", "--replace").status == 0
    assert "5002" in file.read_text()
    assert TOKEN not in file.read_text()


def test_a_token_over_an_open_line_is_noted(imcli: Run) -> None:
    ran = imcli("add-context", "a", "http://im.example", "--token-stdin", stdin=TOKEN)
    assert "note: http:// carries the token unencrypted" in ran.err
    assert "note" not in imcli("add-context", "b", "https://im.example").err


# Listing, using, removing


def test_contexts_are_listed_without_their_tokens(imcli: Run, tmp_path: Path) -> None:
    written(tmp_path / "token", TOKEN)
    imcli("add-context", "a", URL, "--token-stdin", "--use", stdin=TOKEN)
    imcli("add-context", "b", URL, "--token-file", "token", "--restart", "sv restart im")
    listed = imcli("list-contexts")
    assert listed.lines[0].split() == ["current", "context", "url", "token", "commands"]
    assert listed.lines[1].split() == ["*", "a", URL, "stored", "-"]
    assert listed.lines[2].split() == ["b", URL, str(tmp_path / "token"), "restart"]
    records = imcli("list-contexts", "--output", "json")
    assert [r["token"] for r in records.json] == ["stored", str(tmp_path / "token")]
    assert [r["current"] for r in records.json] == [True, False]
    assert silent(listed, records)


def test_no_context_says_how_to_make_one(imcli: Run) -> None:
    ran = imcli("list-contexts")
    assert (ran.status, ran.out) == (0, "")
    assert "imcli add-context NAME" in ran.err
    assert "there are none yet" in imcli("use-context", "a").err


def test_the_current_context_is_where_verbs_go(imcli: Run, server: FakeWuKongIM) -> None:
    imcli("add-context", "a", server.url, "--token-stdin", stdin=TOKEN)
    assert imcli("use-context", "a").out == f"admin verbs go to a: {server.url}\n"
    assert imcli("send", "B", "A", "hi", "--output", "json").json[0]["target"] == "a"
    assert imcli("use-context", "embedded").status == 0
    assert imcli("send", "B", "A", "hi", "--output", "json").json[0]["target"] == "embedded"


def test_the_embedded_server_is_not_promised_where_the_settings_name_another(
    imcli: Run, tmp_path: Path
) -> None:
    said = imcli("use-context", "embedded", env={"IMCLI_TARGET": "sim"})
    assert "target in IMCLI_TARGET is stronger" in said.err
    assert imcli("use-context", "embedded").err == ""


def test_scenarios_do_not_go_to_the_current_context(imcli: Run, tmp_path: Path) -> None:
    imcli("add-context", "a", "http://127.0.0.1:1", "--use")
    assert imcli("try", "B sends; A deletes B").status == 0


@pytest.mark.parametrize(
    ("flag", "variable", "project", "current", "wanted"),
    [
        ("sim", "embedded", "b", "c", "sim"),
        ("", "sim", "b", "c", "sim"),
        ("", "", "sim", "c", "sim"),
        ("", "", "", "sim-like", "sim-like"),
        ("", "", "", "", "sim"),
    ],
)
def test_what_names_the_target_has_an_order(
    imcli: Run,
    tmp_path: Path,
    server: FakeWuKongIM,
    flag: str,
    variable: str,
    project: str,
    current: str,
    wanted: str,
) -> None:
    written(tmp_path / "config" / "imcli" / "config.toml", 'target = "sim"')
    if project:
        (tmp_path / "imcli.toml").write_text(f'target = "{project}"')
    for name in ("c", "sim-like"):
        imcli("add-context", name, server.url, "--token-stdin", stdin=TOKEN)
    if current:
        imcli("use-context", current)
    argv = ["send", "B", "A", "hi", "--output", "json", *(["--target", flag] if flag else [])]
    ran = imcli(*argv, env={"IMCLI_TARGET": variable})
    assert ran.json[0]["target"] == wanted


def test_the_environment_s_token_is_stronger_than_the_context_s(
    imcli: Run, server: FakeWuKongIM
) -> None:
    imcli("add-context", "a", server.url, "--token-stdin", stdin="wrong")
    argv = ("list-conversations", "A", "--target", "a", "--verbose")
    assert imcli(*argv).status == 4
    ran = imcli(*argv, env={"IMCLI_TOKEN": TOKEN})
    assert ran.status == 0
    assert "that of IMCLI_TOKEN" in ran.err
    assert silent(ran)


def test_a_state_file_is_the_embedded_server_s_whatever_is_current(imcli: Run) -> None:
    imcli("add-context", "a", "http://127.0.0.1:1", "--use")
    assert imcli("send", "B", "A", "hi", "--state", "here.db").status == 0


def test_a_removed_context_is_gone_and_no_longer_current(imcli: Run, file: Path) -> None:
    imcli("add-context", "a", URL, "--token-stdin", "--use", stdin=TOKEN)
    ran = imcli("remove-context", "a")
    assert "admin verbs go to the embedded server" in ran.out
    assert TOKEN not in file.read_text()
    assert imcli("send", "B", "A", "hi").status == 0
    assert imcli("remove-context", "a").status == 2


def test_a_mistyped_context_is_answered_with_the_nearest(imcli: Run) -> None:
    imcli("add-context", "staging", URL)
    for argv in (
        ("send", "B", "A", "hi", "--target", "stagin"),
        ("use-context", "stagin"),
        ("remove-context", "stagin"),
        ("try", "B sends; A deletes B", "--target", "stagin"),
    ):
        ran = imcli(*argv)
        assert (ran.status, ran.out) == (2, ""), argv
        assert "did you mean staging?" in ran.err


def test_a_context_may_be_named_in_the_project_s_file(
    imcli: Run, server: FakeWuKongIM, tmp_path: Path
) -> None:
    imcli("add-context", "a", server.url, "--token-stdin", stdin=TOKEN)
    (tmp_path / "imcli.toml").write_text('target = "a"')
    assert imcli("list-conversations", "A").status == 0


def test_secrets_have_no_place_in_the_project_s_file(imcli: Run, tmp_path: Path) -> None:
    (tmp_path / "imcli.toml").write_text(f'token = "{TOKEN}"')
    ran = imcli("list-groups")
    assert ran.status == 3
    assert "secrets do not belong here" in ran.err
    assert silent(ran)


# The file


def test_a_file_that_others_may_read_is_refused(imcli: Run, file: Path) -> None:
    written(file, f'[contexts.a]\nurl = "{URL}"\ntoken = "{TOKEN}"\n', 0o640)
    ran = imcli("list-conversations", "A", "--target", "a")
    assert (ran.status, ran.out) == (3, "")
    assert "can be read or written by others (its mode is 0640)" in ran.err
    assert "chmod 600" in ran.err
    assert silent(ran)


def test_writing_makes_the_file_private_and_says_so(imcli: Run, file: Path) -> None:
    written(file, f'[contexts.a]\nurl = "{URL}"\ntoken = "{TOKEN}"\n', 0o644)
    ran = imcli("use-context", "a")
    assert ran.status == 0
    assert "(mode 0644); it is 0600 now" in ran.err
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert silent(ran)


DAMAGED = [
    ("= 1", ":1:1:"),
    ("[contexts.a]\nurl = 3\n", "contexts.a: url must be a text"),
    ("[contexts.a]\n", "contexts.a: url is missing"),
    ("[contexts.a]\nurl = 'ftp://h'\n", "contexts.a: url: "),
    ("[contexts.a]\nurl = 'http://h'\ntokn = 'hunter2hunter2'\n", "unknown key 'tokn'; did you"),
    ("[contexts.a]\nurl = 'http://h'\ntransport = 'hunter2hunter2'\n", "transport is none of tcp"),
    ("[contexts.a]\nurl='http://h'\ntoken='hunter2hunter2'\ntoken_file='x'\n", "not both"),
    ("[contexts.sim]\nurl = 'http://h'\n", "means a target already"),
    ("contexts = 3\n", "contexts must be a table"),
    ("current = 3\n", "current must be a text"),
    ("courant = 'a'\n", "unknown key 'courant'"),
    ("current = 'a'\n", "there is no such context"),
    ("\xff", ":1: not UTF-8 text"),
    ("# " + "x" * 1_100_000, "is larger than 1024 KiB"),
]


@pytest.mark.parametrize(("text", "said"), DAMAGED)
def test_a_damaged_file_is_one_clear_message_and_stays_as_it_is(
    imcli: Run, file: Path, text: str, said: str
) -> None:
    written(file, "")
    file.write_bytes(text.encode("latin-1"))
    before = file.read_bytes()
    for argv in (("list-groups",), ("add-context", "b", URL), ("list-contexts",)):
        if said == "there is no such context" and argv[0] != "list-groups":
            continue
        ran = imcli(*argv)
        assert (ran.status, ran.out) == (3, ""), argv
        assert said in ran.err
        assert "Traceback" not in ran.err
        assert silent(ran)
    if said != "there is no such context":
        assert file.read_bytes() == before


def test_what_needs_no_context_runs_with_a_damaged_file(imcli: Run, file: Path) -> None:
    written(file, "= 1")
    for argv in (("list-groups", "--target", "embedded"), ("list-profiles",), ("--version",)):
        assert imcli(*argv).status == 0, argv


def test_comments_and_order_stay(imcli: Run, file: Path) -> None:
    text = (
        "# mine\n\n[contexts.b]   # the old one\nurl = 'http://b'  # do not touch\n\n"
        "# and this\n[contexts.a]\nurl = 'http://a'\n"
    )
    written(file, text)
    assert imcli("use-context", "a").status == 0
    assert imcli("add-context", "c", URL).status == 0
    changed = file.read_text()
    assert changed.startswith('# mine\n\ncurrent = "a"\n[contexts.b]   # the old one\n')
    assert "url = 'http://b'  # do not touch\n" in changed
    assert changed.index("# and this") < changed.index("[contexts.a]") < changed.index("contexts.c")
    assert imcli("remove-context", "c").status == 0
    assert imcli("use-context", "embedded").status == 0
    assert "# do not touch" in file.read_text()


def test_a_link_stays_a_link(imcli: Run, file: Path, tmp_path: Path) -> None:
    real = written(tmp_path / "dotfiles" / "contexts.toml", "")
    file.parent.mkdir(parents=True)
    file.symlink_to(real)
    assert imcli("add-context", "a", URL).status == 0
    assert file.is_symlink()
    assert "contexts.a" in real.read_text()


def test_a_folder_that_cannot_be_written_is_named(imcli: Run, tmp_path: Path) -> None:
    (tmp_path / "config").write_text("a file where a folder should be")
    ran = imcli("add-context", "a", URL)
    assert ran.status == 4
    assert "contexts.toml cannot be written" in ran.err


def test_a_write_that_fails_leaves_the_old_file(
    imcli: Run, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    imcli("add-context", "a", URL)
    before = file.read_text()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    ran = imcli("add-context", "b", URL)
    assert ran.status == 4
    assert "No space left on device" in ran.err
    assert file.read_text() == before
    assert sorted(path.name for path in file.parent.iterdir()) == [file.name, file.name + ".lock"]


def test_edits_at_once_are_all_there_afterwards(tmp_path: Path) -> None:
    names = [f"c{number}" for number in range(8)]
    env = {**os.environ, "XDG_CONFIG_HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path)}
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "imcli", "add-context", name, URL, "--quiet"],
            env=env,
            stdin=subprocess.DEVNULL,
        )
        for name in names
    ]
    assert [process.wait(60) for process in running] == [0] * len(names)
    text = (tmp_path / "imcli" / "contexts.toml").read_text()
    assert all(f"[contexts.{name}]" in text for name in names)


def test_an_edit_that_waits_too_long_says_for_what(
    imcli: Run, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fcntl

    monkeypatch.setattr("imcli.cli.private.LOCK_PAUSE_SECONDS", 0)
    file.parent.mkdir(parents=True)
    with open(f"{file}.lock", "w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        ran = imcli("add-context", "a", URL)
    assert ran.status == 4
    assert "is being written by another imcli" in ran.err


# Secrets


def test_a_secret_shows_itself_only_when_asked(imcli: Run) -> None:
    secret = Secret(TOKEN)
    assert TOKEN not in f"{secret} {secret!r} {[secret]} {(secret,)}"
    assert secret.reveal() == TOKEN
    assert not Secret()


def test_the_token_is_in_nothing_that_is_written(
    imcli: Run, server: FakeWuKongIM, tmp_path: Path
) -> None:
    imcli("add-context", "a", server.url, "--token-stdin", "--use", stdin=TOKEN)
    # A server that says back what it was told, in an error and in an answer.
    said = f'{{"msg":"bad {TOKEN}","status":400}}'.encode()
    server.misbehave["/conversations/delete"] = lambda _: (400, said)
    (tmp_path / "s.toml").write_text(
        'title = "T"\nusers = ["A", "B"]\nsteps = ["A deletes B", "assert A sees B"]\n'
    )
    ran = [
        imcli("delete-conversation", "A", "B", "--verbose"),
        imcli("delete-conversation", "A", "B", "--verbose", "--dry-run", "--output", "json"),
        imcli("add-context", "a", server.url, "--token-stdin", stdin=TOKEN),
        *(imcli("list-conversations", "A", "--output", form) for form in ("json", "plain")),
        imcli("run-scenario", "s.toml", "--target", "a", "--jsonl", "j", "--report-issue", "i"),
        imcli("list-conversations", "A", env={"IMCLI_TOKEN": TOKEN + "wrong"}),
    ]
    assert [r.status for r in ran] == [7, 0, 2, 0, 0, 4, 4]
    assert silent(*ran)
    for name in ("j", "i"):
        assert TOKEN not in (tmp_path / name).read_text()
        assert "/conversations/delete" in (tmp_path / name).read_text()


def test_contexts_are_kept_in_the_order_in_which_they_came(imcli: Run) -> None:
    for number in range(5):
        imcli("add-context", f"c{9 - number}", URL)
    listed = imcli("list-contexts", "--output", "json").json
    assert [each["context"] for each in listed] == ["c9", "c8", "c7", "c6", "c5"]


def test_a_stronger_target_is_noted_where_one_chooses_a_context(imcli: Run, tmp_path: Path) -> None:
    imcli("add-context", "a", URL)
    assert imcli("use-context", "a").err == ""
    ran = imcli("use-context", "a", env={"IMCLI_TARGET": "sim"})
    assert ran.err == "note: here target in IMCLI_TARGET is stronger\n"
    (tmp_path / "imcli.toml").write_text('target = "sim"')
    assert "imcli.toml is stronger" in imcli("use-context", "a").err


def test_a_password_in_an_address_is_not_repeated(imcli: Run, tmp_path: Path) -> None:
    url = f"http://ann:{TOKEN}@im.example"
    for ran in (
        imcli("list-groups", "--verbose", env={"IMCLI_TARGET": url}),
        imcli("list-groups", "--verbose", "--target", url),
        imcli("add-context", "a", url),
        imcli("doctor", url),
    ):
        assert ran.status == 2
        assert silent(ran)


def test_a_token_file_that_is_no_file_is_refused(imcli: Run, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    for name in ("folder", "/dev/null"):
        ran = imcli("add-context", "a", URL, "--token-file", name)
        assert ran.status == 3
        assert "is no file" in ran.err or "Is a directory" in ran.err


def test_a_file_of_somebody_else_is_refused(
    imcli: Run, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(file, f'[contexts.a]\nurl = "{URL}"\n')
    monkeypatch.setattr("os.geteuid", lambda: 4711)
    found = os.stat(file)
    monkeypatch.setattr(
        "imcli.cli.private.os.fstat",
        lambda _: os.stat_result((*found[:4], 4712, *found[5:])),
    )
    ran = imcli("list-contexts")
    assert (ran.status, ran.out) == (3, "")
    assert "belongs to somebody else" in ran.err
