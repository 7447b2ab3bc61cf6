"""The embedded server: the simulator's laws over a file, and a file that nobody harms."""

from __future__ import annotations

import os
import random
import sqlite3
import stat
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imcli.model.actions import (
    Action,
    AddDevice,
    AddMembers,
    Connect,
    Crash,
    CreateGroup,
    CreateUser,
    Delete,
    Disconnect,
    Dismiss,
    Drop,
    Fault,
    Flush,
    Kick,
    Restart,
    Send,
    SetClock,
    Synchronise,
    Wait,
)
from imcli.model.errors import TargetUnavailable, UsageError
from imcli.model.events import ListAnswer
from imcli.model.questions import (
    Agreement,
    History,
    HistoryView,
    ListView,
    Observable,
    Presence,
    PresenceView,
    Question,
    Received,
    Seen,
    Shown,
)
from imcli.simulator.profiles import REFERENCE, builtin_names, load_profile
from imcli.targets.base import Cast, Directory, GroupRow, Target
from imcli.targets.embedded import EmbeddedTarget, open_embedded, reset
from imcli.targets.embedded_case import EmbeddedCase, open_embedded_case
from imcli.targets.simulated import SimulatedTarget, open_simulated
from imcli.targets.sqlite_file import APPLICATION_ID, open_state_file
from imcli.targets.sqlite_formats import FORMAT
from imcli.targets.sqlite_sound import misfit
from imcli.trace.programs import random_program


class Wall:
    """A wall clock that only `sleep` moves."""

    def __init__(self) -> None:
        self.now_ms = 1_795_418_321_000

    def now(self) -> int:
        return self.now_ms

    def sleep(self, duration_ms: int) -> None:
        self.now_ms += duration_ms


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "state folder é" / "state.db")


def opened(path: str, wall: Wall | None = None, profile: str | None = None) -> EmbeddedTarget:
    wall = wall or Wall()
    return open_embedded(path, profile, now_ms=wall.now, sleep=wall.sleep)


def make_users(target: Target, *users: str) -> None:
    for user in users:
        for action in (CreateUser(user), AddDevice(user, "phone"), Connect(user, "phone")):
            assert target.perform(action).result == "ok"


def do(path: str, *actions: Action, wall: Wall | None = None) -> EmbeddedTarget:
    """Do each action in a command of its own; gives one more open target."""
    for action in actions:
        with closing(opened(path, wall)) as target:
            outcome = target.perform(action)
            assert outcome.result == "ok", outcome
    return opened(path, wall)


def texts(target: Target, user: str, chat: str) -> list[str]:
    view = target.observe(History(user, "phone", chat))
    assert isinstance(view, HistoryView)
    return [message.text for message in view.messages]


def listed(target: Target, user: str) -> list[tuple[str, int, list[str]]]:
    view = target.observe(Seen(user, "phone"))
    assert isinstance(view, ListView)
    return [(e.chat, e.unread, [m.text for m in e.messages]) for e in view.entries]


# The server


def test_a_deleted_conversation_is_back_in_a_fourth_process(path: str) -> None:
    with closing(opened(path)) as target:
        make_users(target, "A", "B")
    with closing(
        do(
            path,
            Send("B", "phone", "A", "hi", "n1"),
            Delete("A", "phone", "B"),
            Send("B", "phone", "A", "again", "n2"),
        )
    ) as target:
        assert listed(target, "A") == [("B", 1, ["again"])]


def test_it_is_a_target_and_a_directory(path: str) -> None:
    with closing(opened(path)) as target:
        world: Target = target
        assert isinstance(world, Directory)
        assert world.identity.kind == "embedded"
        assert {"sessions", "stored-record", "clear"} <= world.capabilities
        assert world.capabilities.isdisjoint({"time", "restart", "crash", "faults", "clocks"})


