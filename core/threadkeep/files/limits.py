"""How much of people's files a run reads."""

from dataclasses import dataclass, fields

from threadkeep.errors import ConfigError, FileNotReadError


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLimits:
    """How much of the files that people post a run reads. What is beyond is told to the model and to the people.

    Attributes:
        max_files: Files of the messages that a run answers, the newest first; 0 reads none.
        max_bytes: Bytes of one file.
        max_text: Characters of the texts in all these files.
        max_pages: Pages of a PDF whose text is read.
        max_page_images: Pages of a PDF that are shown as pictures, where they have more than text and the model sees
            images.
        max_request_bytes: Bytes of images, PDFs and audio that one request to the model carries. What was shown
            earlier goes first: then only its name is shown.
        seconds: How long one file may take.

    Raises:
        ConfigError: A limit is negative, or a file may take no time.
    """

    max_files: int = 10
    max_bytes: int = 10 * 1024 * 1024
    max_text: int = 100_000
    max_pages: int = 200
    max_page_images: int = 20
    max_request_bytes: int = 32 * 1024 * 1024
    seconds: float = 60.0

    def __post_init__(self) -> None:
        for setting in fields(self):
            if getattr(self, setting.name) < 0:
                raise ConfigError(f"{setting.name} must be 0 or more, got {getattr(self, setting.name)!r}")
        if not self.seconds:
            raise ConfigError("seconds must be more than 0: a file takes time to read")


def too_large(most: int) -> FileNotReadError:
    """Give the error for a file that is too large."""
    return FileNotReadError(f"it is too large; I read up to {in_words(most)}")


def in_words(size: int) -> str:
    """Give a number of bytes as people read it."""
    if size >= 1024 * 1024:
        return f"{size / (1024 * 1024):.3g} MB"
    return f"{size / 1024:.3g} kB" if size >= 1024 else f"{size} bytes"
