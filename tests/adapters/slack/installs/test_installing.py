"""Installing the app by OAuth, as a browser goes through it."""

import asyncio
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from threadkeep.errors import ConfigError
from threadkeep_emulators.faults import Fault
from threadkeep_slack import SlackAdapter
from threadkeep_slack.installs.needs import scopes_for


async def test_a_workspace_installs_the_app_and_is_answered(slack, globex, start, browser, sink, answer):
    process = await start()
    status, text = await browser.install(process.base_url, "Globex")
    assert (status, "installed in Globex" in text) == (200, True)
    ann = globex.user("Ann")
    question = await ann.dm("hello")
    (event,) = await sink.wait_for()
    assert (event.key.workspace, event.text, event.speaker) == (globex.id, "hello", "Ann")
    await slack.wait_until_settled()
    assert all(delivery.is_acked for delivery in slack.deliveries)
    await answer(process, event, "Hello from the bot")
    assert [seen.text for seen in question.conversation.messages if seen.is_ours] == ["Hello from the bot"]


async def test_slack_is_asked_for_the_scopes_that_the_bot_needs_and_no_more(start, globex, browser):
    process = await start()
    url, form = await browser.ask(process.base_url)
    assert url.path == "/oauth/v2/authorize"
    assert set(form.hidden["scope"].split(",")) == {need.scope for need in scopes_for()}
    assert form.hidden["redirect_uri"] == f"{process.base_url}/slack/oauth_redirect"


async def test_an_installation_costs_an_event_no_call_of_slack(slack, globex, start, browser, sink):
    process = await start()
    await browser.install(process.base_url, "Globex")
    ann = globex.user("Ann")
    before = len(slack.calls("auth.test"))
    for number in range(5):
        await ann.dm(f"hello {number}")
    await sink.wait_for(5)
    assert len(slack.calls("auth.test")) == before == 1


async def test_what_is_declined_is_said(globex, start, browser, sink):
    process = await start()
    status, text = await browser.install(process.base_url, "Globex", decision="cancel")
    assert (status, "Not installed" in text, "was not allowed" in text) == (403, True, True)
    assert f"{process.base_url}/slack/install" in text


async def test_the_way_back_is_good_for_once(globex, start, browser):
    process = await start()
    address = await browser.way_back(process.base_url, "Globex")
    answers = await asyncio.gather(*(browser.open(address) for _ in range(4)))
    assert sorted(status for status, _ in answers) == [200, 400, 400, 400]
    assert (await browser.open(address))[0] == 400


async def test_the_way_back_is_good_for_the_browser_that_began_it(globex, start, browser, new_browser):
    process = await start()
    address = await browser.way_back(process.base_url, "Globex")
    other = await new_browser()
    status, text = await other.open(address)
    assert (status, "Not installed" in text) == (400, True)
    await other.ask(process.base_url)
    status, text = await other.open(address)
    assert (status, "another browser" in text) == (400, True)
    assert (await browser.open(address))[0] == 200


async def test_two_installations_in_one_browser_do_not_disturb_each_other(globex, initech, start, browser):
    process = await start()
    first = await browser.way_back(process.base_url, "Globex")
    second = await browser.way_back(process.base_url, "Initech")
    assert (await browser.open(first))[0] == 200
    assert (await browser.open(second))[0] == 200


async def test_a_state_that_was_made_up_or_changed_is_refused(slack, globex, start, browser):
    process = await start()
    address = await browser.way_back(process.base_url, "Globex")
    state = parse_qs(urlsplit(address).query)["state"][0]
    nonce, until, signature = state.split(".")
    forged = [
        "",
        "x",
        f"{nonce}.{int(until) + 60}.{signature}",
        f"{nonce}.{until}.{'0' * 64}",
        f"{nonce}.{until}",
        "\N{ARABIC-INDIC DIGIT ONE}" * 3,
    ]
    for wrong in forged:
        status, _ = await browser.open(f"{process.base_url}/slack/oauth_redirect?code=c&state={wrong}")
        assert status == 400
    assert slack.calls("oauth.v2.access") == []


async def test_a_state_of_another_bot_is_refused(slack, globex, start, browser):
    process = await start()
    other = await start(secret_keys=(Fernet.generate_key().decode(),))
    address = await browser.way_back(process.base_url, "Globex")
    status, _ = await browser.open(address.replace(process.base_url, other.base_url))
    assert status == 400


async def test_an_installation_that_takes_too_long_is_refused(monkeypatch, globex, start, browser):
    monkeypatch.setattr("threadkeep_slack.installs.states.INSTALL_SECONDS", -1.0)
    process = await start()
    status, text = await browser.install(process.base_url, "Globex")
    assert (status, "took too long" in text) == (400, True)


async def test_an_installation_may_end_at_another_process(slack, globex, start, browser, sink):
    public_url = "http://127.0.0.1:9"
    one, other = await start(public_url=public_url), await start(public_url=public_url)
    address = await browser.way_back(one.base_url, "Globex")
    # A proxy sends the browser to any of them.
    status, _ = await browser.open(address.replace(public_url, other.base_url))
    assert status == 200
    await globex.user("Ann").dm("hello")
    assert [event.text for event in await sink.wait_for()] == ["hello"]


