from __future__ import annotations

import pytest

from imcli.model.entities import DeviceSpec
from imcli.scenario.reading.parse import parse_try
from imcli.scenario.reading.problems import InvalidScenario

PHONE = DeviceSpec("phone")


def test_users_are_those_named_in_order_with_a_phone_each() -> None:
    case = parse_try("A deletes B; B sends; assert A sees the conversation")
    assert case.cast.users == (("A", (PHONE,)), ("B", (PHONE,)))
    assert [step.text for step in case.steps] == [
        "A deletes B",
        'B sends A "message 1"',
        "assert A sees B",
    ]


def test_devices_are_those_named_and_not_those_added_later() -> None:
    case = parse_try("A.web deletes B; A adds device tablet; A.tablet syncs; A.phone syncs")
    assert case.cast.users[0] == ("A", (DeviceSpec("web", "web"), PHONE))


def test_the_rows_of_a_table_name_users_and_devices_too() -> None:
    case = parse_try(
        "assert table:\n  device conversation last\n  A.web C -\n  B - -\n  C.phone A *"
    )
    users = [(user, [device.name for device in devices]) for user, devices in case.cast.users]
    assert users == [("A", ["web"]), ("C", ["phone"]), ("B", ["phone"])]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("A deletes B, B sends, assert A sees the conversation", 3),
        ("B sends A, wait 5s, server flushes", 3),
        ("B sends as m1, assert A sees B with last m1, messages m1, 1 unread", 2),
        ("B sends A with no-persist, command, A deletes B", 2),
        ("assert A sees only B, A.web deletes B", 2),
        ("C creates #team with A, B, B sends #team", 2),
    ],
)
def test_a_comma_ends_a_step_where_a_sentence_begins_behind_it(text: str, count: int) -> None:
    assert len(parse_try(text).steps) == count


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "there is no step"),
        ("sends B", "no sentence begins with sends"),
        ("A.fridge deletes B", "`fridge` is no device"),
        ("A delets B", "unknown action `delets`"),
        ("A deletes #team", "unknown group `#team` (there is none)"),
        ("A\tdeletes B", "a tab; steps are indented with spaces"),
        ("A deletes B \x1b", "the control character U+001B"),
    ],
)  # fmt: skip
def test_a_wrong_line_is_explained(text: str, message: str) -> None:
    with pytest.raises(InvalidScenario) as caught:
        parse_try(text)
    assert message in [problem.message for problem in caught.value.found]


def test_a_claim_that_is_wrong_hides_no_user_of_the_others() -> None:
    with pytest.raises(InvalidScenario) as caught:
        parse_try("assert A sese B or C sees D")
    assert [problem.message for problem in caught.value.found] == ["unknown claim `sese`"]
