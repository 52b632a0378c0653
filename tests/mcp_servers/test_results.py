"""What the model is told of results of every kind."""

import base64
import json

import pytest
from mcp.types import AudioContent, CallToolResult, ImageContent, TextContent

from threadkeep import ToolError
from threadkeep.mcp import results
from threadkeep.mcp.results import read_result


def text(said):
    return TextContent(text=said)


async def told(context, *content, most=1_000, **fields):
    return (await read_result(CallToolResult(content=list(content), **fields), context, most=most)).text


@pytest.mark.parametrize(
    ("texts", "structured", "expected"),
    [
        ([], {"a": 1}, '{"a":1}'),
        (['{"a": 1}'], {"a": 1}, '{"a": 1}'),
        (["3"], {"result": 3}, "3"),
        (["three"], {"result": "three"}, "three"),
        (["1", "2"], {"result": [1, 2]}, "1\n2"),
        (["two things"], {"result": [1, 2]}, 'two things\n{"result":[1,2]}'),
        (["found"], [1], "found\n[1]"),
        ([], None, "[the tool gave nothing back]"),
    ],
)
async def test_structured_content_is_added_unless_the_text_says_the_same(context, texts, structured, expected):
    assert await told(context, *(text(said) for said in texts), structured_content=structured) == expected


async def test_errors_are_raised_with_what_the_tool_says(context):
    with pytest.raises(ToolError, match=r"^no\nspace$"):
        await told(context, text("no"), text("space"), is_error=True)
    with pytest.raises(ToolError, match="without saying why"):
        await told(context, is_error=True)


async def test_files_are_named_by_what_they_are(context, samples):
    image = ImageContent(data=base64.b64encode(samples.png()).decode(), mime_type="text/html")
    sound = AudioContent(data=base64.b64encode(samples.wav()).decode(), mime_type="audio/wav")
    assert "audio.wav, posted" in await told(context, image, sound)
    sent = [(file.name, file.media_type) for file in context.desk.sent]
    assert sent == [("image.png", "image/png"), ("audio.wav", "audio/wav")]


async def test_files_are_for_the_model_as_well(context, samples):
    image = ImageContent(data=base64.b64encode(samples.png()).decode(), mime_type="image/png")
    result = await read_result(CallToolResult(content=[text("a dot"), image]), context, most=1_000)
    assert list(result.files) == context.desk.sent
    assert [(file.media_type, file.data) for file in result.files] == [("image/png", samples.png())]


async def test_files_are_bounded_in_number_and_size(context, samples, monkeypatch):
    image = ImageContent(data=base64.b64encode(samples.png()).decode(), mime_type="image/png")
    said = await told(context, *[image] * 12, most=10_000)
    assert said.count("too many files") == 2
    assert len(context.desk.sent) == 10
    monkeypatch.setattr(results, "_MOST_BYTES", 10)
    assert "which is too large" in await told(context, image)


async def test_a_long_result_is_cut_with_a_note(context):
    said = await told(context, structured_content={"a": "x" * 500}, most=100)
    assert said.startswith(json.dumps({"a": "x" * 500}, separators=(",", ":"))[:100])
    assert said.endswith("[cut: the first 100 of 508 characters are shown]")
