"""Claims about presence, about raw answers, and about what an action left alone."""

from __future__ import annotations

import msgspec

from imcli.model.entities import channel_key
from imcli.model.questions import ObservableView, PresenceView, ResponseView
from imcli.scenario.checking.mismatch import Answers, Mismatch, mismatch, one
from imcli.scenario.checking.names import LabelProblem, Names
from imcli.scenario.checking.texts import told_apart
from imcli.scenario.events import Disagreement
from imcli.scenario.syntax import HasBody, HasStatus, IsPresent, NotAffected

SHOWN_DIFFERENCES = 5
ANYTHING = "..."


def check_presence(claim: IsPresent, answers: Answers) -> Mismatch | None:
    """`A.web is online` / `offline` / `kicked`; a device that was kicked is offline, too."""
    wrong: list[Disagreement] = []
    for key, view in answers:
        assert isinstance(view, PresenceView)
        if view.state != claim.state and (view.state, claim.state) != ("kicked", "offline"):
            wrong.append(Disagreement(str(key), f"is {view.state} instead of {claim.state}"))
    return mismatch(wrong) if wrong else None


def check_not_affected(claim: NotAffected, answers: Answers, names: Names) -> Mismatch | None:
    """`B is not affected` by the previous action."""
    ((_, view),) = answers
    assert isinstance(view, ObservableView)
    before = names.before.get(claim.user)
    if before is None:
        raise LabelProblem(f"there is no action before '{claim.text}' that it could speak of")
    changes = observable_changes(claim.user, before, view, names)
    return mismatch(Disagreement(claim.user, f"was affected: {change}") for change in changes)


def observable_changes(
    user: str, before: ObservableView, after: ObservableView, names: Names
) -> tuple[str, ...]:
    """Say what a user can observe differently now, at most a handful of lines, with labels."""
    if before.facts == after.facts:
        return ()
    old, new = dict(before.facts), dict(after.facts)
    changes = [
        _change(user, what, old.get(what), new.get(what), names)
        for what in {**old, **new}
        if old.get(what) != new.get(what)
    ]
    changes = changes or ["the order of what is seen"]
    if len(changes) > SHOWN_DIFFERENCES:
        more = len(changes) - SHOWN_DIFFERENCES
        changes = [*changes[:SHOWN_DIFFERENCES], f"{more} more such differences"]
    return tuple(changes)


def _change(user: str, what: str, old: str | None, new: str | None, names: Names) -> str:
    """Say one change; what a fact is about stands at the end of its name."""
    chat = what.rpartition(" ")[2]
    was, now = (old or "").strip(), (new or "").strip()
    if was == now:
        # A history without a message is stated as soon as there is a record to which it belongs.
        had, has = ("no record", "one") if old is None else ("a record", "none")
        return f"the server had {had} of {chat} for {user} and has {has} now; {what} is empty"
    words = f"{what} was {was or 'nothing'} and is {now or 'nothing'}"
    return names.relabelled(words, channel_key(user, chat))


def check_status(claim: HasStatus, answers: Answers) -> Mismatch | None:
    """`r1 has status 400`."""
    ((_, view),) = answers
    assert isinstance(view, ResponseView)
    if view.status == claim.status:
        return None
    return one(
        claim.label, f"has status {view.status} instead of {claim.status}; its body: {view.body}"
    )


def check_body(claim: HasBody, answers: Answers) -> Mismatch | None:
    """`r1 has body {…}`: a subset."""
    ((_, view),) = answers
    assert isinstance(view, ResponseView)
    try:
        actual: object = msgspec.json.decode(view.body)
    except msgspec.DecodeError:
        return one(claim.label, f"has a body that is not JSON: {view.body}")
    where = body_difference(msgspec.json.decode(claim.body), actual)
    return None if where is None else one(claim.label, f"has body {view.body}; {where}")


def body_difference(wanted: object, actual: object, path: str = "") -> str | None:
    """Say where a JSON value is not what was wanted; extra keys are allowed.

    >>> body_difference({"status": 200}, {"status": 400, "msg": "no"})
    'status is 400 instead of 200'
    >>> body_difference({"id": "..."}, {"id": 7}) is None
    True
    """
    if wanted == ANYTHING:
        return None
    if isinstance(wanted, dict) and isinstance(actual, dict):
        for key, value in wanted.items():
            inner = f"{path}.{key}" if path else str(key)
            if key not in actual:
                return f"{inner} is missing"
            found = body_difference(value, actual[key], inner)
            if found is not None:
                return found
        return None
    if isinstance(wanted, list) and isinstance(actual, list) and len(wanted) == len(actual):
        for index, (value, have) in enumerate(zip(wanted, actual, strict=True)):
            found = body_difference(value, have, f"{path}[{index}]")
            if found is not None:
                return found
        return None
    if type(wanted) is type(actual) and wanted == actual:
        return None
    if isinstance(wanted, str) and isinstance(actual, str):
        first, second = told_apart(wanted, actual)
    else:
        first, second = _json(wanted), _json(actual)
    return f"{path or 'it'} is {second} instead of {first}"


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
