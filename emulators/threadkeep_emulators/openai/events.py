"""Server-sent events, before they are written."""

from dataclasses import dataclass

from .payloads import JsonObject, encode


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """Hold one event: its data, and its name where the endpoint names its events."""

    data: JsonObject | str
    name: str | None = None

    def encoded(self) -> bytes:
        """Give the bytes of the event, with the empty line that ends it.

        A text goes out literally, so a script can send what no server should.
        """
        text = self.data if isinstance(self.data, str) else encode(self.data)
        head = f"event: {self.name}\n" if self.name is not None else ""
        return f"{head}data: {text}\n\n".encode(errors="surrogatepass")
