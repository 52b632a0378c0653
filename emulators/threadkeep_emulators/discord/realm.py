"""What every part of the emulator works with: the world, its ids and clock, and who is told of changes."""

from dataclasses import dataclass

from threadkeep_emulators.faults import Faults

from .changes import Bell
from .flags import Intent
from .gateway.events import Event
from .gateway.hub import Gateway
from .ids import Clock, IdSource
from .model import Application, User
from .world import World


@dataclass(slots=True, kw_only=True)
class Realm:
    """Hold together what one emulated Discord is made of."""

    world: World
    ids: IdSource
    clock: Clock
    bell: Bell
    gateway: Gateway
    faults: Faults
    enabled_intents: Intent
    base_url: str = ""

    @property
    def application(self) -> Application:
        """Give the application that talks to this platform."""
        return self.world.application

    @property
    def bot(self) -> User:
        """Give the application's bot."""
        return self.world.application.bot

    def tell(self, *events: Event) -> None:
        """Dispatch what happened, and wake those who wait for a change."""
        self.gateway.publish_all(events)
        self.bell.ring()
