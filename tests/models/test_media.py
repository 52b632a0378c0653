"""What models take besides text, and how it goes over the wire."""

import pytest

from threadkeep import Fallback, Limited, Recording, Retrying, ScriptedModel
from threadkeep.errors import ConfigError
from threadkeep.messages import File, Message, Role
from threadkeep.models.media import usual_media
from threadkeep.models.openai_chat import OpenAIChat
from threadkeep.models.openai_responses import OpenAIResponses
from threadkeep_emulators.openai import Answer


def said(*files, content="What is this?"):
    return (Message(role=Role.USER, content=content, files=files),)


@pytest.mark.parametrize(
    ("model", "takes"),
    [
        ("gpt-4o-mini", {"image", "pdf"}),
        ("openai/gpt-5.4-mini-2026-03-01", {"image", "pdf"}),
        ("o3", {"image", "pdf"}),
        ("o3-mini", set()),
        ("gpt-audio", {"audio"}),
        ("gpt-4o-audio-preview", {"audio"}),
        ("claude-sonnet-5", {"image"}),
        ("qwen2.5-vl:7b", {"image"}),
        ("llava:13b", {"image"}),
        ("llama3.2", set()),
        ("gpt-oss:20b", set()),
        ("gpt-3.5-turbo", set()),
    ],
)
def test_the_name_of_a_model_tells_what_it_takes(model, takes):
    assert usual_media(model) == takes


def test_a_program_may_say_what_a_model_takes():
    assert OpenAIChat("llama3.2", takes=["image"]).takes == {"image"}
    assert OpenAIChat("gpt-5.4", takes=()).takes == frozenset()
    assert OpenAIResponses("gpt-audio", takes=("image", "audio")).takes == {"image"}, "the endpoint carries no audio"


@pytest.mark.parametrize("takes", ["image", ("picture",), ["image", "video"]])
def test_words_that_mean_nothing_are_refused(takes):
    with pytest.raises(ConfigError, match="takes must be some of"):
        OpenAIChat("llama3.2", takes=takes)


def test_models_around_models_take_what_these_take():
    seeing, hearing = OpenAIChat("gpt-5.4"), OpenAIChat("gpt-audio")
    assert Retrying(model=seeing).takes == Limited(seeing).takes == {"image", "pdf"}
    assert Recording(hearing, print).takes == {"audio"}
    assert Fallback(seeing, OpenAIChat("claude-sonnet-5")).takes == {"image"}
    assert Fallback(seeing, hearing).takes == frozenset()
    assert Fallback(seeing, ScriptedModel()).takes == frozenset()


async def test_images_and_pdfs_are_accepted_by_both_endpoints(openai, endpoint, model, ask, samples):
    openai.answers(Answer(text="ok"))
    picture = File(name="a.webp", media_type="image/webp", data=samples.webp())
    document = File(name="b.pdf", media_type="application/pdf", data=samples.pdf("Hello"))
    _, answer = await ask(model, said(picture, document))
    assert answer.message.content == "ok"
    sent = openai.messages(-1)[-1]["content"]
    if endpoint == "chat":
        assert [part["type"] for part in sent] == ["text", "image_url", "file"]
        assert sent[1]["image_url"]["url"].startswith("data:image/webp;base64,UklGR")
        assert sent[2]["file"]["filename"] == "b.pdf"
    else:
        assert [part["type"] for part in sent] == ["input_text", "input_image", "input_file"]
        assert sent[2]["file_data"].startswith("data:application/pdf;base64,JVBERi")


async def test_a_file_without_words_is_a_message(openai, model, ask, samples):
    openai.answers(Answer(text="ok"))
    await ask(model, said(File(name="a.png", media_type="image/png", data=samples.png()), content=""))
    assert len(openai.messages(-1)[-1]["content"]) == 1


@pytest.mark.parametrize("endpoint", ["chat"])
async def test_audio_goes_to_a_model_that_hears(openai, make_model, ask, samples):
    openai.answers(Answer(text="ok"))
    model = OpenAIChat("gpt-audio", base_url=openai.url, api_key=openai.api_key)
    files = [
        File(name="a.wav", media_type="audio/wav", data=samples.wav()),
        File(name="a.mp3", media_type="audio/mpeg", data=samples.MP3),
    ]
    await ask(model, said(*files))
    await model.aclose()
    sent = openai.messages(-1)[-1]["content"]
    assert [part["input_audio"]["format"] for part in sent[1:]] == ["wav", "mp3"]


async def test_messages_without_files_stay_plain_text(openai, model, ask):
    openai.answers(Answer(text="ok"))
    await ask(model, said(content="Hello"))
    assert openai.messages(-1)[-1]["content"] == "Hello"
