"""A durable server that stays: commits per turn, kills, restarts, who else may have the file."""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from imcli.model.actions import (
    AddDevice,
    Connect,
    Crash,
    CreateGroup,
    CreateUser,
    Flush,
    Restart,
    Send,
)
from imcli.model.errors import TargetUnavailable, UsageError
from imcli.model.events import Accepted
from imcli.model.questions import Seen
from imcli.simulator.profiles import builtin_names, load_profile
from imcli.simulator.server import Server
from imcli.simulator.wukongim.api.routes import answer
from imcli.targets.embedded import open_embedded
from imcli.targets.sqlite_store import Store, open_store
from imcli.trace.programs import Program, random_program
from tests.targets.killing import Spawner

WRITER = """
import random, sys
from imcli.model.actions import AddDevice, CreateUser, Send
from imcli.model.events import Accepted
from imcli.targets.sqlite_store import open_store
path, start, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
chance = random.Random(seed)
reports = open(1, "wb", buffering=0, closefd=False)
store = open_store(path, remembered_max=5)
for user in ("A", "B", "C"):
    store.server.apply(CreateUser(user))
store.commit()
reports.write(b"ready\\n")
while True:
    said = []
    for _ in range(chance.randrange(1, 20)):
        text, sender = f"n{start}", chance.choice("BC")
        events = store.server.apply(Send(sender, "", "A", text + "." * (start % 7 * 300), text))
        accepted = next(event for event in events if isinstance(event, Accepted))
        said.append(f"{sender} {text} {accepted.seq}\\n")
        start += 1
    store.commit()
    reports.write("".join(said).encode())
"""


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "state.db")


def abandon(store: Store) -> None:
    """Leave a store as a killed process does."""
    store._file.close()
    store._claim.release()


def people(server: Server, *users: str) -> None:
    for user in users:
        server.apply(CreateUser(user))
        server.apply(AddDevice(user, "phone", online=True))


# What is kept


def test_everything_is_there_again_and_the_profile_too(path: str) -> None:
    with open_store(path, load_profile("wukongim-2.2.5")) as store:
        people(store.server, "A", "B")
        store.server.apply(CreateGroup("#team", ("A", "B")))
        store.server.apply(Send("B", "", "A", "hi", "n1"))
        token = {"uid": "A", "token": "secret", "device_flag": 1, "device_level": 1}
        assert answer(store.server, "POST", "/user/token", {}, token)[0] == 200
        assert answer(store.server, "POST", "/user/systemuids_add", {}, {"uids": ["S"]})[0] == 200
        store.commit()
    with open_store(path) as store:
        assert not store.crashed
        state = store.server.state
        assert store.server.profile.name == "wukongim-2.2.5"
        assert list(state.users) == ["A", "B", "S"]
        assert state.users["A"].tokens == {1: ("secret", 1)}
        assert state.users["S"].system
        assert not any(device.session for device in state.users["A"].devices.values())
        assert list(state.channels["#team"].members) == ["A", "B"]
        assert [m.text for m in store.server.history("A", "B")] == ["hi"]


@pytest.mark.parametrize(
    ("version", "crashes", "kept"),
    [
        ("2.1.3", False, 0),
        ("2.1.3", True, 0),
        ("2.2.0", False, 1),
        ("2.2.0", True, 0),
        ("2.2.5", False, 1),
        ("2.2.5", True, 0),
    ],
)
def test_what_was_only_in_memory_is_kept_as_the_profile_keeps_it(
    path: str, version: str, crashes: bool, kept: int
) -> None:
    profile = replace(load_profile(f"wukongim-{version}"), flush_interval=3_600_000)
    store = open_store(path, profile)
    people(store.server, "A", "B")
    store.server.apply(Send("B", "phone", "A", "hi", "n1"))
    store.commit()
    if crashes:
        abandon(store)
    else:
        store.close()
    with open_store(path) as store:
        assert store.crashed == crashes
        assert len(store.server.listing("A").entries) == kept
        assert [m.text for m in store.server.history("A", "B")] == ["hi"]


