import pytest
from hypothesis import given
from hypothesis import strategies as st

from threadkeep.errors import InvalidKeyError
from threadkeep.sessions import MessageKey, SessionKey, UserKey, check_id, new_run_id, new_session_id

# Anything a platform could use in an id, the separator and percent signs above all.
PART = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from(":%/@~ "), min_size=1, max_size=12)


@given(platform=PART, workspace=PART, channel=PART, thread=st.none() | PART)
def test_session_key_is_read_back_as_written(platform, workspace, channel, thread):
    key = SessionKey(platform=platform, workspace=workspace, channel=channel, thread=thread)
    assert SessionKey.parse(str(key)) == key


@given(platform=PART, user=PART, workspace=st.none() | PART)
def test_user_key_is_read_back_as_written(platform, user, workspace):
    key = UserKey(platform=platform, user=user, workspace=workspace)
    assert UserKey.parse(str(key)) == key


@given(parts=st.tuples(PART, PART, PART, PART), others=st.tuples(PART, PART, PART, PART))
def test_different_messages_never_share_a_key(parts, others):
    keys = [MessageKey(platform=a, workspace=b, channel=c, message=d) for a, b, c, d in (parts, others)]
    assert (str(keys[0]) == str(keys[1])) == (keys[0] == keys[1])
    assert MessageKey.parse(str(keys[0])) == keys[0]


@given(parts=st.tuples(PART, PART, PART, PART), revision=st.none() | PART)
def test_what_happens_to_a_message_has_a_key_of_its_own(parts, revision):
    platform, workspace, channel, message = parts
    key = MessageKey(platform=platform, workspace=workspace, channel=channel, message=message, revision=revision)
    assert MessageKey.parse(str(key)) == key
    assert key.original.revision is None
    assert (key.original == key) == (revision is None)


def test_keys_read_as_the_documents_say():
    thread = SessionKey(platform="slack", workspace="T1", channel="C1", thread="1700000000.000100")
    assert str(thread) == "slack:T1:C1:1700000000.000100"
    assert str(SessionKey(platform="discord", workspace="@me", channel="42")) == "discord:@me:42"
    assert str(UserKey(platform="slack", workspace="T1", user="U1")) == "slack:T1:U1"
    assert str(UserKey(platform="discord", user="7")) == "discord:7"


def test_same_channel_of_two_teams_is_two_sessions():
    keys = {str(SessionKey(platform="slack", workspace=team, channel="C1", thread="1.1")) for team in ("T1", "T2")}
    assert len(keys) == 2


@pytest.mark.parametrize("part", ["", "a\nb", "\x00", "\ud800", "x" * 600])
def test_impossible_parts_are_refused(part):
    with pytest.raises(InvalidKeyError):
        str(SessionKey(platform="slack", workspace="T1", channel=part))


@pytest.mark.parametrize("text", ["", "slack", "slack:T1", "slack::C1", "a:b:c:d:e"])
def test_text_that_is_no_session_key_is_refused(text):
    with pytest.raises(InvalidKeyError):
        SessionKey.parse(text)


@pytest.mark.parametrize("text", ["", "a\nb", "\ud83d", "x" * 513, None, 7])
def test_ids_that_cannot_be_stored_are_refused(text):
    with pytest.raises(InvalidKeyError, match="session_id"):
        check_id(text, "session_id")


def test_ids_of_programs_are_taken_as_they_are():
    assert check_id("ann@example.org", "user_id") == "ann@example.org"


def test_generated_ids_differ():
    assert len({new_session_id() for _ in range(50)} | {new_run_id() for _ in range(50)}) == 100
