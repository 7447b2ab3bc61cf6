"""What can be known of devices: what they show, what reached them, whether they are there."""

from __future__ import annotations

from collections.abc import Iterator

from imcli.model.actions import Synchronise
from imcli.model.questions import (
    Agreement,
    AgreementView,
    ListView,
    Presence,
    PresenceView,
    Received,
    ReceivedView,
    Shown,
    View,
)
from imcli.targets.live.backend import BackEnd
from imcli.targets.live.devices import Device, Devices
from imcli.targets.observable import messages_text, shown_facts


class DeviceViews:
    """Looks at the devices of one world."""

    def __init__(self, devices: Devices, back: BackEnd) -> None:
        self._devices = devices
        self._back = back

    def look(self, question: Shown | Received | Presence | Agreement) -> View | None:
        """Answer a question; None: there is no such device here.

        Raises:
            Garbled: a device's synchronisation was not answered well.
        """
        if isinstance(question, Agreement):
            return self._agreement(question.user)
        device = self._devices.find(question.user, question.device)
        if device is None:
            return None
        with self._devices.world.bell:
            match question:
                case Shown():
                    return device.cache.view(device.server_now_ms)
                case Received():
                    return ReceivedView(tuple(device.cache.arrivals))
                case Presence():
                    return PresenceView(device.presence)

    def _agreement(self, user: str) -> AgreementView:
        """Let a copy of every cache synchronise with its own marks, and a fresh device beside."""
        lists = [(d.key.device, self._synchronised(d)) for d in self._devices.of(user)]
        fresh = self._back.reader.listed(Synchronise(user, ""))
        total = sum(entry.unread for entry in fresh.entries)
        return AgreementView((*lists, ("", ListView(fresh.entries, total))))

    def _synchronised(self, device: Device) -> ListView:
        with self._devices.world.bell:
            copy = device.cache.copy()
        action = Synchronise(device.key.user, device.key.device, seqs=copy.seqs())
        copy.feed((self._back.reader.listed(action),))
        return copy.view(device.server_now_ms)

    def facts(self, user: str) -> Iterator[tuple[str, str]]:
        """State what a user's devices show, what reached them and whether they are there."""
        with self._devices.world.bell:
            for device in self._devices.of(user):
                shown = device.cache.view(device.server_now_ms).entries
                yield from shown_facts(str(device.key), shown)
                yield f"what {device.key} received", messages_text(device.cache.arrivals)
                yield f"the session of {device.key}", device.presence