def test_what_was_not_committed_is_gone_and_nothing_else(path: str) -> None:
    store = open_store(path)
    people(store.server, "A", "B")
    store.server.apply(Send("B", "phone", "A", "one", "n1"))
    store.commit()
    store.server.apply(Send("B", "phone", "A", "two", "n2"))
    abandon(store)
    with open_store(path) as store:
        assert [m.text for m in store.server.history("A", "B")] == ["one"]
        store.server.apply(Send("B", "", "A", "three", "n3"))
        assert [m.seq for m in store.server.history("A", "B")] == [1, 2]


def test_a_message_that_is_not_kept_is_recognised_by_the_next_server(path: str) -> None:
    typed = Send("B", "phone", "A", "typing", "n1", no_persist=True)
    with open_store(path) as store:
        people(store.server, "A", "B")
        store.server.apply(typed)
    with open_store(path) as store:
        for user in ("A", "B"):
            store.server.apply(Connect(user, "phone"))
        other = Send("B", "phone", "A", "typing", "n2", no_persist=True)
        found = [store.server.apply(send) for send in (typed, other, other)]
    accepted = [event for events in found for event in events if isinstance(event, Accepted)]
    assert [event.duplicate for event in accepted] == [True, False, True]


def test_a_command_and_a_server_have_the_file_one_after_the_other(path: str) -> None:
    with closing(open_embedded(path)) as target:
        for user in ("A", "B"):
            target.perform(CreateUser(user))
        target.perform(Send("B", "", "A", "from a command", "n1"))
    with open_store(path) as store:
        store.server.apply(Send("B", "", "A", "from a server", "n2"))
    with closing(open_embedded(path)) as target:
        assert len(target.server.history("A", "B")) == 2
        entries = target.observe(Seen("A", "phone"))
        assert entries is not None


@pytest.mark.parametrize("profile", builtin_names())
@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_a_program_over_a_file_is_the_same_as_in_memory(
    tmp_path_factory: pytest.TempPathFactory, profile: str, seed: int
) -> None:
    same_as_in_memory(str(tmp_path_factory.mktemp("store") / "s.db"), profile, seed)


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@given(profile=st.sampled_from(builtin_names()), seed=st.integers(0, 2**32))
def test_many_programs_over_a_file_are_the_same_as_in_memory(
    tmp_path_factory: pytest.TempPathFactory, profile: str, seed: int
) -> None:
    same_as_in_memory(str(tmp_path_factory.mktemp("store") / "s.db"), profile, seed)


def same_as_in_memory(path: str, profile: str, seed: int) -> None:
    """Play a program in memory and over a file, with commits, ends and kills in between."""
    chance = random.Random(seed)
    program = random_program(chance, 40)
    memory = Server(load_profile(profile))
    store = open_store(path, memory.profile, remembered_max=chance.choice((0, 3, 1000)))
    begin(memory, program)
    begin(store.server, program)
    for action in program.actions:
        assert store.server.apply(action) == memory.apply(action)
        if chance.random() < 0.5:
            store.commit()
        if chance.random() < 0.1:
            assert store.server.digest() == memory.digest()
        if chance.random() < 0.1:
            store = come_up_again(store, memory, crashes=chance.random() < 0.5)
    assert store.server.digest() == memory.digest()
    with come_up_again(store, memory, crashes=False) as store:
        assert store.server.digest() == memory.digest()


def come_up_again(store: Store, memory: Server, *, crashes: bool) -> Store:
    """End both, one way or the other; what was asked for since the last commit is committed."""
    path, remembered = store._file.path, store._remembered_max
    if crashes:
        store.commit()
        abandon(store)
    else:
        store.close()
    if memory.state.order:
        memory.apply(Crash() if crashes else Restart())
    memory.state.offered = {}
    return open_store(path, remembered_max=remembered)