async def test_a_proxys_address_is_given_to_slack_and_to_the_browser(slack, globex, start, new_browser):
    slack.app.redirect_urls.append("https://bot.example.com/keeper/")
    process = await start(public_url="https://bot.example.com/keeper/")
    browser = await new_browser()
    async with browser._session.get(f"{process.base_url}/slack/install", allow_redirects=False) as response:
        query = parse_qs(urlsplit(response.headers["Location"]).query)
        cookie = response.headers["Set-Cookie"]
    assert query["redirect_uri"] == ["https://bot.example.com/keeper/slack/oauth_redirect"]
    for flag in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/keeper/slack", "Max-Age=300"):
        assert flag in cookie


async def test_pages_say_nothing_to_others(globex, start, browser, slack):
    process = await start()
    address = await browser.way_back(process.base_url, "Globex")
    _, text = await browser.open(address)
    assert browser.headers["Referrer-Policy"] == "no-referrer"
    assert browser.headers["Cache-Control"] == "no-store"
    assert "frame-ancestors 'none'" in browser.headers["Content-Security-Policy"]
    assert "xox" not in text
    status, text = await browser.open(f"{process.base_url}/slack/oauth_redirect?code=<script>&state=<script>")
    assert (status, "<script>" in text) == (400, False)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"kind": "drop_before"}, 503),
        ({"kind": "status", "status": 500}, 503),
        ({"kind": "status", "status": 200, "body": {"ok": False, "error": "something_new"}}, 502),
        ({"kind": "status", "status": 200, "body": {"ok": True, "access_token": "xoxp-1", "token_type": "user"}}, 502),
    ],
)
async def test_slack_that_fails_installs_nothing(slack, globex, start, browser, fault, expected):
    process = await start()
    slack.faults.add(Fault(match="oauth.v2.access", **fault))
    status, text = await browser.install(process.base_url, "Globex")
    assert (status, "Not installed" in text) == (expected, True)
    assert await process.store.vault.names("slack:") == ()


async def test_wrong_credentials_of_the_app_are_said_to_the_operator(caplog, globex, start, browser):
    process = await start(client_secret="guessed")
    status, _ = await browser.install(process.base_url, "Globex")
    assert status == 502
    seen = str([vars(record) for record in caplog.records])
    assert "copy SLACK_CLIENT_ID and SLACK_CLIENT_SECRET again" in seen
    assert "guessed" not in seen


async def test_an_address_that_slack_does_not_know_is_not_led_to(slack, globex, start, browser):
    slack.app.redirect_urls[:] = ["https://elsewhere.example"]
    process = await start()
    status, text = await browser.open(f"{process.base_url}/slack/install")
    assert (status, "redirect_uri" in text) == (400, True)


async def test_installs_work_beside_socket_mode(slack, globex, initech, start, browser, sink, socket_mode):
    process = await start(**socket_mode)
    await slack.wait_for_connections(1)
    for team in ("Globex", "Initech"):
        assert (await browser.install(process.base_url, team))[0] == 200
    await globex.user("Ann").dm("from Globex")
    await initech.user("Bob").dm("from Initech")
    events = await sink.wait_for(2)
    assert {(event.key.workspace, event.text) for event in events} == {
        (globex.id, "from Globex"),
        (initech.id, "from Initech"),
    }
    await slack.wait_until_settled()
    assert all(delivery.is_acked for delivery in slack.deliveries)


async def test_a_taken_port_beside_socket_mode_is_said_with_a_remedy(slack, start, socket_mode):
    process = await start(**socket_mode)
    port = urlsplit(process.base_url).port
    with pytest.raises(ConfigError, match="SLACK_PORT"):
        await start(**socket_mode, port=port)
    assert "Socket Mode" in process.adapter.description


async def test_installs_need_a_store(oauth_settings, sink):
    with pytest.raises(ConfigError, match="no store in which installations could be kept"):
        await SlackAdapter(oauth_settings()).start(sink)


async def test_no_token_can_be_read_from_the_store_or_the_log(
    slack, globex, start, browser, caplog, capsys, everything_stored
):
    caplog.set_level("DEBUG")
    slack.app.is_token_rotated = True
    process = await start()
    await browser.install(process.base_url, "Globex")
    (name,) = await process.store.vault.names("slack:")
    assert name.endswith(globex.id)
    logged = caplog.text + str([vars(record) for record in caplog.records]) + capsys.readouterr().out
    stored = await everything_stored()
    assert name.encode() in stored
    for secret in (globex.bot_token, globex.team.refresh_token, slack.app.client_secret):
        assert secret
        assert secret.encode() not in stored
        assert secret not in logged + repr(process.adapter)


async def test_a_wrong_key_is_said_at_the_start(globex, start, browser):
    process = await start()
    await browser.install(process.base_url, "Globex")
    with pytest.raises(ConfigError, match="no key of THREADKEEP_SECRET_KEYS opens"):
        await start(secret_keys=(Fernet.generate_key().decode(),))


async def test_a_key_is_changed_without_installing_again(globex, start, browser, sink, secret_key, slack):
    await browser.install((await start()).base_url, "Globex")
    new_key = Fernet.generate_key().decode()
    both = await start(secret_keys=(new_key, secret_key))
    await both.adapter.stop()
    await start(secret_keys=(new_key,))
    await globex.user("Ann").dm("still there?")
    (event,) = await sink.wait_for()
    assert event.text == "still there?"
    assert SecretStr(new_key) != SecretStr(secret_key)
