"""What a reply shows while the agent is at work."""

from threadkeep.chat.adapter import ReplyContent
from threadkeep.chat.visible import ReplyLimits, final_parts, preview_parts

LIMITS = ReplyLimits(part_length=40, edit_interval=1.0)


def test_neither_text_nor_activity_shows_nothing():
    assert preview_parts(ReplyContent(text=" \n", activity=(" ",)), LIMITS) == []


def test_activity_stands_under_the_text():
    content = ReplyContent(text="So far", activity=("Using calculator", "Reading a.txt..."))
    assert preview_parts(content, LIMITS)[0] == "So far\n\n_Reading a.txt\u2026_"
    roomy = ReplyLimits(part_length=400, edit_interval=1.0)
    assert preview_parts(content, roomy) == ["So far\n\n_Using calculator\u2026_\n_Reading a.txt\u2026_"]


def test_activity_alone_is_shown():
    assert preview_parts(ReplyContent(activity=("Using calculator",)), LIMITS) == ["_Using calculator\u2026_"]


def test_activity_opens_no_message_of_its_own():
    content = ReplyContent(text="x" * 40, activity=("Using calculator",))
    assert preview_parts(content, LIMITS) == ["x" * 40]


def test_names_in_the_activity_are_no_markup():
    content = ReplyContent(activity=("Using get_all\n<@U1> *now*",))
    (text,) = preview_parts(content, LIMITS)
    assert text == r"_Using get\_all \<@U1\> \*now\*" + "\u2026_"


def test_final_content_has_no_activity():
    content = ReplyContent(text="Done", activity=("Using calculator",), is_final=True)
    assert preview_parts(content, LIMITS) == final_parts(content, LIMITS) == ["Done"]


def test_only_full_messages_are_previewed_where_nothing_can_be_edited():
    limits = ReplyLimits(part_length=20, edit_interval=1.0, edits=False)
    content = ReplyContent(text="one two three four five six", activity=("Thinking",))
    assert preview_parts(content, limits) == ["one two three four"]


def test_an_answer_with_too_many_messages_is_cut_off_with_a_word_about_it():
    limits = ReplyLimits(part_length=80, edit_interval=1.0, most_parts=2)
    parts = final_parts(ReplyContent(text="word " * 100), limits)
    assert len(parts) == 2
    assert parts[1].endswith("\n\n_Cut off here: no more messages can be sent._")
    assert all(len(part) <= 80 for part in parts)
    code = final_parts(ReplyContent(text="```\n" + "line\n" * 100 + "```"), limits)
    assert [part.count("```") for part in code] == [2, 2]
    short = ReplyContent(text="word " * 20)
    assert final_parts(short, limits) == final_parts(short, ReplyLimits(part_length=80, edit_interval=1.0))


def test_no_note_makes_a_message_of_the_other_kind():
    limits = ReplyLimits(part_length=80, edit_interval=1.0, simple_length=40)
    note = ("Using calculator",)
    assert preview_parts(ReplyContent(text="x" * 35, activity=note), limits) == ["x" * 35]
    assert preview_parts(ReplyContent(text="x" * 10, activity=note), limits) == [
        "x" * 10 + "\n\n_Using calculator\u2026_"
    ]
    assert preview_parts(ReplyContent(text="x" * 41, activity=note), limits) == [
        "x" * 41 + "\n\n_Using calculator\u2026_"
    ]
    assert preview_parts(ReplyContent(activity=note), limits) == ["_Using calculator\u2026_"]
