"""Is an entry of a list what a claim says it is? Facts about one conversation.

`differences` answers with (column of the state table, what was expected, what is there) per fact
that does not hold, in words of the language; an empty tuple means that all of them hold.
"""

from __future__ import annotations

from imcli.model.entities import ENTRY_FLAGS, DeviceKey, Entry, Message, channel_key
from imcli.model.questions import KeptView, ListView
from imcli.scenario.checking.mismatch import Answers, Mismatch, mismatch, spoken
from imcli.scenario.checking.names import Names, quote
from imcli.scenario.checking.texts import called_with, told_apart
from imcli.scenario.events import Disagreement
from imcli.scenario.syntax import Facts, KeepsRecord, SeesChat

Difference = tuple[str, str, str]

NO_FACTS = Facts()


def check_sees(claim: SeesChat, answers: Answers, names: Names) -> Mismatch | None:
    """`A sees B with FACTS`, `A shows B`, `a new device of A sees B`, and the negations."""
    wrong: list[Disagreement] = []
    right: Entry | None = None  # what one device was answered need not be judged for the next
    for key, view in answers:
        assert isinstance(view, ListView)
        entry = find(view, claim.chat)
        if entry is not None and entry is right:
            continue
        if claim.negated:
            if entry is not None:
                wrong.append(_present(claim, key))
        elif entry is None:
            wrong.append(_absent(claim, key))
        elif claim.facts != NO_FACTS:
            found = differences(claim.facts, entry, key.user, names)
            if found:
                wrong.append(_different(claim, key, found))
            else:
                right = entry
    return mismatch(wrong) if wrong else None


def check_keeps(claim: KeepsRecord, answers: Answers, names: Names) -> Mismatch | None:
    """`the server keeps B for A with FACTS`, `the server keeps nothing of B for A`."""
    ((_, view),) = answers
    assert isinstance(view, KeptView)
    if claim.negated:
        if view.entry is None:
            return None
        return _server(claim, f"keeps a record of {claim.chat} for {claim.user}")
    if view.entry is None:
        return _server(claim, f"keeps nothing of {claim.chat} for {claim.user}")
    found = differences(claim.facts, view.entry, claim.user, names)
    if not found:
        return None
    return _server(claim, f"keeps {claim.chat} for {claim.user} with {said(found)}")


def find(view: ListView, chat: str) -> Entry | None:
    """Find a conversation in a list."""
    for entry in view.entries:
        if entry.chat == chat:
            return entry
    return None


def differences(facts: Facts, entry: Entry, user: str, names: Names) -> tuple[Difference, ...]:
    """Compare an entry with what is claimed of it.

    Raises:
        LabelProblem: a mark is claimed at a message that has no sequence number.
    """
    found: list[Difference] = []
    if facts.unread is not None and entry.unread != facts.unread:
        found.append(("unread", _unread(facts.unread), _unread(entry.unread)))
    if facts.last is not None and not _is_last(facts.last, entry.last, names):
        found.append(_last(facts.last, entry.last, names))
    if facts.messages is not None and not same_messages(facts.messages, entry.messages, names):
        actual = spoken((names.call(m) for m in entry.messages), "none")
        found.append(("messages", _messages(facts.messages), f"messages {actual}"))
    if facts.count is not None and len(entry.messages) != facts.count:
        found.append(("messages", _count(facts.count), _count(len(entry.messages))))
    if facts.read_to is not None:
        found += _mark("read", facts.read_to, entry.read_to, entry, user, names)
    if facts.deleted_to is not None:
        found += _mark("deleted", facts.deleted_to, entry.deleted_to, entry, user, names)
    if facts.pinned or facts.muted or facts.archived or facts.marked_unread:
        found += _flags(facts, entry)
    return tuple(found)


def _mark(
    column: str, label: str, mark: int, entry: Entry, user: str, names: Names
) -> list[Difference]:
    """Compare a mark with the place of a label; an empty label claims that there is no mark."""
    if mark == (names.seq(label, user, entry.chat) if label else 0):
        return []
    channel = channel_key(user, entry.chat)
    actual = names.call_seq(channel, mark, entry.messages) if mark else ""
    return [(column, _up_to(column, label), _up_to(column, actual))]


