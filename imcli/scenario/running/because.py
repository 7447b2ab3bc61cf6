"""Why it may have gone wrong, in sentences: what a reader needs beside the state table.

Since which step a conversation is absent, by which it went and came back; what the server has
stored of it; which messages an unread count counted, and by which rule; what became of messages.
Sentences are plain text without layout; names in them are those of the scenario.
"""

from __future__ import annotations

from imcli.model.actions import LISTED_MESSAGES
from imcli.model.entities import DeviceKey, is_group
from imcli.model.errors import ImcliError
from imcli.model.events import MembersChanged
from imcli.model.questions import (
    History,
    HistoryView,
    Received,
    ReceivedView,
)
from imcli.scenario.checking.check import labels_of
from imcli.scenario.checking.check_messages import answer_words
from imcli.scenario.checking.mismatch import spoken
from imcli.scenario.checking.unread import count_unread, unread_sentences
from imcli.scenario.events import Disagreement
from imcli.scenario.running.because_log import (
    expired_words,
    logged_events,
    lost_words,
    membership_words,
    offline_words,
    pushes_of,
)
from imcli.scenario.running.play import Logged, Problem
from imcli.scenario.running.rerun import Watched, entry_of, speaks_of_cache
from imcli.scenario.running.stored import record_words, stored_by
from imcli.scenario.syntax import (
    Claim,
    HistoryIs,
    KeepsRecord,
    ReceivedBefore,
    ReceivedMessage,
    SeesChat,
)

ARRIVALS = (ReceivedMessage, ReceivedBefore)
"""The claims about what reached a device."""
LABELS_MAX = 5
"""Of the messages that nobody claimed, so many of the newest are told about."""


# Since when


def since(key: DeviceKey, chat: str, watched: Watched, *, listed: bool) -> str:
    """Say since which step a conversation is listed, or absent."""
    snapshots = watched.snapshots
    word = "listed" if listed else "absent"
    if len(snapshots) < 2:
        return f"{word} now"
    for index in range(len(snapshots) - 1, -1, -1):
        if (entry_of(snapshots[index], key, chat) is not None) != listed:
            if index + 1 == len(snapshots):
                return f"{word} now"
            turned = snapshots[index + 1]
            return f"{word} since {turned.step} ({turned.text})"
    return "listed from the start" if listed else "never listed"


def _intervals(key: DeviceKey, chat: str, watched: Watched) -> str:
    """Say from which step to which a conversation was listed, where it came and went."""
    spans: list[list[str]] = []
    open_span = False
    for snapshot in watched.snapshots:
        if entry_of(snapshot, key, chat) is None:
            open_span = False
        elif open_span:
            spans[-1][1] = snapshot.last
        else:
            spans.append([snapshot.step, snapshot.last])
            open_span = True
    if not spans or (len(spans) == 1 and open_span):
        return ""
    words = [f"from {a} to {b}" if a != b else f"after {a} only" for a, b in spans]
    if open_span:
        words[-1] = f"since {spans[-1][0]}"
    return " and ".join(words)


def _gap(key: DeviceKey, chat: str, watched: Watched) -> str:
    """Say when a conversation was last away and by which step; "" where it never went."""
    snapshots = watched.snapshots
    there = [entry_of(snapshot, key, chat) is not None for snapshot in snapshots]
    went = [at for at in range(1, len(there)) if there[at - 1] and not there[at]]
    if not went or not there[-1]:
        return ""
    gone = snapshots[went[-1]]
    back = snapshots[there.index(True, went[-1])]
    entry = entry_of(back, key, chat)
    marked = "" if entry is None or entry.deleted_to else ", without a delete mark"
    went_words = f"{chat} went at {gone.step} ({gone.text})"
    return f"{went_words} and came back at {back.step} ({back.text}){marked}"


# Because


def because(problem: Problem, watched: Watched) -> tuple[str, ...]:
    """Give the sentences that explain one failure, each once."""
    sentences = _listed(problem, watched)
    keys = {str(key): key for key in watched.snapshots[-1].lists} if watched.snapshots else {}
    for disagreement in problem.disagreements:
        key = keys.get(disagreement.subject)
        if key is not None and disagreement.conversation:
            cached = speaks_of_cache(problem)
            sentences.extend(_unread(key, disagreement, watched, cached=cached))
            sentences.append(_record_of(key, disagreement, watched))
    sentences.extend(_places(problem, watched, keys))
    sentences.extend(_beyond_the_newest(claim) for claim in problem.claims)
    kept = (claim for claim in problem.claims if isinstance(claim, KeepsRecord))
    sentences.extend(_stored(claim.user, claim.chat, watched) for claim in kept)
    labels = dict.fromkeys(label for claim in problem.claims for label in labels_of(claim))
    labels.update(dict.fromkeys(_other_labels(problem, watched)))
    for label in labels:
        sentences.append(_fate(label, watched))
        sentences.append(expired_words(label, problem.at_ms, watched.log, watched.names))
    return tuple(dict.fromkeys(sentence for sentence in sentences if sentence))


def _beyond_the_newest(claim: Claim) -> str:
    """Say so where a claim wants more messages than a synchronisation is answered with."""
    if not isinstance(claim, SeesChat) or claim.source == "shows":
        return ""
    if max(claim.facts.count or 0, len(claim.facts.messages or ())) <= LISTED_MESSAGES:
        return ""
    lead = f"A full synchronisation is answered with the newest {LISTED_MESSAGES} messages"
    return f"{lead} of a conversation; all of them are in the history."