def begin(server: Server, program: Program) -> None:
    for user, devices in program.users:
        server.apply(CreateUser(user))
        for device in devices:
            server.apply(AddDevice(user, device.name, device.kind, device.level, True))
    for group, members in program.groups:
        server.apply(CreateGroup(f"#{group.removeprefix('#')}", members))


# Kills


def survive(path: str, kills: int, seed: int) -> None:
    """Kill a server so many times in the middle of turns; what it had committed must be there."""
    chance = random.Random(seed)
    reported: list[str] = []
    number = 0
    with Spawner(WRITER) as spawner:
        for start in range(kills):
            arguments = (path, number, chance.randrange(2**32))
            reported += spawner.run_and_kill(arguments, chance.uniform(0, 25), start % 2 * 3)
            number += 10_000
    with open_store(path) as store:
        assert store.crashed
        there = {
            f"{message.sender} {message.client_msg_no} {message.seq}"
            for peer in ("B", "C")
            for message in store.server.history("A", peer)
        }
        assert [line for line in reported if line not in there] == []
        for peer in ("B", "C"):
            seqs = [message.seq for message in store.server.history("A", peer)]
            assert seqs == list(range(1, len(seqs) + 1))
    assert len(reported) > kills, "a test in which nothing was reported shows nothing"
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_nothing_committed_is_lost_when_the_server_is_killed_50_times(path: str) -> None:
    survive(path, kills=50, seed=1)


@pytest.mark.slow
def test_nothing_committed_is_lost_when_the_server_is_killed_500_times(path: str) -> None:
    survive(path, kills=500, seed=2)


# Commits


def commits(store: Store) -> list[str]:
    """Note each commit from now on."""
    seen: list[str] = []
    store._db.set_trace_callback(lambda sql: seen.append(sql) if sql == "COMMIT" else None)
    return seen


def test_whatever_comes_together_is_one_commit_and_nothing_is_none(path: str) -> None:
    with open_store(path) as store:
        people(store.server, "A", "B")
        store.commit()
        seen = commits(store)
        for number in range(100):
            store.server.apply(Send("B", "phone", "A", "x", f"n{number}"))
        store.commit()
        assert len(seen) == 1
        store.server.listing("A")
        store.commit()
        assert len(seen) == 1


def test_that_time_has_passed_is_written_where_it_matters(path: str) -> None:
    with open_store(path) as store:
        people(store.server, "A")
        store.commit()
        seen = commits(store)
        store.server.advance_to(store.server.state.now + 5000)
        store.commit(time_matters=False)
        assert len(seen) == 0
        store.commit()
        assert len(seen) == 1


def test_only_what_was_changed_is_written(path: str) -> None:
    with open_store(path) as store:
        people(store.server, *(f"U{n}" for n in range(50)))
        for n in range(1, 50):
            store.server.apply(Send(f"U{n}", "phone", "U0", "x", "n1"))
        store.commit()
        written: list[str] = []
        store._db.set_trace_callback(written.append)
        store.server.apply(Send("U1", "phone", "U0", "y", "n2"))
        store.commit()
    assert len([sql for sql in written if sql.startswith(("INSERT", "UPDATE"))]) < 10


def test_memory_is_let_go_and_everything_is_read_again(path: str) -> None:
    with open_store(path, remembered_max=10) as store:
        people(store.server, *(f"U{n}" for n in range(30)))
        store.commit()
        assert store._state.remembered == 0
        store.server.apply(Send("U1", "phone", "U0", "x", "n1"))
        store.commit()
        assert store._state.remembered <= 10
        assert len(store.server.state.users) == 30


def test_coming_up_reads_everybody_and_keeps_nobody_in_memory(path: str) -> None:
    with open_store(path) as store:
        for number in range(100):
            store.server.apply(CreateUser(f"U{number}"))
        people(store.server, "A")
        store.server.apply(Send("A", "phone", "U1", "x", "n1"))
        store.commit()
        abandon(store)
    with open_store(path) as store:
        assert store.crashed
        assert store._state.remembered < 10


