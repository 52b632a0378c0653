"""The vault, on every store: sealed values by name."""

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from threadkeep.errors import ConfigError
from threadkeep.sealing import SealedVault, SecretKeys, read_secret_keys


def keys(*values: str) -> SecretKeys:
    return SecretKeys(tuple(SecretStr(value) for value in values))


@pytest.fixture
def old_key() -> str:
    return Fernet.generate_key().decode()


@pytest.fixture
def new_key() -> str:
    return Fernet.generate_key().decode()


async def test_value_is_kept_under_its_name(open_store):
    one, other = await open_store(), await open_store()
    assert await one.vault.get("a:1") is None
    assert await one.vault.put("a:1", b"\x00\xff first")
    assert await other.vault.get("a:1") == b"\x00\xff first"
    assert await other.vault.put("a:1", b"second")
    assert await one.vault.get("a:1") == b"second"
    assert await one.vault.get("a:2") is None


async def test_value_is_replaced_only_where_the_expected_one_stands(open_store):
    store = await open_store()
    assert not await store.vault.put("a", b"1", expected=b"0")
    assert await store.vault.get("a") is None
    await store.vault.put("a", b"1")
    assert not await store.vault.put("a", b"3", expected=b"2")
    assert await store.vault.put("a", b"2", expected=b"1")
    assert await store.vault.get("a") == b"2"


async def test_value_is_forgotten(open_store):
    store = await open_store()
    assert not await store.vault.delete("a")
    await store.vault.put("a", b"1")
    assert not await store.vault.delete("a", expected=b"0")
    assert await store.vault.delete("a", expected=b"1")
    assert await store.vault.get("a") is None
    await store.vault.put("a", b"1")
    assert await store.vault.delete("a")
    assert not await store.vault.delete("a")


async def test_names_are_listed_by_their_beginning(open_store):
    store = await open_store()
    assert await store.vault.names("slack:") == ()
    for name in ("slack:1:T2", "slack:1:T1", "slack:2:T1", "other", "slack:1:T%_"):
        await store.vault.put(name, b"x")
    assert await store.vault.names("slack:1:") == ("slack:1:T%_", "slack:1:T1", "slack:1:T2")
    assert await store.vault.names("slack:1:T%") == ("slack:1:T%_",)
    assert len(await store.vault.names("")) == 5


async def test_what_is_sealed_cannot_be_read_from_the_store(open_store, new_key):
    store = await open_store()
    vault = SealedVault(store.vault, keys(new_key))
    kept = await vault.put("slack:T1", b"xoxb-secret")
    assert kept is not None
    standing = await store.vault.get("slack:T1")
    assert standing is not None
    assert b"xoxb" not in standing
    found = await vault.get("slack:T1")
    assert found is not None
    assert (found.value, found.seal, found.is_current) == (b"xoxb-secret", standing, True)
    assert "xoxb" not in repr(found)


async def test_secret_is_changed_only_if_it_was_not_changed_meanwhile(open_store, new_key):
    vault = SealedVault((await open_store()).vault, keys(new_key))
    first = await vault.put("a", b"1")
    second = await vault.put("a", b"2", expected=first)
    assert second is not None
    assert await vault.put("a", b"3", expected=first) is None
    assert not await vault.delete("a", expected=first)
    assert await vault.delete("a", expected=second)


async def test_older_keys_open_and_what_they_sealed_is_sealed_again(open_store, old_key, new_key):
    store = await open_store()
    await SealedVault(store.vault, keys(old_key)).put("s:a", b"1")
    both = SealedVault(store.vault, keys(new_key, old_key))
    found = await both.get("s:a")
    assert found is not None
    assert (found.value, found.is_current) == (b"1", False)
    assert await both.reseal("s:") == 1
    assert await both.reseal("s:") == 0
    assert (await SealedVault(store.vault, keys(new_key)).get("s:a")).value == b"1"


async def test_wrong_key_is_said_with_a_remedy(open_store, old_key, new_key):
    store = await open_store()
    await SealedVault(store.vault, keys(old_key)).put("s:a", b"1")
    with pytest.raises(ConfigError, match=r"no key of THREADKEEP_SECRET_KEYS opens s:a .* put the key back") as refused:
        await SealedVault(store.vault, keys(new_key)).get("s:a")
    assert new_key not in str(refused.value)


async def test_secret_of_one_name_is_not_taken_for_that_of_another(open_store, new_key):
    store = await open_store()
    vault = SealedVault(store.vault, keys(new_key))
    await vault.put("slack:T1", b"token of T1")
    await store.vault.put("slack:T2", await store.vault.get("slack:T1"))
    with pytest.raises(ConfigError, match="sealed for another name"):
        await vault.get("slack:T2")


def test_keys_are_read_from_the_environment(old_key, new_key):
    assert read_secret_keys({}) is None
    assert read_secret_keys({"THREADKEEP_SECRET_KEYS": " "}) is None
    found = read_secret_keys({"THREADKEEP_SECRET_KEYS": f"{new_key}, {old_key}"})
    assert found == keys(new_key, old_key)
    assert new_key not in repr(found)


@pytest.mark.parametrize("wrong", ["hunter2", "YQ=="])
def test_what_is_no_key_is_said_with_how_to_make_one(wrong, new_key):
    with pytest.raises(
        ConfigError, match=r"key 2 of THREADKEEP_SECRET_KEYS is not a key.*Fernet\.generate_key"
    ) as refused:
        read_secret_keys({"THREADKEEP_SECRET_KEYS": f"{new_key},{wrong}"})
    assert wrong not in str(refused.value)
    with pytest.raises(ConfigError, match="holds no key"):
        SecretKeys(())


def test_keys_for_other_purposes_differ(new_key):
    (one,), (other,) = keys(new_key).derived("a"), keys(new_key).derived("b")
    assert one != other
    assert len(one) == 32
