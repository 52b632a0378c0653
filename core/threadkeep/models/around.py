"""What every model around another one has in common."""

from threadkeep.models.base import Media, Model, media_taken


class AroundModel:
    """Passes on what the wrapper does not change: all of ``models.base.Model`` but ``stream``.

    Args:
        model: The wrapped model.
    """

    def __init__(self, model: Model) -> None:
        self._model = model

    @property
    def id(self) -> str:
        """The wrapped model's name."""
        return self._model.id

    @property
    def takes(self) -> frozenset[Media]:
        """What besides text the wrapped model takes."""
        return media_taken(self._model)

    async def prepare(self) -> None:
        """Prepare the wrapped model."""
        await self._model.prepare()

    async def aclose(self) -> None:
        """Close the wrapped model."""
        await self._model.aclose()
