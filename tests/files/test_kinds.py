"""What a file is, told by its bytes alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threadkeep.files.images import has_several_frames, image_size
from threadkeep.files.kinds import FileKind, Sniffed, kind_of, sniff

HEADS = [
    b"\x89PNG\r\n\x1a\n",
    b"\xff\xd8\xff",
    b"GIF89a",
    b"RIFF\x00\x00\x00\x00WEBP",
    b"%PDF-1.7",
    b"ID3",
    b"\xff\xfb",
    b"",
]


@pytest.mark.parametrize(
    ("name", "kind", "media_type"),
    [
        ("png", FileKind.IMAGE, "image/png"),
        ("jpeg", FileKind.IMAGE, "image/jpeg"),
        ("gif", FileKind.IMAGE, "image/gif"),
        ("webp", FileKind.IMAGE, "image/webp"),
        ("wav", FileKind.AUDIO, "audio/wav"),
        ("pdf", FileKind.PDF, "application/pdf"),
    ],
)
def test_known_formats_are_told_by_their_bytes(samples, name, kind, media_type):
    assert sniff(getattr(samples, name)()) == Sniffed(kind, media_type)


def test_audio_archives_and_text_are_told_apart(samples):
    assert sniff(samples.MP3) == Sniffed(FileKind.AUDIO, "audio/mpeg")
    assert sniff(b"\xff\xfb\x90\x00" + bytes(100)).kind is FileKind.AUDIO
    assert sniff(samples.ZIP).kind is FileKind.OTHER
    assert sniff(b"def f():\n    return 1\n").kind is FileKind.TEXT
    assert sniff("\ufeffhello".encode("utf-16-le")).kind is FileKind.TEXT
    assert sniff(b"a text that mentions %PDF- somewhere").kind is FileKind.TEXT


@pytest.mark.parametrize("name", ["png", "jpeg", "gif", "webp"])
def test_sizes_are_read_from_the_head(samples, name):
    assert image_size(getattr(samples, name)(640, 480)) == (640, 480)


def test_other_webp_heads_have_sizes_too():
    lossy = b"RIFF\x00\x00\x00\x00WEBPVP8 " + bytes(10) + b"\x80\x02\xe0\x01"
    extended = b"RIFF\x00\x00\x00\x00WEBPVP8X" + bytes(8) + b"\x7f\x02\x00\xdf\x01\x00"
    assert image_size(lossy) == image_size(extended) == (640, 480)
    assert image_size(b"RIFF\x00\x00\x00\x00WEBPVP9 " + bytes(20)) is None


def test_a_damaged_head_gives_no_size(samples):
    assert image_size(b"\xff\xd8\xffnothing of a picture") is None
    assert image_size(b"\xff\xd8\xff\x01\xff\xd0" + samples.jpeg()[20:]) == (12, 10)
    assert image_size(b"GIF89a") is None


def test_damaged_and_moving_pictures_are_recognised(samples):
    assert sniff(samples.png()[:20]).problem == "the image is damaged"
    assert sniff(samples.png(0, 5)).problem == "the image is damaged"
    assert sniff(samples.jpeg()[:12]).problem == "the image is damaged"
    assert sniff(samples.gif(frames=3)).problem == "it is an animated GIF"
    assert not has_several_frames(samples.gif())


def test_a_declared_type_tells_its_kind():
    declared = ["image/heic", "audio/ogg", "application/pdf", "text/csv", "video/mp4", ""]
    assert [kind_of(media_type) for media_type in declared] == [
        FileKind.IMAGE,
        FileKind.AUDIO,
        FileKind.PDF,
        FileKind.TEXT,
        FileKind.OTHER,
        FileKind.OTHER,
    ]


@given(st.sampled_from(HEADS), st.binary(max_size=400))
def test_any_bytes_are_something(head, data):
    found = sniff(head + data)
    assert found.media_type.count("/") == 1
    image_size(head + data)
    has_several_frames(head + data)


@given(st.data())
def test_a_picture_cut_anywhere_is_still_read_or_refused(samples, data):
    picture = getattr(samples, data.draw(st.sampled_from(["png", "jpeg", "gif", "webp"])))()
    sniff(picture[: data.draw(st.integers(min_value=0, max_value=len(picture)))])