def _places(problem: Problem, watched: Watched, keys: dict[str, DeviceKey]) -> list[str]:
    """Say who was offline where something should have arrived, and who was in a group when."""
    found: list[str] = []
    if speaks_of_cache(problem) or any(isinstance(c, ARRIVALS) for c in problem.claims):
        subjects = dict.fromkeys(d.subject for d in problem.disagreements)
        found += [offline_words(keys[who], watched.log) for who in subjects if who in keys]
    for claim in problem.claims:
        if isinstance(claim, HistoryIs):
            found.append(membership_words(claim.user, claim.chat, watched.log, watched.names))
    return found


def _listed(problem: Problem, watched: Watched) -> list[str]:
    """Say when conversations came and went, devices with the same story in one sentence."""
    stories: dict[str, list[str]] = {}
    keys = {str(key): key for key in watched.snapshots[-1].lists} if watched.snapshots else {}
    for disagreement in problem.disagreements:
        key, chat = keys.get(disagreement.subject), disagreement.conversation
        if key is None or not chat:
            continue
        if _about_listing(key, disagreement, watched):
            spans = _intervals(key, chat, watched)
            story = f"{chat} was listed {spans}" if spans else ""
        else:
            story = _gap(key, chat, watched)
        if story:
            stories.setdefault(story, []).append(disagreement.subject)
    return [f"{story} (on {spoken(who)})." for story, who in stories.items()]


def _about_listing(key: DeviceKey, disagreement: Disagreement, watched: Watched) -> bool:
    """Tell whether a device disagrees about a conversation being there, not about its facts."""
    absent = entry_of(watched.snapshots[-1], key, disagreement.conversation) is None
    return absent or disagreement.expected == (("", "not listed"),)


def _fate(label: str, watched: Watched) -> str:
    """Say what became of a message: the answer to its sender, and where it was pushed."""
    sent = watched.names.sent.get(label)
    if sent is None:
        return ""
    pushed, came = pushes_of(label, watched.log, watched.names)
    words = f"{label} {answer_words(sent)}"
    lost = lost_words(label, watched.log, watched.names)
    if lost:
        words = f"{words}, {lost}"
    late = [d for d in dict.fromkeys((*came, *_reached(label, watched))) if d not in pushed]
    later = f"; it reached {spoken(late)} later" if late else ""
    if pushed:
        joint = " and" if sent.state == "accepted" else "; it was"
        return f"{words}{joint} pushed to {spoken(dict.fromkeys(pushed))}{later}."
    if late:
        return f"{words}{later}."
    return f"{words}, and pushed to no device so far." if sent.state == "accepted" else f"{words}."


def _reached(label: str, watched: Watched) -> list[str]:
    """The watched devices at which a message has arrived by now, on slow links too."""
    found: list[str] = []
    for key in watched.snapshots[-1].lists if watched.snapshots else ():
        try:
            view = watched.look(Received(key.user, key.device))
        except ImcliError:
            return found
        if isinstance(view, ReceivedView) and any(
            watched.names.is_message(label, message) for message in view.arrivals
        ):
            found.append(str(key))
    return found


def _unread(
    key: DeviceKey, disagreement: Disagreement, watched: Watched, *, cached: bool
) -> tuple[str, ...]:
    if not any(column == "unread" for column, _ in disagreement.expected):
        return ()
    entry = entry_of(watched.snapshots[-1], key, disagreement.conversation)
    if entry is None:
        return ()
    try:
        view = watched.look(History(key.user, key.device, entry.chat))
    except ImcliError:
        return ()
    if not isinstance(view, HistoryView):
        return ()
    joined = _joined(key.user, entry.chat, watched.log) if is_group(entry.chat) else 0
    count = count_unread(key.user, entry, view.messages, joined=joined)
    if not cached:
        return unread_sentences(count, watched.names)
    said = unread_sentences(count, watched.names, f"{key} shows")
    lacks = [watched.names.call(m) for m in count.counted if m not in entry.messages]
    return (*said, f"{key} does not have {spoken(lacks)}.") if lacks else said


def _record_of(key: DeviceKey, disagreement: Disagreement, watched: Watched) -> str:
    """Say what the server has stored of a conversation that is missed in a list."""
    chat = disagreement.conversation
    if entry_of(watched.snapshots[-1], key, chat) is not None:
        return ""
    return _stored(key.user, chat, watched)


def _stored(user: str, chat: str, watched: Watched) -> str:
    view = stored_by(watched.look, user, chat)
    if view is None:
        return ""
    if view.entry is None:
        return f"The server has stored no record of {chat} for {user}."
    words = record_words(user, chat, view.entry, watched.names)
    return f"The server has stored a record of {chat} for {user}: {words}."


def _other_labels(problem: Problem, watched: Watched) -> list[str]:
    """Name the messages that a history has and the claim about it has not."""
    found: list[str] = []
    for claim in problem.claims:
        if not isinstance(claim, HistoryIs) or claim.relation != "is":
            continue
        for key in watched.names.keys(claim.user, claim.device)[:1]:
            try:
                view = watched.look(History(key.user, key.device, claim.chat))
            except ImcliError:
                continue
            messages = view.messages if isinstance(view, HistoryView) else ()
            found += [watched.names.call(message) for message in messages[-LABELS_MAX:]]
    return found


def _joined(user: str, group: str, log: tuple[Logged, ...]) -> int:
    joined = 0
    for _, event in logged_events(log):
        if isinstance(event, MembersChanged) and event.group == group and user in event.joined:
            joined = event.seq + 1
    return joined
