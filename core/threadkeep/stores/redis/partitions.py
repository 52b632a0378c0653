"""Where there may be work, when the sessions are spread over several partitions.

Asking each partition at each claim would cost as many calls as there are partitions. So they are asked when somebody
said that a session became ready there, when a delay is over there, and after a look at all of them, now and then.
"""

from collections.abc import Iterator


class Partitions:
    """What one event loop knows of the partitions.

    Args:
        count: How many there are.
        sweep_seconds: How often it is to be looked for lapsed leases and for what nobody has said.
    """

    def __init__(self, count: int, sweep_seconds: float) -> None:
        self._count = count
        self._sweep_seconds = sweep_seconds
        self._hints: dict[int, int] = {}
        self._hinted = 0
        self._due: dict[int, float] = {}
        self._swept: dict[int, float] = {}
        self._looked_at = float("-inf")

    @property
    def count(self) -> int:
        """How many there are."""
        return self._count

    def hint(self, partition: int) -> None:
        """Note that there may be work."""
        self._hinted += 1
        self._hints[partition] = self._hinted

    def forget(self) -> None:
        """Note that hints may have been missed: the next claim looks at all partitions."""
        self._looked_at = float("-inf")

    def is_look_due(self, now: float) -> bool:
        """Tell whether it is time to look at all partitions; if so, it is taken to be done."""
        if self._count == 1 or now < self._looked_at + self._sweep_seconds:
            return False
        self._looked_at = now
        return True

    def in_turn(self, now: float) -> Iterator[tuple[int, int]]:
        """Go through the partitions where there may be work, each with the number of its hint."""
        if self._count == 1:
            yield 0, 0
            return
        for partition in [known for known, due_at in self._due.items() if due_at <= now]:
            del self._due[partition]
            self.hint(partition)
        yield from list(self._hints.items())

    def found(self, partition: int, *, is_lapsed: bool) -> None:
        """Note that a session was taken; there may be more, but the others come first."""
        if is_lapsed:
            self._swept.pop(partition, None)
        if partition in self._hints:
            self._hints[partition] = self._hints.pop(partition)

    def empty(self, partition: int, hint: int, *, due_at: float | None) -> None:
        """Note that there was nothing, unless somebody hinted at it meanwhile.

        Args:
            partition: The partition.
            hint: The number of the hint that was followed.
            due_at: When a delay is over there, where one is known.
        """
        if self._hints.get(partition) == hint:
            del self._hints[partition]
        self._due.pop(partition, None)
        if due_at is not None:
            self._due[partition] = due_at

    def looked(self, partition: int, *, may_have_work: bool, due_at: float | None) -> None:
        """Note what a look at a partition found."""
        if may_have_work:
            self.hint(partition)
        if due_at is not None:
            self._due[partition] = due_at

    def is_sweep_due(self, partition: int, now: float) -> bool:
        """Tell whether lapsed leases are to be looked for before ready sessions; if so, it is taken to be done.

        They come first, so that a steady stream of new work cannot starve them; but finding them costs a walk over
        all sessions that are held, so not at every claim.
        """
        if now < self._swept.get(partition, float("-inf")) + self._sweep_seconds:
            return False
        self._swept[partition] = now
        return True

    def due_at(self) -> float | None:
        """Give the time at which there may be work by itself."""
        times = [*self._due.values()]
        if self._count > 1:
            times.append(self._looked_at + self._sweep_seconds)
        return min(times, default=None)
