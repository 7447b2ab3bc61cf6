"""Claims about whole lists: which conversations, in which order, totals, requests, agreement."""

from __future__ import annotations

from imcli.model.actions import LISTED_MESSAGES
from imcli.model.entities import Entry, channel_key
from imcli.model.questions import AgreementView, ListView
from imcli.scenario.checking.mismatch import Answers, Mismatch, mismatch, spoken
from imcli.scenario.checking.names import Names
from imcli.scenario.checking.state_rows import entry_flags
from imcli.scenario.events import Disagreement
from imcli.scenario.syntax import DevicesAgree, HasRequest, SeesList, TotalUnread

SHOWN_ALL_THE_SAME = (("", "as the device shows it"),)
"""What a device disagrees about that shows a conversation which the server does not list."""


def check_list(claim: SeesList, answers: Answers) -> Mismatch | None:
    """`A sees only B, #team`, `A sees B, #team in this order`, `A sees nothing`."""
    wrong: list[Disagreement] = []
    wanted = claim.chats if claim.ordered else tuple(sorted(claim.chats))
    for key, view in answers:
        assert isinstance(view, ListView)
        chats = tuple(entry.chat for entry in view.entries)
        if (chats if claim.ordered else tuple(sorted(chats))) != wanted:
            wrong.append(Disagreement(str(key), _list_words(claim, chats)))
    return mismatch(wrong) if wrong else None


def _list_words(claim: SeesList, chats: tuple[str, ...]) -> str:
    order = " in this order" if claim.ordered else ""
    words = f"{claim.source} {spoken(chats)} instead of {spoken(claim.chats)}{order}"
    missing = [chat for chat in claim.chats if chat not in chats]
    extra = [chat for chat in chats if chat not in claim.chats]
    parts = [f"missing: {spoken(missing)}"] if missing else []
    parts += [f"not expected: {spoken(extra)}"] if extra else []
    return f"{words} ({'; '.join(parts)})" if parts and chats and claim.chats else words


def check_total(claim: TotalUnread, answers: Answers) -> Mismatch | None:
    """`A's total unread is 3`."""
    wrong: list[Disagreement] = []
    for key, view in answers:
        assert isinstance(view, ListView)
        if view.total_unread != claim.count:
            parts = spoken(map(_share, view.entries), "no conversations")
            words = f"has a total unread of {view.total_unread} instead of {claim.count} ({parts})"
            wrong.append(Disagreement(str(key), words))
    return mismatch(wrong) if wrong else None


def _share(entry: Entry) -> str:
    """Say what a conversation may add to a total, which muted ones do or do not."""
    return f"{entry.chat} {entry.unread}{' (muted)' if entry.muted else ''}"


def check_request(claim: HasRequest, answers: Answers) -> Mismatch | None:
    """`A has a request from B`."""
    wrong: list[Disagreement] = []
    for key, view in answers:
        assert isinstance(view, ListView)
        if claim.chat not in view.requests:
            requests = spoken(view.requests, "nobody")
            words = f"has no request from {claim.chat} (requests from: {requests})"
            wrong.append(Disagreement(str(key), words, claim.chat))
    return mismatch(wrong) if wrong else None


def check_agreement(claim: DevicesAgree, answers: Answers, names: Names) -> Mismatch | None:
    """`A's devices agree`: with each other, and with a full synchronisation."""
    ((_, view),) = answers
    assert isinstance(view, AgreementView)
    lists = dict(view.lists)
    fresh = lists.pop("", None)
    if fresh is None:
        return None
    wrong = []
    for device, shown in lists.items():
        words = _disagreement(claim.user, shown, fresh, names)
        if words:
            chat = _only_difference(shown, fresh)
            expected = SHOWN_ALL_THE_SAME if chat else ()
            wrong.append(Disagreement(f"{claim.user}.{device}", words, chat, expected))
    return mismatch(wrong) if wrong else None


def _only_difference(shown: ListView, fresh: ListView) -> str:
    """Name the conversation that one of two lists has and the other has not; "" for several."""
    mine = {entry.chat: None for entry in shown.entries}
    full = {entry.chat: None for entry in fresh.entries}
    apart = [chat for chat in (*mine, *full) if (chat in mine) != (chat in full)]
    return apart[0] if len(apart) == 1 else ""


def _disagreement(user: str, shown: ListView, fresh: ListView, names: Names) -> str:
    """Say the first way in which a device differs from a full synchronisation."""
    chats = [entry.chat for entry in shown.entries]
    wanted = [entry.chat for entry in fresh.entries]
    if chats != wanted:
        return f"shows {spoken(chats)} where a full synchronisation shows {spoken(wanted)}"
    for have, want in zip(shown.entries, fresh.entries, strict=True):
        for (name, mine), (_, full) in zip(
            _compared(user, have, names), _compared(user, want, names), strict=True
        ):
            if mine != full:
                return (
                    f"shows {have.chat} with {name} {mine} where a full synchronisation says {full}"
                )
    if shown.requests != fresh.requests:
        return f"shows requests from {spoken(shown.requests)}, not {spoken(fresh.requests)}"
    return ""


def _compared(user: str, entry: Entry, names: Names) -> tuple[tuple[str, str], ...]:
    newest = entry.messages[-LISTED_MESSAGES:]
    channel = channel_key(user, entry.chat)

    def called(seq: int) -> str:
        return names.call_seq(channel, seq, entry.messages) if seq else "nothing"

    flags = entry_flags(entry)
    return (
        ("unread", str(entry.unread)),
        ("last message", names.call(entry.last) if entry.last else "none"),
        ("messages", spoken((names.call(m) for m in newest), "none")),
        ("read up to", called(entry.read_to)),
        ("deleted up to", called(entry.deleted_to)),
        ("flags", spoken(flags, "none")),
    )
