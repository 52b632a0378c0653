"""How the author says that replies are streamed."""

from threadkeep_slack.replies.stream_settings import StreamSettings, read_streams


def test_replies_are_streamed_if_nothing_is_said():
    assert read_streams({}) == StreamSettings(is_on=True, display="timeline", has_feedback=True)


def test_streaming_and_feedback_can_be_switched_off_and_plans_on():
    environ = {"SLACK_STREAMING": "off", "SLACK_TASKS": "Plan", "SLACK_FEEDBACK": "no"}
    assert read_streams(environ) == StreamSettings(is_on=False, display="plan", has_feedback=False)
