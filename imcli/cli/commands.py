"""THE table of commands: its name, what it is about, where it lives, one sentence, one example.

`group.py` builds a command only when it is called, so that `imcli --help` needs this table and no
other file of the room; `reference.py` prints `docs/commands.md` from it; a test holds it against
the docstrings. `options` names the group of common options a command takes (`options.py`).
"""

from __future__ import annotations

from typing import Literal, NamedTuple

OptionGroup = Literal["act", "set", "read", "print", "talk"]
Section = Literal[
    "Messages", "Conversations", "Groups", "People", "Scenarios", "A server", "About imcli"
]


class Command(NamedTuple):
    """One command. `function` is looked up in `imcli.cli.<module>`."""

    name: str
    section: Section
    module: str
    function: str
    options: OptionGroup
    summary: str
    examples: tuple[str, ...]


COMMANDS: tuple[Command, ...] = (
    Command(
        "send",
        "Messages",
        "verbs.messages",
        "send",
        "act",
        "Send a message to a user or a group.",
        ('imcli send B A "hi"', "imcli send B '#team' \"hi all\" --count 3"),
    ),
    Command(
        "show-history",
        "Messages",
        "verbs.messages",
        "show_history",
        "read",
        "Show the messages of a conversation, as one of its users may read them.",
        ("imcli show-history A B", "imcli show-history A '#team' --limit 20 --before 41"),
    ),
    Command(
        "list-conversations",
        "Conversations",
        "verbs.conversations",
        "list_conversations",
        "read",
        "List a user's conversations, as a device would get them now.",
        ("imcli list-conversations A", "imcli list-conversations A --all-devices"),
    ),
    Command(
        "show-conversation",
        "Conversations",
        "verbs.conversations",
        "show_conversation",
        "read",
        "Show one conversation of a user.",
        ("imcli show-conversation A B",),
    ),
    Command(
        "explain-unread",
        "Conversations",
        "verbs.conversations",
        "explain_unread",
        "read",
        "Explain an unread count: which messages were counted, and from which mark.",
        ("imcli explain-unread A B",),
    ),
    Command(
        "mark-read",
        "Conversations",
        "verbs.conversations",
        "mark_read",
        "act",
        "Mark a conversation as read.",
        ("imcli mark-read A B", "imcli mark-read A B --up-to 3"),
    ),
    Command(
        "mark-unread",
        "Conversations",
        "verbs.conversations",
        "mark_unread",
        "act",
        "Mark a conversation as unread.",
        ("imcli mark-unread A B", "imcli mark-unread A B --count 2"),
    ),
    Command(
        "delete-conversation",
        "Conversations",
        "verbs.conversations",
        "delete_conversation",
        "act",
        "Remove a conversation from a user's list.",
        ("imcli delete-conversation A B", "imcli delete-conversation A B --up-to 3"),
    ),
    Command(
        "clear-history",
        "Conversations",
        "verbs.conversations",
        "clear_history",
        "act",
        "Clear the history of a conversation and keep its entry in the list.",
        ("imcli clear-history A B",),
    ),
    Command(
        "create-group",
        "Groups",
        "verbs.groups",
        "create_group",
        "set",
        "Create a group with its first members.",
        ("imcli create-group '#team' A B C",),
    ),
    Command(
        "add-members",
        "Groups",
        "verbs.groups",
        "add_members",
        "set",
        "Add members to a group; those who are in it stay as they are.",
        ("imcli add-members '#team' D",),
    ),
    Command(
        "remove-members",
        "Groups",
        "verbs.groups",
        "remove_members",
        "set",
        "Remove members from a group.",
        ("imcli remove-members '#team' D",),
    ),
    Command(
        "dismiss-group",
        "Groups",
        "verbs.groups",
        "dismiss_group",
        "set",
        "End a group for ever.",
        ("imcli dismiss-group '#team'",),
    ),
    Command(
        "list-groups",
        "Groups",
        "verbs.groups",
        "list_groups",
        "read",
        "List the groups of the embedded server with their members.",
        ("imcli list-groups",),
    ),
    Command(
        "block",
        "People",
        "verbs.access",
        "block",
        "set",
        "Put a user on the black list of a user or a group.",
        ("imcli block A B", "imcli block '#team' B"),
    ),
    Command(
        "unblock",
        "People",
        "verbs.access",
        "unblock",
        "set",
        "Take a user off a black list.",
        ("imcli unblock A B",),
    ),
    Command(
        "allow",
        "People",
        "verbs.access",
        "allow",
        "set",
        "Put a user on the white list of a user or a group.",
        ("imcli allow A B",),
    ),
    Command(
        "disallow",
        "People",
        "verbs.access",
        "disallow",
        "set",
        "Take a user off a white list.",
        ("imcli disallow A B",),
    ),
    Command(
        "create-user",
        "People",
        "verbs.devices",
        "create_user",
        "set",
        "Create a user with one or more devices.",
        ("imcli create-user A", "imcli create-user A --device phone --device web"),
    ),
    Command(
        "list-devices",
        "People",
        "verbs.devices",
        "list_devices",
        "read",
        "List a user's devices and whether each is online.",
        ("imcli list-devices A",),
    ),
    Command(
        "kick-device",
        "People",
        "verbs.devices",
        "kick_device",
        "set",
        "End the session of a device, or all sessions of a user.",
        ("imcli kick-device A web", "imcli kick-device A"),
    ),
    Command(
        "list-sessions",
        "People",
        "verbs.devices",
        "list_sessions",
        "read",
        "List the devices that are online, of one user or of everybody.",
        ("imcli list-sessions", "imcli list-sessions A"),
    ),
    Command(
        "run-scenario",
        "Scenarios",
        "running.scenarios",
        "run_scenario",
        "talk",
        "Run scenario files, or all files of folders, and report what did not hold.",
        (
            "imcli run-scenario scenarios/",
            "imcli run-scenario scenarios/ --target sim --target sim:wukongim-2.1.3",
        ),
    ),
    Command(
        "try",
        "Scenarios",
        "running.trying",
        "try_sentences",
        "talk",
        "Run a scenario of one line, without a file.",
        ('imcli try "A deletes B; B sends; assert A sees the conversation"',),
    ),
    Command(
        "check-scenario",
        "Scenarios",
        "running.scenario_files",
        "check_scenario",
        "talk",
        "Check scenario files without running them.",
        ("imcli check-scenario scenarios/",),
    ),
    Command(
        "format-scenario",
        "Scenarios",
        "running.scenario_files",
        "format_scenarios",
        "talk",
        "Write scenario files in their one canonical form.",
        ("imcli format-scenario scenarios/", "imcli format-scenario scenarios/ --check"),
    ),
    Command(
        "explain-scenario",
        "Scenarios",
        "running.scenario_files",
        "explain_scenario",
        "talk",
        "Explain a scenario: resolved steps, waits, what it needs of a target.",
        ("imcli explain-scenario scenarios/delete/returns_after_peer_sends.toml",),
    ),
    Command(
        "list-families",
        "Scenarios",
        "running.families",
        "list_families",
        "talk",
        "List the families of situations and the scenario files that cover them.",
        ("imcli list-families",),
    ),
    Command(
        "conform",
        "Scenarios",
        "running.conform",
        "conform_recordings",
        "print",
        "Replay what real servers answered, and find the first answer that differs.",
        (
            "imcli conform recordings/",
            "imcli conform recordings/ --profile wukongim-2.1.3 --jobs auto",
        ),
    ),
    Command(
        "serve",
        "A server",
        "serving.serve",
        "serve",
        "talk",
        "Serve a simulated server to real clients, until SIGINT or SIGTERM.",
        ("imcli serve", "imcli serve --profile wukongim-2.1.3 --http 127.0.0.1:0 --events jsonl"),
    ),
    Command(
        "advance",
        "A server",
        "serving.advance",
        "advance",
        "talk",
        "Let time pass on a server that runs with `serve --virtual-time`.",
        ("imcli advance 5m",),
    ),
    Command(
        "list-profiles",
        "About imcli",
        "profiles",
        "list_profiles",
        "print",
        "List the built-in profiles and how each differs from the reference.",
        ("imcli list-profiles", "imcli list-profiles --compare --language zh"),
    ),
    Command(
        "show-profile",
        "About imcli",
        "profiles",
        "show_profile",
        "print",
        "Show every switch of a profile, its value and what it means.",
        ("imcli show-profile wukongim-2.1.3",),
    ),
    Command(
        "reset-state",
        "About imcli",
        "verbs.state",
        "reset_state",
        "talk",
        "Empty the embedded server: every user, group and message.",
        ("imcli reset-state",),
    ),
    Command(
        "demo",
        "About imcli",
        "running.demo",
        "demo",
        "talk",
        "Tell the story of a famous bug over five versions of a server.",
        ("imcli demo",),
    ),
)

COMMAND_BY_NAME: dict[str, Command] = {command.name: command for command in COMMANDS}