def test_who_and_what_is_there_can_be_listed(path: str) -> None:
    with closing(opened(path)) as target:
        make_users(target, "B", "A")
        target.perform(AddDevice("A", "web", "web"))
        for group in ("#two", "#one"):
            target.perform(CreateGroup(group, ("A", "B")))
        target.perform(Dismiss("#one"))
        target.perform(Kick("B", "phone"))
        assert target.users() == ("A", "B")
        assert [(row.device, row.kind, row.state) for row in target.devices("A")] == [
            ("phone", "app", "online"),
            ("web", "web", "offline"),
        ]
        assert [row.state for row in target.devices("B")] == ["kicked"]
        assert target.devices("nobody") == ()
        assert target.groups() == (GroupRow("#one", (), True), GroupRow("#two", ("A", "B")))
        assert target.observe(Presence("A", "phone")) == PresenceView("online")


@pytest.mark.parametrize(
    "action",
    [Restart(), Crash(), Fault("A", "phone", "heals"), SetClock(1), Drop("A", "phone")],
)
def test_what_only_virtual_worlds_can_is_refused(path: str, action: Action) -> None:
    with closing(opened(path)) as target:
        make_users(target, "A")
        assert target.perform(action).reason == "unsupported"


@pytest.mark.parametrize("question", [Shown("A", "phone"), Received("A", "phone"), Agreement("A")])
def test_devices_keep_nothing_between_commands(path: str, question: Question) -> None:
    with closing(opened(path)) as target:
        make_users(target, "A")
        with pytest.raises(TargetUnavailable, match="keep nothing"):
            target.observe(question)
        answer = target.perform(Synchronise("A", "phone")).events[0]
        assert isinstance(answer, ListAnswer)
        assert answer.full


def test_looking_changes_nothing(path: str) -> None:
    with closing(opened(path)) as target:
        make_users(target, "A", "B")
        target.perform(Send("B", "phone", "A", "hi", "n1"))
        before = contents(path)
        for question in (Seen("A", "phone"), History("A", "phone", "B"), Observable("B")):
            target.observe(question)
        target.settle()
        assert target.timers() == ()
        assert contents(path) == before


def contents(path: str) -> list[str]:
    with closing(sqlite3.connect(path)) as db:
        return list(db.iterdump())


# Time


class Enough(Exception):
    """Ends a block."""


def write_and_give_up(target: EmbeddedTarget) -> None:
    with target.together():
        make_users(target, "C")
        target.perform(Send("C", "phone", "A", "hi", "c1"))
        raise Enough


@pytest.mark.parametrize("profile", ["reference", "wukongim-2.2.5"])
def test_what_is_done_together_is_done_or_not_begun(path: str, profile: str) -> None:
    target = opened(path, profile=profile)
    with target.together():
        make_users(target, "A", "B")
        assert target.perform(Send("B", "phone", "A", "hi", "c1")).result == "ok"
        assert target.users() == ("A", "B")
    before = contents(path)
    with pytest.raises(Enough):
        write_and_give_up(target)
    assert (target.users(), contents(path)) == (("A", "B"), before)
    make_users(target, "C")
    target.close()
    with closing(opened(path)) as target:
        assert target.users() == ("A", "B", "C")


def test_server_time_is_the_wall_clock_and_never_goes_back(path: str) -> None:
    wall = Wall()
    with closing(opened(path, wall)) as target:
        make_users(target, "A", "B")
        assert target.now() == wall.now_ms
        times = []
        for step, number in ((7_000, "n1"), (-9_000, "n2"), (1, "n3")):
            wall.now_ms += step
            target.perform(Send("B", "phone", "A", "hi", number))
        view = target.observe(History("A", "phone", "B"))
        assert isinstance(view, HistoryView)
        times = [message.time_ms - 1_795_418_321_000 for message in view.messages]
        assert times == [7_000, 7_000, 7_000]


def test_a_message_expires_between_two_commands(path: str) -> None:
    wall = Wall()
    with closing(opened(path, wall)) as target:
        make_users(target, "A", "B")
        target.perform(Send("B", "phone", "A", "hi", "n1", expire_ms=5_000))
        wall.now_ms += 4_999
        assert texts(target, "A", "B") == ["hi"]
        wall.now_ms += 1
        assert texts(target, "A", "B") == []


