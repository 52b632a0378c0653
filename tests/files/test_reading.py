"""Reading one file: what the model gets of it, or why not."""

from dataclasses import replace

import pytest

from threadkeep.errors import ConfigError, FileNotReadError, PlatformUnavailableError
from threadkeep.files.cache import FileCache
from threadkeep.files.limits import FileLimits, in_words
from threadkeep.files.reading import FileReader, cut_to
from threadkeep.messages import Attachment, File

ALL = ("image", "pdf", "audio")
LIES = Attachment(id="F1", name="file", media_type="application/x-lies")


class Shelf:
    """Gives one file, and counts how often it was asked; raises what it was told to."""

    def __init__(self, data=b"", *, error=None):
        self.data, self.error, self.asked = data, error, 0

    async def __call__(self, attachment, *, most):
        self.asked += 1
        if self.error is not None:
            raise self.error
        return File(name=attachment.name, media_type=attachment.media_type, data=self.data)


async def read(data=b"", *, takes=ALL, attachment=LIES, limits=None, error=None):
    reader = FileReader(limits or FileLimits(), takes=takes)
    return await reader.read(attachment, Shelf(data, error=error), session_id="s")


@pytest.mark.parametrize(
    ("name", "media_type"),
    [("png", "image/png"), ("jpeg", "image/jpeg"), ("gif", "image/gif"), ("webp", "image/webp"), ("wav", "audio/wav")],
)
async def test_media_that_the_model_takes_is_given_with_its_true_type(samples, name, media_type):
    found = await read(getattr(samples, name)())
    (file,) = found.files
    assert (file.media_type, found.attachment.media_type) == (media_type, media_type)
    assert (found.attachment.note, found.attachment.text) == ("", "")


async def test_text_and_code_are_kept_as_text():
    found = await read(b"print(1)\n", takes=())
    assert (found.files, found.attachment.text, found.attachment.note) == ((), "print(1)\n", "")


async def test_a_pdf_goes_as_it_is_where_the_model_takes_it_else_as_text(samples):
    as_it_is = await read(samples.pdf("Hello"))
    assert [file.name for file in as_it_is.files] == ["file.pdf"]
    as_text = await read(samples.pdf("Hello", "you"), takes=("image",), limits=FileLimits(max_pages=1))
    assert as_text.files == ()
    assert (as_text.attachment.text, as_text.attachment.note) == ("Hello", "the first 1 of 2 pages")


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda samples: samples.ZIP, "it is no image (PNG, JPEG, GIF, WebP), no PDF and no text"),
        (lambda samples: samples.png(), "the language model takes no images"),
        (lambda samples: samples.MP3, "the language model takes no audio"),
        (lambda samples: samples.locked_pdf(), "the PDF is encrypted"),
        (lambda samples: b"", "it is empty"),
        (lambda samples: b" \n ", "it is empty"),
    ],
)
async def test_what_is_not_read_says_why(samples, make, reason):
    found = await read(make(samples), takes=())
    assert (found.files, found.attachment.note) == ((), reason)


@pytest.mark.parametrize(
    ("declared", "reason"),
    [
        ("image/heic", "of images I read PNG, JPEG, GIF and WebP only"),
        ("audio/ogg", "of audio I read WAV and MP3 only"),
        ("video/mp4", "it is no image (PNG, JPEG, GIF, WebP), no PDF and no text"),
    ],
)
async def test_formats_that_are_not_read_are_named(samples, declared, reason):
    found = await read(samples.ZIP, attachment=replace(LIES, media_type=declared))
    assert found.attachment.note == reason


async def test_pictures_that_a_server_would_refuse_are_not_sent(samples):
    assert (await read(samples.png()[:20])).attachment.note == "the image is damaged"
    assert (await read(samples.gif(frames=2))).attachment.note == "it is an animated GIF"


async def test_what_is_too_large_is_not_even_asked_for(samples):
    limits, shelf = FileLimits(max_bytes=1024), Shelf(samples.png())
    reader = FileReader(limits, takes=ALL)
    found = await reader.read(replace(LIES, size=2048), shelf, session_id="s")
    assert (found.attachment.note, shelf.asked) == ("it is too large; I read up to 1 kB", 0)
    # The platform may say nothing of the size, or not the truth.
    assert (await read(b"x" * 1025, limits=limits)).attachment.note == "it is too large; I read up to 1 kB"


async def test_failures_of_the_platform_are_noted():
    assert (await read(error=FileNotReadError("it is gone"))).attachment.note == "it is gone"
    found = await read(error=PlatformUnavailableError("https://files.example/secret"))
    assert found.attachment.note == "it could not be fetched just now"


async def test_a_fetch_that_takes_too_long_is_given_up():
    found = await read(error=TimeoutError())
    assert found.attachment.note == "it took too long to fetch"


async def test_what_is_known_already_is_not_fetched_again():
    shelf = Shelf(b"text")
    reader = FileReader(FileLimits(), takes=ALL)
    await reader.read(replace(LIES, note="it was deleted"), shelf, session_id="s")
    await reader.read(replace(LIES, text="known"), shelf, session_id="s")
    assert shelf.asked == 0


async def test_the_cache_keeps_conversations_apart(samples):
    shelf = Shelf(samples.png())
    reader = FileReader(FileLimits(), takes=ALL)
    for session_id in ("a", "a", "b"):
        assert (await reader.read(LIES, shelf, session_id=session_id)).files
    assert shelf.asked == 2


def test_the_cache_is_bounded_and_keeps_what_was_used_last():
    cache = FileCache(20_000)
    for name in ("a", "b"):
        cache.put("s", name, File(name=name, data=bytes(8_000)))
    assert cache.get("s", "a") is not None
    cache.put("s", "c", File(name="c", data=bytes(8_000)))
    assert cache.get("s", "b") is None
    assert cache.get("s", "a") is not None
    cache.put("s", "huge", File(name="huge", data=bytes(20_000)))
    assert cache.get("s", "huge") is None
    before = cache.size
    cache.put("s", "a", File(name="a", data=bytes(7_000)))
    assert cache.size == before - 1_000


def test_texts_are_cut_with_a_note():
    known = replace(LIES, text="abcdef")
    assert cut_to(known, 6) == known
    assert (cut_to(known, 2).text, cut_to(known, 2).note) == ("ab", "the first 2 of 6 characters")
    assert (cut_to(known, 0).text, cut_to(known, 0).note) == ("", "there is too much text in the files")


def test_limits_that_make_no_sense_are_refused():
    with pytest.raises(ConfigError, match="max_files"):
        FileLimits(max_files=-1)
    with pytest.raises(ConfigError, match="seconds"):
        FileLimits(seconds=0)


def test_sizes_are_in_words():
    assert [in_words(size) for size in (5, 1536, 10 * 1024 * 1024)] == ["5 bytes", "1.5 kB", "10 MB"]