def _flags(facts: Facts, entry: Entry) -> list[Difference]:
    missing = [
        words
        for field, words in ENTRY_FLAGS.items()
        if getattr(facts, field) and not getattr(entry, field)
    ]
    return [("flags", words, f"not {words}") for words in missing]


def _is_last(claimed: tuple[str, str], last: Message | None, names: Names) -> bool:
    kind, what = claimed
    if kind == "none":
        return last is None
    if last is None:
        return False
    return last.text == what if kind == "text" else names.is_message(what, last)


def same_messages(labels: tuple[str, ...], messages: tuple[Message, ...], names: Names) -> bool:
    """Tell whether these are exactly the messages behind the labels, in this order."""
    return len(labels) == len(messages) and all(map(names.is_message, labels, messages))


def last_words(claimed: tuple[str, str]) -> str:
    """Say a claim about the last message as the language does."""
    kind, what = claimed
    if kind == "none":
        return "no last message"
    return f"last {quote(what) if kind == 'text' else what}"


def _last(claimed: tuple[str, str], last: Message | None, names: Names) -> Difference:
    """Say what is last instead; where a text was claimed, with the text that is there."""
    if last is None:
        return "last", last_words(claimed), "no last message"
    if claimed[0] != "text":
        return "last", last_words(claimed), f"last {names.call(last)}"
    wanted, seen = told_apart(claimed[1], last.text)
    return "last", f"last {wanted}", f"last {called_with(last, seen, names)}"


def _unread(count: int) -> str:
    return f"{count} unread"


def _messages(labels: tuple[str, ...]) -> str:
    return f"messages {spoken(labels)}"


def _up_to(column: str, place: str) -> str:
    return f"{column} up to {place or 'nothing'}"


def _count(count: int) -> str:
    return "1 message" if count == 1 else f"{count} messages"


def said(found: tuple[Difference, ...]) -> str:
    """Say differences: what is there instead of what was expected.

    >>> said((("unread", "1 unread", "2 unread"),))
    '2 unread instead of 1 unread'
    """
    return ", ".join(f"{actual} instead of {expected}" for _, expected, actual in found)


def claimed_cells(facts: Facts) -> tuple[tuple[str, str], ...]:
    """Say all facts as (column, words), for a row that is not there at all."""
    cells: list[tuple[str, str]] = []
    if facts.unread is not None:
        cells.append(("unread", _unread(facts.unread)))
    if facts.last is not None:
        cells.append(("last", last_words(facts.last)))
    if facts.messages is not None:
        cells.append(("messages", _messages(facts.messages)))
    if facts.count is not None:
        cells.append(("messages", _count(facts.count)))
    if facts.read_to is not None:
        cells.append(("read", _up_to("read", facts.read_to)))
    if facts.deleted_to is not None:
        cells.append(("deleted", _up_to("deleted", facts.deleted_to)))
    cells += [("flags", words) for field, words in ENTRY_FLAGS.items() if getattr(facts, field)]
    return tuple(cells)


def _subject(claim: SeesChat, key: DeviceKey) -> str:
    return f"a new device of {claim.user}" if claim.source == "new-device" else str(key)


def _verb(claim: SeesChat) -> tuple[str, str, str]:
    if claim.source == "shows":
        return "shows", "show", ""
    return "sees", "see", " after synchronising"


def _present(claim: SeesChat, key: DeviceKey) -> Disagreement:
    verb, _, after = _verb(claim)
    expected = (("", "not listed"),)
    return Disagreement(_subject(claim, key), f"{verb} {claim.chat}{after}", claim.chat, expected)


def _absent(claim: SeesChat, key: DeviceKey) -> Disagreement:
    _, verb, after = _verb(claim)
    expected = claimed_cells(claim.facts) or (("", "listed"),)
    words = f"does not {verb} {claim.chat}{after}"
    return Disagreement(_subject(claim, key), words, claim.chat, expected)


def _different(claim: SeesChat, key: DeviceKey, found: tuple[Difference, ...]) -> Disagreement:
    verb, _, _ = _verb(claim)
    cells = tuple((column, expected) for column, expected, _ in found)
    words = f"{verb} {claim.chat} with {said(found)}"
    return Disagreement(_subject(claim, key), words, claim.chat, cells)


def _server(claim: KeepsRecord, words: str) -> Mismatch | None:
    return mismatch([Disagreement("the server", words, claim.chat)])