def test_waiting_and_advancing_take_real_time(path: str) -> None:
    wall = Wall()
    with closing(opened(path, wall)) as target:
        target.perform(Wait(1_000))
        assert wall.now_ms == 1_795_418_322_000
        until = target.now() + 15
        assert [target.advance(until) for _ in range(3)] == [True, True, False]


def test_rows_in_memory_are_stored_by_the_first_command_after_the_interval(path: str) -> None:
    wall = Wall()
    with closing(opened(path, wall, "wukongim-2.1.3")) as target:
        make_users(target, "A", "B")
        target.perform(Send("B", "phone", "A", "hi", "n1"))
        waiting = target.timers()
        assert len(waiting) == 1
        wall.now_ms += 600_000
        target.perform(Disconnect("B", "phone"))
        assert target.timers() == ()
        assert target.perform(Flush()).result == "ok"


# The profile


def test_the_profile_of_a_new_file_is_remembered(path: str) -> None:
    with closing(opened(path, profile="two-way")) as target:
        assert target.identity.profile == "two-way"
        target.perform(CreateUser("A"))
    with closing(opened(path)) as target:
        assert target.identity.profile == "two-way"
    with closing(opened(path, profile="two-way")) as target:
        assert target.server.profile == load_profile("two-way")


def test_another_profile_on_an_existing_file_is_an_error(path: str) -> None:
    with closing(opened(path)) as target:
        target.perform(CreateUser("A"))
    with pytest.raises(UsageError, match=r"made with the profile reference, not two-way"):
        opened(path, profile="two-way")


@pytest.mark.parametrize("first", [None, "requests", "wukongim-2.2.5"])
def test_who_only_looks_into_a_new_file_does_not_choose_its_profile(
    path: str, first: str | None
) -> None:
    with closing(opened(path, profile=first)) as target:
        assert target.users() == ()
    with closing(opened(path, profile="two-way")) as target:
        target.perform(CreateUser("A"))
    with closing(opened(path)) as target:
        assert target.identity.profile == "two-way"


def test_two_who_choose_different_profiles_at_once_are_told_apart(path: str) -> None:
    with (
        closing(opened(path, profile="two-way")) as first,
        closing(opened(path, profile="requests")) as second,
    ):
        first.perform(CreateUser("A"))
        with pytest.raises(UsageError, match=r"made with the profile two-way, not requests"):
            second.perform(CreateUser("B"))
    with closing(opened(path)) as target:
        assert target.users() == ("A",)


def test_a_reset_empties_the_file_and_frees_its_profile(path: str) -> None:
    with closing(opened(path)) as target:
        make_users(target, "A", "B")
        target.perform(Send("B", "phone", "A", "hi", "n1"))
    reset(path)
    with closing(opened(path, profile="two-way")) as target:
        assert target.users() == ()
        make_users(target, "A", "B")
        target.perform(Send("B", "phone", "A", "new", "n1"))
        assert texts(target, "A", "B") == ["new"]


def test_a_reset_of_nothing_makes_nothing(path: str) -> None:
    reset(path)
    assert not os.path.exists(path)


# The same laws over other tables