def test_a_flush_and_its_timer_survive_a_stop(path: str) -> None:
    profile = replace(load_profile("wukongim-2.2.5"), flush_interval=60_000)
    with open_store(path, profile) as store:
        people(store.server, "A", "B")
        store.server.apply(Send("B", "phone", "A", "hi", "n1"))
        assert store.server.kept("A", "B") is None
    with open_store(path) as store:
        store.server.advance_to(store.server.state.now + 60_000)
        assert store.server.kept("A", "B") is not None
        store.server.apply(Flush())


# Who may have the file


def test_a_second_server_and_a_command_are_told_that_the_file_is_in_use(path: str) -> None:
    script = (
        "import sys\n"
        "from imcli.model.errors import TargetUnavailable\n"
        "from imcli.targets.embedded import open_embedded, reset\n"
        "from imcli.targets.sqlite_store import open_store\n"
        "for attempt in (open_embedded, open_store, reset):\n"
        "    try:\n"
        "        attempt(sys.argv[1])\n"
        "    except TargetUnavailable as error:\n"
        "        print(error)\n"
    )
    with open_store(path):
        other = subprocess.run(
            [sys.executable, "-c", script, path], stdout=subprocess.PIPE, text=True, check=True
        )
    assert other.stdout == f"the state file {path} is in use by `imcli serve`\n" * 3
    with open_store(path) as store:
        assert not store.crashed


def test_two_servers_that_come_at_once_do_not_both_get_the_file(path: str) -> None:
    script = (
        "import sys\n"
        "from imcli.model.errors import TargetUnavailable\n"
        "from imcli.targets.sqlite_store import open_store\n"
        "try:\n"
        "    store = open_store(sys.argv[1])\n"
        "    print('mine', flush=True)\n"
        "    sys.stdin.read()\n"
        "    store.close()\n"
        "except TargetUnavailable as error:\n"
        "    print('refused', flush=True)\n"
    )
    servers = [
        subprocess.Popen(
            [sys.executable, "-c", script, path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    said = sorted(server.stdout.readline().strip() for server in servers if server.stdout)
    for server in servers:
        server.communicate()
    assert said == ["mine", "refused", "refused"]


def test_another_profile_is_refused(path: str) -> None:
    open_store(path, load_profile("wukongim-2.1.3")).close()
    with pytest.raises(UsageError, match=r"made with the profile wukongim-2\.1\.3, not reference"):
        open_store(path, load_profile("reference"))
    with open_store(path) as store:
        assert store.server.profile.name == "wukongim-2.1.3"


def test_a_foreign_or_damaged_file_is_left_as_it_is(path: str) -> None:
    Path(path).write_bytes(b"no database at all, and long enough to have a header" * 9)
    with pytest.raises(TargetUnavailable, match="is not a state file"):
        open_store(path)
    assert Path(path).read_bytes().startswith(b"no database")


def fill(store: Store) -> None:
    for number in range(400):
        store.server.apply(Send("B", "phone", "A", "x" * 1000, f"n{number}"))
    store.commit()


def test_a_file_that_cannot_be_written_any_more_ends_the_commit(path: str) -> None:
    store = open_store(path)
    people(store.server, "A", "B")
    store.commit()
    store._db.execute("PRAGMA max_page_count = 1")  # as small as it can be: nothing more fits
    with pytest.raises(TargetUnavailable, match="there is no space left"):
        fill(store)
    with pytest.raises(TargetUnavailable, match="there is no space left"):  # it is remembered
        store.commit()
    with pytest.raises(TargetUnavailable, match="there is no space left"):
        store.server.advance_to(1)
    abandon(store)
    with open_store(path) as store:
        assert list(store.server.state.users) == ["A", "B"]
        assert store.server.history("A", "B") == ()


def test_closing_twice_is_closing_once(path: str) -> None:
    store = open_store(path)
    store.close()
    store.close()
    assert os.path.exists(path)
