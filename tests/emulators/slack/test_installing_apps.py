"""OAuth as Slack does it: consent, codes, tokens that expire, and their end."""

import base64
from urllib.parse import parse_qs, urlsplit

import pytest

from threadkeep_emulators.slack import RetrySchedule, SlackEmulator

REDIRECT = "https://bot.example.com/back"


class Clock:
    def __init__(self):
        self.now = 1_700_000_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
async def slack(clock):
    async with SlackEmulator(clock=clock, schedule=RetrySchedule(ack_timeout=10.0, scale=0.0001)) as emulator:
        emulator.app.redirect_urls.append(REDIRECT)
        yield emulator


@pytest.fixture
def globex(slack):
    return slack.workspace("Globex", is_installed=False)


@pytest.fixture
def call(slack, session):
    """Call a method of OAuth with the app's credentials."""

    async def send(method, *, token=None, credentials=None, **fields):
        given = credentials or f"{slack.app.client_id}:{slack.app.client_secret}"
        header = f"Basic {base64.b64encode(given.encode()).decode()}"
        headers = {"Authorization": header if token is None else f"Bearer {token}"}
        async with session.post(f"{slack.api_url}{method}", data=fields, headers=headers) as response:
            return await response.json()

    return send


@pytest.fixture
def allow(slack, session, globex):
    """Allow the app in a workspace, and give the code."""

    async def decide(decision="allow", **changes):
        asked = {
            "client_id": slack.app.client_id,
            "scope": "chat:write,users:read",
            "state": "s",
            "redirect_uri": REDIRECT,
        }
        url = slack.api_url.replace("/api/", "/oauth/v2/authorize")
        form = asked | changes | {"team": globex.id, "decision": decision}
        async with session.post(url, data=form, allow_redirects=False) as response:
            if response.status != 302:
                return await response.text()
            query = parse_qs(urlsplit(response.headers["Location"]).query)
            assert query["state"] == ["s"]
            return (query.get("code") or query["error"])[0]

    return decide


async def test_code_gives_the_token_of_the_workspace(call, allow, globex, slack):
    answer = await call("oauth.v2.access", code=await allow(), redirect_uri=REDIRECT)
    assert answer["ok"], answer
    assert (answer["team"]["id"], answer["token_type"], answer["scope"]) == (globex.id, "bot", "chat:write,users:read")
    assert (answer["app_id"], answer["bot_user_id"]) == (slack.app.id, globex.team.bot_user)
    assert "refresh_token" not in answer
    assert (await call("auth.test", token=answer["access_token"]))["team_id"] == globex.id
    assert (await call("reactions.add", token=answer["access_token"]))["error"] == "missing_scope"


async def test_code_is_good_for_once_and_for_ten_minutes(call, allow, clock):
    code = await allow()
    assert (await call("oauth.v2.access", code=code, redirect_uri=REDIRECT))["ok"]
    assert (await call("oauth.v2.access", code=code, redirect_uri=REDIRECT))["error"] == "code_already_used"
    late = await allow()
    clock.now += 601
    assert (await call("oauth.v2.access", code=late, redirect_uri=REDIRECT))["error"] == "invalid_code"
    assert (await call("oauth.v2.access", redirect_uri=REDIRECT))["error"] == "invalid_code"


async def test_code_needs_the_address_that_it_was_sent_to(call, allow):
    assert (await call("oauth.v2.access", code=await allow()))["error"] == "bad_redirect_uri"


async def test_credentials_are_checked(call, allow, slack):
    code = await allow()
    wrong = {"code": code, "redirect_uri": REDIRECT}
    assert (await call("oauth.v2.access", credentials="1:2", **wrong))["error"] == "invalid_client_id"
    bad = await call("oauth.v2.access", credentials=f"{slack.app.client_id}:guessed", **wrong)
    assert bad["error"] == "bad_client_secret"
    assert (await call("oauth.v2.access", grant_type="password", **wrong))["error"] == "invalid_grant_type"


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"client_id": "1.2"}, "invalid_client_id"),
        ({"scope": "admin"}, "invalid_scope: admin"),
        ({"scope": ""}, "invalid_scope"),
        ({"redirect_uri": "https://evil.example"}, "redirect_uri did not match"),
    ],
)
async def test_consent_page_refuses_what_the_app_is_not_set_up_for(allow, changes, complaint):
    assert complaint in await allow(**changes)


async def test_who_declines_sends_an_error_back(allow):
    assert await allow("cancel") == "access_denied"


async def test_installing_again_keeps_the_token(call, allow):
    first = await call("oauth.v2.access", code=await allow(), redirect_uri=REDIRECT)
    second = await call("oauth.v2.access", code=await allow(), redirect_uri=REDIRECT)
    assert first["access_token"] == second["access_token"]


async def test_rotating_token_expires_and_its_refresh_token_is_good_for_once(call, allow, slack, clock):
    slack.app.is_token_rotated = True
    first = await call("oauth.v2.access", code=await allow(), redirect_uri=REDIRECT)
    assert (first["expires_in"], first["access_token"][:10]) == (43_200, "xoxe.xoxb-")
    clock.now += 40_000
    refresh = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    second = await call("oauth.v2.access", **refresh)
    assert second["ok"]
    assert (await call("oauth.v2.access", **refresh))["error"] == "invalid_refresh_token"
    assert (await call("auth.test", token=first["access_token"]))["ok"]
    clock.now += 4_000
    assert (await call("auth.test", token=first["access_token"]))["error"] == "token_expired"
    assert (await call("auth.test", token=second["access_token"]))["ok"]


async def test_token_that_lives_is_exchanged_once_for_one_that_expires(call, allow, slack):
    first = await call("oauth.v2.access", code=await allow(), redirect_uri=REDIRECT)
    credentials = {"client_id": slack.app.client_id, "client_secret": slack.app.client_secret}
    token = first["access_token"]
    refused = await call("oauth.v2.exchange", token=token, **credentials)
    assert refused["error"] == "token_rotation_not_enabled"
    slack.app.is_token_rotated = True
    second = await call("oauth.v2.exchange", token=token, **credentials)
    assert second["refresh_token"].startswith("xoxe-1-")
    again = await call("oauth.v2.exchange", token=second["access_token"], **credentials)
    assert again["error"] == "token_already_exchanged"


@pytest.mark.parametrize(
    ("method", "events"),
    [("auth.revoke", ["tokens_revoked"]), ("apps.uninstall", ["tokens_revoked", "app_uninstalled"])],
)
async def test_token_that_is_given_back_is_dead_and_the_app_is_told(call, allow, slack, globex, method, events):
    token = (await call("oauth.v2.access", code=await allow(), redirect_uri=REDIRECT))["access_token"]
    credentials = {"client_id": slack.app.client_id, "client_secret": slack.app.client_secret}
    assert (await call(method, token=token, **credentials))["ok"]
    assert (await call("auth.test", token=token))["error"] == "token_revoked"
    assert [one.event["type"] for one in slack.deliveries] == events
    await globex.user("Ann").dm("nobody hears this")
    assert len(slack.deliveries) == len(events)


async def test_trial_revocation_revokes_nothing(call, allow):
    token = (await call("oauth.v2.access", code=await allow(), redirect_uri=REDIRECT))["access_token"]
    assert (await call("auth.revoke", token=token, test="1"))["revoked"] is False
    assert (await call("auth.test", token=token))["ok"]