@pytest.mark.parametrize("profile", builtin_names())
@settings(max_examples=3, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_the_same_actions_give_the_same_state_and_outcomes_as_in_memory(
    profile: str, seed: int
) -> None:
    same_as_in_memory(profile, seed)


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@given(profile=st.sampled_from(builtin_names()), seed=st.integers(0, 2**32))
def test_many_programs_give_the_same_state_and_outcomes_as_in_memory(
    profile: str, seed: int
) -> None:
    same_as_in_memory(profile, seed)


def same_as_in_memory(profile: str, seed: int) -> None:
    """Play a random program in memory and over a file; nothing may tell them apart."""
    program = random_program(random.Random(seed), 40)
    cast = Cast(program.users, program.groups)
    memory, durable = open_simulated(profile)(cast), open_embedded_case(profile)(cast)
    assert isinstance(durable, EmbeddedCase)
    with closing(durable):
        for action in program.actions:
            assert durable.perform(action) == memory.perform(action)
        for user, devices in program.users:
            questions: list[Question] = [Observable(user), Agreement(user)]
            questions += [Shown(user, device.name) for device in devices]
            for question in questions:
                assert durable.observe(question) == memory.observe(question)
        for world in (memory, durable):
            world.settle()
            world.advance(world.now() + 60_000)
        assert digests(durable) == digests(memory) * 3


def digests(target: Target) -> list[str]:
    """Digest a world; a durable one also as a fork in memory, and as read again from the file."""
    if not isinstance(target, EmbeddedCase):
        assert isinstance(target, SimulatedTarget)
        return [target.server.digest()]
    server = target.world.server
    return [server.digest(), server.fork().digest(), target._file.reading().digest()]


def test_a_fork_of_a_case_goes_its_own_way() -> None:
    case = open_embedded_case()(Cast((), ()))
    assert isinstance(case, EmbeddedCase)
    with closing(case):
        make_users(case, "A", "B")
        twin = case.world.fork()
        twin.perform(Send("B", "phone", "A", "hi", "n1"))
        assert texts(twin, "A", "B") == ["hi"]
        assert texts(case, "A", "B") == []


def test_a_case_leaves_no_file_behind() -> None:
    case = open_embedded_case()(Cast((), ()))
    assert isinstance(case, EmbeddedCase)
    folder = case._folder.name
    assert os.listdir(folder)
    assert case.close() == ()
    assert not os.path.exists(folder)


def test_a_case_runs_on_its_own_profile() -> None:
    case = open_embedded_case()(Cast((), ()), profile={"delete_scope": "asked"})
    with closing(case):
        make_users(case, "A", "B")
        case.perform(Send("B", "phone", "A", "hi", "n1"))
        assert case.perform(Delete("A", "phone", "B", for_both=True)).result == "ok"
        assert listed(case, "B") == []


def test_a_command_touches_what_it_needs_and_no_more(path: str) -> None:
    with closing(opened(path)) as target:
        make_users(target, *(f"U{n}" for n in range(30)))
        for n in range(1, 30):
            target.perform(Send(f"U{n}", "phone", "U0", "hi", f"n{n}"))
        target.perform(Send("U1", "phone", "U2", "hi", "other"))
        state = target.server.state
        assert sorted(dict.keys(state.users)) == ["U1", "U2"]
        assert list(dict.keys(state.channels)) == ["U1@U2"]
        assert {len(list(dict.keys(t))) for t in dict.values(state.records)} == {1}


def test_groups_keep_their_members_over_commands(path: str) -> None:
    with closing(opened(path)) as target:
        make_users(target, "A", "B", "C")
    with closing(
        do(
            path,
            CreateGroup("#team", ("A", "B")),
            AddMembers("#team", ("C",)),
            Send("A", "phone", "#team", "hi", "n1"),
        )
    ) as target:
        assert listed(target, "C") == [("#team", 1, ["hi"])]


# Files that are not for this program to touch


def sound(path: str) -> bytes:
    """Make a state file with something in it; gives its bytes."""
    with closing(opened(path)) as target:
        make_users(target, "A", "B")
        for number in range(40):
            target.perform(Send("B", "phone", "A", "x" * 500, f"n{number}"))
    return Path(path).read_bytes()


def foreign_database(path: str) -> None:
    os.makedirs(os.path.dirname(path))
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("CREATE TABLE precious (x)")
        db.commit()


def text_file(path: str) -> None:
    os.makedirs(os.path.dirname(path))
    Path(path).write_text("not a database, and dear to somebody\n" * 50)


def newer_file(path: str) -> None:
    opened(path).close()
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version = {FORMAT + 1}")


def cut_in_half(path: str) -> None:
    whole = sound(path)
    Path(path).write_bytes(whole[: len(whole) // 2])


def overwritten(path: str) -> None:
    whole = sound(path)
    Path(path).write_bytes(whole[:4096] + b"\xa5" * (len(whole) - 4096))


def without_tables(path: str) -> None:
    os.makedirs(os.path.dirname(path))
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE meta (name)")
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute(f"PRAGMA user_version = {FORMAT}")


def senseless_values(path: str) -> None:
    opened(path).close()
    with closing(sqlite3.connect(path)) as db:
        db.execute("INSERT OR REPLACE INTO meta VALUES ('scalars', x'00')")
        db.commit()


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM meta WHERE name = 'timers'",
        "DELETE FROM channels",
        "DELETE FROM logs",
        "DELETE FROM records",
        "UPDATE users SET body = x'c1' WHERE name = 'A'",
        "UPDATE owners SET name = CAST(x'ff41' AS TEXT) WHERE name = 'B'",
    ],
)
def test_a_file_in_which_something_does_not_fit_is_said_to_be_damaged(
    path: str, statement: str
) -> None:
    """One changed byte may leave a database that SQLite finds nothing wrong with."""
    sound(path)
    with closing(sqlite3.connect(path)) as db:
        db.execute(statement)
        db.commit()
    with pytest.raises(TargetUnavailable, match="is damaged and is left as it is"):
        write_to(path)


def test_an_error_of_ours_is_not_blamed_on_a_sound_file(path: str) -> None:
    with closing(opened(path)) as target:
        make_users(target, "A", "B")
    with closing(sqlite3.connect(path)) as db:
        assert misfit(db, REFERENCE) == ""
    file = open_state_file(path, None, default=REFERENCE)
    with pytest.raises(KeyError), file.look():
        raise KeyError("a mistake of ours")
    file.close()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (foreign_database, "database of another program"),
        (text_file, "not a state file of imcli, or is damaged"),
        (newer_file, "written by a newer imcli"),
        (cut_in_half, "damaged"),
        (overwritten, "damaged"),
        (without_tables, "damaged"),
        (senseless_values, "damaged"),
    ],
)
def test_a_file_that_is_not_right_is_refused_and_stays_as_it_is(
    path: str, spoil: object, said: str
) -> None:
    assert callable(spoil)
    spoil(path)
    before = Path(path).read_bytes()
    for attempt in (write_to, write_to, reset if spoil in NOT_OURS else write_to):
        with pytest.raises(TargetUnavailable, match=said) as caught:
            attempt(path)
        assert path in caught.value.message
        assert "\n" not in caught.value.message
    assert Path(path).read_bytes() == before
    assert sorted(os.listdir(os.path.dirname(path))) == ["state.db"]


