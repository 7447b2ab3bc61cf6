"""Scenario files as files: found, bounded, checked, formatted, explained."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from imcli.cli.running.files import FILE_BYTES_MAX, find_files, read_text, write_text
from imcli.cli.world import World, here
from imcli.model.errors import InvalidInput, UsageError
from tests.cli.conftest import Run

UGLY = """\
title="Ugly"   # why
users = ["A", "B"]
steps = '''
B   sends  A   "hi" as m1     # a note
assert   A sees B
'''
"""


def world(folder: Path) -> World:
    return here()._replace(cwd=str(folder))


def test_a_folder_is_searched_in_order_without_what_is_no_scenario(tmp_path: Path) -> None:
    for name in ("b.toml", "a/z.toml", "a/a.toml", "imcli.toml", ".hidden.toml", "readme.md"):
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_text("")
    (tmp_path / "in" / ".git").mkdir()
    (tmp_path / "in" / ".git" / "x.toml").write_text("")
    assert find_files(world(tmp_path), ["in", "in/b.toml"]) == [
        "in/b.toml",
        "in/a/a.toml",
        "in/a/z.toml",
    ]


def test_a_file_that_is_named_is_taken_whatever_it_is_called(tmp_path: Path) -> None:
    (tmp_path / "case.txt").write_text("")
    assert find_files(world(tmp_path), ["case.txt"]) == ["case.txt"]


def test_a_big_file_is_refused_before_it_is_read(imcli: Run, tmp_path: Path) -> None:
    (tmp_path / "big.toml").write_bytes(b"#" * (10 * 1024 * 1024))
    ran = imcli("check-scenario", "big.toml")
    assert (ran.status, ran.out) == (3, "")
    assert f"larger than {FILE_BYTES_MAX // 1024} KiB" in ran.err


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xff\xfe", "x.toml:1: not UTF-8 text"),
        (b"title = 'a'\n\xff", "x.toml:2: not UTF-8 text"),
        (b"\0", "U+0000"),
        (b"", "title"),
    ],
)
def test_what_is_no_scenario_is_invalid(
    imcli: Run, tmp_path: Path, content: bytes, said: str
) -> None:
    (tmp_path / "x.toml").write_bytes(content)
    ran = imcli("check-scenario", "x.toml")
    assert (ran.status, ran.out) == (3, "")
    assert said in ran.err


def test_a_mark_at_the_beginning_of_a_file_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_bytes(b"\xef\xbb\xbftitle")
    assert read_text(world(tmp_path), "x.toml") == "title"


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is unreadable for root")
def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.toml").touch(mode=0)
    with pytest.raises(InvalidInput, match=r"x\.toml cannot be read"):
        read_text(world(tmp_path), "x.toml")


def test_a_file_is_replaced_whole_and_keeps_its_mode(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("old")
    (tmp_path / "x").chmod(0o640)
    write_text(world(tmp_path), "x", "new")
    assert (tmp_path / "x").read_text() == "new"
    assert (tmp_path / "x").stat().st_mode & 0o777 == 0o640
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_a_link_is_followed_and_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    write_text(world(tmp_path), "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"


def test_what_is_no_plain_file_is_written_to(tmp_path: Path) -> None:
    write_text(world(tmp_path), "/dev/null", "text")
    with pytest.raises(UsageError, match="cannot be written"):
        write_text(world(tmp_path), ".", "text")


# check


def test_valid_files_are_counted_on_stderr(imcli: Run, tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text(UGLY)
    assert imcli("check-scenario", "x.toml") == (0, "", "1 file with 1 case: all valid\n")


def test_hostile_files_are_told_about_harmlessly(imcli: Run, tmp_path: Path) -> None:
    for number, text in enumerate(["[/oops]", "\u202e", "\u200b", "A \x7f", "👩‍👩‍👧", "\x1b[31m"]):
        (tmp_path / f"{number}.toml").write_text(f'title = "{text}"\nsteps = ["{text} {text}"]\n')
    ran = imcli("check-scenario", ".")
    assert (ran.status, ran.out) == (3, "")
    assert all(c == "\n" or c.isprintable() for c in ran.err)


# format


def test_formatting_keeps_comments_and_changes_nothing_twice(imcli: Run, tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text(UGLY)
    assert imcli("format-scenario", "x.toml") == (0, "", "1 file, 1 changed\n")
    text = (tmp_path / "x.toml").read_text()
    assert 'B sends A "hi" as m1' in text
    assert "# why" in text
    assert "# a note" in text
    assert imcli("format-scenario", "x.toml") == (0, "", "1 file, 0 changed\n")


def test_a_check_of_the_form_names_files_and_writes_nothing(imcli: Run, tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text(UGLY)
    assert imcli("format-scenario", "x.toml", "--check") == (
        1,
        "x.toml\n",
        "1 file, 1 would change\n",
    )
    assert (tmp_path / "x.toml").read_text() == UGLY


def test_a_difference_is_printed_and_nothing_written(imcli: Run, tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text(UGLY)
    ran = imcli("format-scenario", "x.toml", "--diff")
    assert ran.status == 1
    assert '-title="Ugly"' in ran.out
    assert '+title = "Ugly"' in ran.out
    assert (tmp_path / "x.toml").read_text() == UGLY


def test_one_invalid_file_leaves_all_files_as_they_are(imcli: Run, tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(UGLY)
    (tmp_path / "b.toml").write_text("= 1")
    assert imcli("format-scenario", ".").status == 3
    assert (tmp_path / "a.toml").read_text() == UGLY


# explain


def test_an_explanation_shows_steps_waits_and_needs(imcli: Run, tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text(
        'title = "T"\nusers = { A = ["phone", "kiosk:web"], B = ["phone"] }\n'
        'groups = { team = ["A", "B"] }\n'
        "given = ['backend sends A \"hi\" from B']\n"
        "steps = ['A reads B', 'assert within 5s A sees B', 'assert for 2s A does not see #team', "
        "'wait 1s', 'assert A sees B']\n"
        "cleanup = ['A deletes B']\n"
    )
    ran = imcli("explain-scenario", "x.toml")
    assert (ran.status, ran.err) == (0, "")
    for line in (
        "  A: phone, kiosk:web",
        "  #team: A, B",
        "  given",
        "     2  assert within 5s A sees B    (waits at most 5 s)",
        "     3  assert for 2s A does not see #team    (watches for 2 s)",
        "     4  wait 1s    (lets 1 s pass)",
        "  cleanup",
        "  on sim: runs; time is virtual",
        "  on a live server: 4 requests and frames to act, and at worst 10 s",
    ):
        assert line in ran.lines
    assert any("POST /conversations/delete" in line for line in ran.lines)


def test_an_explanation_says_why_a_live_server_cannot(imcli: Run, tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text(
        'title = "T"\nusers = ["A", "B"]\n'
        'steps = ["together:\\n  B sends\\n  A deletes B", "server restarts"]\n'
    )
    ran = imcli("explain-scenario", "x.toml")
    assert 'on a live server: skipped: needs "restart"' in ran.out
    assert "needs sessions" in ran.out


def test_an_explanation_shows_the_frames_of_devices(imcli: Run, tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text(
        'title = "T"\nusers = ["A", "B"]\n'
        'steps = ["A.phone disconnects", "B sends", "A.phone connects"]\n'
    )
    ran = imcli("explain-scenario", "x.toml")
    assert ran.lines[-2:] == ["        B.phone -> SEND to A", "        A.phone -> CONNECT"]


def test_a_file_that_is_longer_than_it_says_is_read_to_its_end(imcli: Run) -> None:
    """A pipe has no size; what stands in it is read all the same."""
    read_end, write_end = os.pipe()
    text = 'title = "x"\nusers = ["A", "B"]\nsteps = ["B sends"]\n'
    os.write(write_end, text.encode())
    os.close(write_end)
    try:
        assert imcli("check-scenario", f"/dev/fd/{read_end}").status == 0
    finally:
        os.close(read_end)


def test_a_pipe_into_which_nobody_writes_is_not_waited_for(imcli: Run, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "f.toml")
    ran = imcli("check-scenario", "f.toml")
    assert (ran.status, ran.out) == (3, "")
    assert "the key `title` is missing" in ran.err


def written(writer: int, content: bytes) -> None:
    os.write(writer, content)
    os.close(writer)


def test_a_pipe_is_read_to_its_end(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    thread = threading.Thread(target=written, args=(writer, b"title"))
    thread.start()
    try:
        assert read_text(world(tmp_path), f"/dev/fd/{reader}") == "title"
    finally:
        thread.join()
        os.close(reader)


def test_a_name_with_control_characters_is_written_visibly(imcli: Run, tmp_path: Path) -> None:
    (tmp_path / "a\x1b[31m.toml").write_text(UGLY, encoding="utf-8")
    ran = imcli("format-scenario", "--check", ".")
    assert ran.status == 1
    assert "\x1b" not in ran.out
    assert "31m.toml" in ran.out


@pytest.mark.parametrize("option", ["--junit", "--jsonl", "--report-issue"])
def test_a_report_never_replaces_a_scenario(imcli: Run, tmp_path: Path, option: str) -> None:
    for name in ("a.toml", "case.txt"):
        (tmp_path / name).write_text(UGLY, encoding="utf-8")
    behind = ("case.txt", option, "case.txt")
    for paths in (("a.toml", option, "./a.toml"), (option, "a.toml", "."), behind):
        ran = imcli("run-scenario", *paths)
        assert (ran.status, ran.out) == (2, "")
        assert "a report would replace it" in ran.err
    assert {(tmp_path / n).read_text(encoding="utf-8") for n in ("a.toml", "case.txt")} == {UGLY}
