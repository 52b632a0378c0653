"""Images, files and audio: what the emulated API refuses, and what the offline model tells of them."""

from base64 import b64encode

import aiohttp
import pytest

MODEL = "gpt-4o-mini"


def encoded(data):
    return b64encode(data).decode()


def url(media_type, data):
    return f"data:{media_type};base64,{encoded(data)}"


async def post(emulator, path, body):
    headers = {"Authorization": f"Bearer {emulator.api_key}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(f"{emulator.url}{path}", json=body) as response,
    ):
        return response.status, await response.json()


async def chat(emulator, *parts, model=MODEL):
    body = {"model": model, "messages": [{"role": "user", "content": list(parts)}]}
    status, answer = await post(emulator, "/chat/completions", body)
    return status, answer["choices"][0]["message"]["content"] if status == 200 else answer["error"]


async def respond(emulator, *parts):
    body = {"model": MODEL, "input": [{"role": "user", "content": list(parts)}], "store": False}
    status, answer = await post(emulator, "/responses", body)
    return status, answer["output"][0]["content"][0]["text"] if status == 200 else answer["error"]


def image(address, **fields):
    return {"type": "image_url", "image_url": {"url": address, **fields}}


def document(name, data, media_type="application/pdf"):
    return {"type": "file", "file": {"filename": name, "file_data": url(media_type, data)}}


def audio(data, kind="wav"):
    return {"type": "input_audio", "input_audio": {"data": encoded(data), "format": kind}}


@pytest.mark.parametrize("kind", ["png", "jpeg", "gif", "webp"])
async def test_an_image_is_told_by_its_size(emulator, samples, kind):
    picture = url(f"image/{kind}", getattr(samples, kind)(31, 17))
    assert await chat(emulator, image(picture, detail="low")) == (200, "I see an image of 31x17 pixels.")
    part = {"type": "input_image", "image_url": picture, "detail": "auto"}
    assert await respond(emulator, part) == (200, "I see an image of 31x17 pixels.")


async def test_a_document_is_told_by_its_pages(emulator, samples):
    pages = samples.pdf("one", "two")
    assert await chat(emulator, document("a.pdf", pages)) == (200, "I see a PDF of 2 pages called a.pdf.")
    part = {"type": "input_file", "filename": "a.pdf", "file_data": url("application/pdf", pages)}
    assert await respond(emulator, part) == (200, "I see a PDF of 2 pages called a.pdf.")


async def test_sounds_are_told_by_their_length(emulator, samples):
    found = await chat(emulator, audio(samples.wav()), audio(samples.MP3, "mp3"), model="gpt-audio")
    assert found == (200, f"I see wav audio of 204 bytes and mp3 audio of {len(samples.MP3)} bytes.")


async def test_several_things_are_told_together(emulator, samples):
    parts = [{"type": "text", "text": "What are these?"}, image(url("image/png", samples.png()))]
    status, text = await chat(emulator, *parts, document("b.pdf", samples.pdf("x")))
    assert (status, text) == (200, "I see an image of 12x10 pixels and a PDF of 1 page called b.pdf.")


@pytest.mark.parametrize(
    ("make", "param"),
    [
        (lambda made: {"type": "image_url"}, "image_url"),
        (lambda made: {"type": "image_url", "image_url": "data:"}, "image_url"),
        (lambda made: image(""), "image_url.url"),
        (lambda made: image("data:image/png;base64,***"), "image_url.url"),
        (lambda made: image("data:image/png;base64,abc"), "image_url.url"),
        (lambda made: image(url("image/png", made.jpeg())), "image_url.url"),
        (lambda made: image(url("image/png", made.png()[:18])), "image_url.url"),
        (lambda made: image(url("image/jpeg", made.jpeg()[:22])), "image_url.url"),
        (lambda made: image(url("image/gif", made.gif(frames=2))), "image_url.url"),
        (lambda made: image(url("text/plain", b"text")), "image_url.url"),
        (lambda made: image(url("image/png", made.png()), detail="best"), "detail"),
        (lambda made: document("", made.pdf("x")), "file.filename"),
        (lambda made: document("a.pdf", b"no document"), "file.file_data"),
        (lambda made: audio(made.wav()), "input_audio"),
    ],
)
async def test_what_the_api_refuses_is_refused(emulator, samples, make, param):
    status, error = await chat(emulator, make(samples))
    assert status == 400
    assert error["param"].endswith(param)


@pytest.mark.parametrize(
    ("make", "param"),
    [
        (lambda made: audio(made.wav(), "ogg"), "input_audio.format"),
        (lambda made: audio(made.MP3, "wav"), "input_audio.data"),
        (lambda made: audio(b"", "wav"), "input_audio.data"),
    ],
)
async def test_sounds_that_are_none_are_refused(emulator, samples, make, param):
    status, error = await chat(emulator, make(samples), model="gpt-audio")
    assert (status, error["param"].endswith(param)) == (400, True)


async def test_responses_take_no_audio(emulator, samples):
    status, error = await respond(emulator, audio(samples.wav()))
    assert (status, error["code"]) == (400, "invalid_value")


async def test_what_is_not_emulated_says_so(emulator, samples):
    for part in (image("https://example.com/a.png"), {"type": "image_url", "image_url": {"file_id": "file-1"}}):
        assert (await chat(emulator, part))[0] == 501
    assert (await chat(emulator, {"type": "file", "file": {"file_id": "file-1"}}))[0] == 501
    assert (await chat(emulator, document("a.docx", b"x", "application/msword")))[0] == 501
    assert (await respond(emulator, {"type": "input_file", "file_url": "https://example.com/a.pdf"}))[0] == 501