NOT_OURS = (foreign_database, text_file, newer_file)


def write_to(path: str) -> None:
    with closing(opened(path)) as target:
        for action in (CreateUser("A"), CreateUser("Z"), Send("B", "phone", "A", "hi", "new")):
            target.perform(action)
        target.observe(Observable("A"))


def test_a_folder_in_the_files_place_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TargetUnavailable, match="is not a file"):
        opened(str(tmp_path))


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(TargetUnavailable, match="cannot be made"):
        opened(str(tmp_path / "file" / "state.db"))


def test_an_empty_file_becomes_a_state_file(path: str) -> None:
    os.makedirs(os.path.dirname(path))
    Path(path).write_bytes(b"")
    with closing(opened(path)) as target:
        assert target.users() == ()


def test_a_state_file_is_for_its_owner_only(path: str) -> None:
    opened(path).close()
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600


READ_ONLY = """
import os, sys
from imcli.model.errors import TargetUnavailable
from imcli.targets.embedded import open_embedded, reset
path, uid = sys.argv[1], 65534
os.chmod(path, 0o444)
os.chmod(os.path.dirname(path), 0o555)
if os.geteuid() == 0:
    os.setegid(uid)
    os.seteuid(uid)
for attempt in (open_embedded, reset):
    try:
        attempt(path)
    except TargetUnavailable as error:
        print(error.message)
"""


def test_a_file_that_cannot_be_written_is_said_and_stays_as_it_is() -> None:
    # In a folder that everybody can reach, whoever runs the tests.
    with tempfile.TemporaryDirectory() as reachable:
        os.chmod(reachable, 0o755)
        folder = Path(reachable) / "read only"
        refused_as_read_only(folder, folder / "state.db")


def refused_as_read_only(folder: Path, path: Path) -> None:
    before = sound(str(path))
    run = subprocess.run(
        [sys.executable, "-c", READ_ONLY, str(path)], capture_output=True, text=True, check=True
    )
    folder.chmod(0o755)
    assert run.stdout.count("cannot be written: it is left as it is") == 2, run
    assert path.read_bytes() == before
    assert os.listdir(folder) == ["state.db"]


def test_a_full_disk_is_said_and_nothing_is_changed(path: str) -> None:
    sound(path)
    with closing(opened(path)) as target:
        db = target._file._db
        pages = db.execute("PRAGMA page_count").fetchone()[0]
        db.execute(f"PRAGMA max_page_count = {pages}")
        before = contents(path)
        with pytest.raises(TargetUnavailable, match=r"no space left.*nothing was changed"):
            target.perform(Send("B", "phone", "A", "y" * 500_000, "big"))
        assert contents(path) == before
        assert len(texts(target, "A", "B")) == 40


def test_a_disk_that_fails_is_said_and_loses_nothing(path: str) -> None:
    sound(path)
    limited = (
        "import resource, signal, sys\n"
        "from imcli.model.actions import Send\n"
        "from imcli.model.errors import TargetUnavailable\n"
        "from imcli.targets.embedded import open_embedded\n"
        "target = open_embedded(sys.argv[1])\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "try:\n"
        "    print(target.perform(Send('B', 'phone', 'A', 'y' * 500_000, 'big')))\n"
        "except TargetUnavailable as error:\n"
        "    print(error.message)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", limited, path], capture_output=True, text=True, check=True
    )
    assert "failed" in run.stdout or "no space" in run.stdout, run
    with closing(opened(path)) as target:
        assert len(texts(target, "A", "B")) == 40


def test_a_file_that_somebody_holds_for_too_long_is_said(path: str) -> None:
    with closing(opened(path)) as target, closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        target._file._db.execute("PRAGMA busy_timeout = 10")
        with pytest.raises(TargetUnavailable, match="another command has held it"):
            target.perform(CreateUser("A"))
        other.execute("ROLLBACK")
        assert target.perform(CreateUser("A")).result == "ok"


def test_a_command_that_fails_half_way_leaves_nothing_behind(path: str) -> None:
    with closing(opened(path)) as target:
        make_users(target, "A", "B")
        before = target.server.digest()
        with pytest.raises(TypeError):
            target.perform(Send("B", "phone", "A", object(), "n1"))  # type: ignore[arg-type]
        assert target.server.digest() == before
        assert target.perform(Send("B", "phone", "A", "hi", "n1")).result == "ok"


def test_a_file_whose_log_was_written_back_in_part_is_not_taken_for_damaged(path: str) -> None:
    """As after a kill, or on a full disk: some pages are new, the log beside still has them all."""
    write_to(path)
    with closing(sqlite3.connect(path)) as db:
        # Of the log, a few pages get into the file; its length no longer fits what they say.
        db.execute("PRAGMA wal_autocheckpoint = 0")
        db.execute("CREATE TABLE later (body)")
        db.execute("INSERT INTO later VALUES (zeroblob(200000))")
        db.commit()
        log = Path(f"{path}-wal").read_bytes()
        short = Path(path).read_bytes()
    written_back = Path(path).read_bytes()
    assert len(written_back) > len(short) + 100_000
    Path(f"{path}-wal").write_bytes(log)
    Path(path).write_bytes(written_back[: len(short) + 4096])
    with closing(opened(path)) as target:
        target.perform(CreateUser("somebody else"))
        assert "somebody else" in target.users()
