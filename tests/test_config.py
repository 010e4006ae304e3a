"""Settings: where they come from, what wins, and what is said about a wrong one."""

import os
import stat
import threading
import tomllib
from pathlib import Path

import pytest

from inbox import config
from inbox.config import ConfigError, Settings, load

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting comes from whoever runs the tests."""
    for name in os.environ:
        if name.startswith("PROSA") or name == "PORT":
            monkeypatch.delenv(name)
    (tmp_path / "config.toml").write_text("")
    monkeypatch.setenv("PROSA_CONFIG", str(tmp_path / "config.toml"))


@pytest.fixture
def written(tmp_path: Path):
    """Write the settings file."""
    return (tmp_path / "config.toml").write_text


def test_the_file_we_ship_holds_every_setting_with_its_default():
    shipped = tomllib.loads((ROOT / "config.toml").read_text())
    assert shipped == load().model_dump()


def test_every_setting_in_the_file_we_ship_has_a_comment():
    lines = (ROOT / "config.toml").read_text().splitlines()
    assert [line for line in lines if "=" in line and not line.startswith("#") and " # " not in line] == []


def test_the_environment_wins_over_the_file(written, monkeypatch):
    written('[web]\nport = 8001\nhost = "0.0.0.0"\n')
    monkeypatch.setenv("PROSA__WEB__PORT", "8002")
    assert (load().web.port, load().web.host) == (8002, "0.0.0.0")


def test_port_alone_wins_over_both(written, monkeypatch):
    written("[web]\nport = 8001\n")
    monkeypatch.setenv("PROSA__WEB__PORT", "8002")
    monkeypatch.setenv("PORT", "8003")
    assert load().web.port == 8003


def test_a_caller_wins_over_everything(monkeypatch):
    monkeypatch.setenv("PORT", "8003")
    assert load(web={"port": 8004}).web.port == 8004


@pytest.mark.parametrize(
    ("file", "variables", "said"),
    [
        ("[web]\nport = 99999\n", {}, "web.port = 99999 (from config.toml) is not allowed; it must be a "
         "whole number from 1 to 65535."),
        ("[web]\nprot = 1\n", {}, "web.prot is not a setting (from config.toml); [web] knows host, port,"),
        ("[wbe]\nport = 1\n", {}, "wbe is not a setting (from config.toml); sections are web, data,"),
        ("web = 3\n", {}, "web = 3 (from config.toml) is not allowed; it must be a section."),
        ("[web\n", {}, "cannot be read"),
        ("", {"PORT": "http"}, "web.port = 'http' (from PORT) is not allowed"),
        ("", {"PROSA__WEB__PROT": "1"}, "web.prot is not a setting (from PROSA__WEB__PROT)"),
        ("", {"PROSA__WBE__PORT": "1"}, "PROSA__WBE__PORT is not a setting"),
        ("", {"PROSA__LOG__LEVEL": "loud"}, "it must be debug or info or warning or error."),
        ("", {"PROSA__DATABASE__URL": "mysql://me@here/x"}, "it must be empty, or postgresql://"),
        ("", {"PROSA__WEB__PUBLIC_URL": "help.example.com"}, "it must be empty, or http(s)://host."),
        ("", {"PROSA_CONFIG": "/nowhere/at/all.toml"}, "PROSA_CONFIG names /nowhere/at/all.toml"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_one_line_naming_key_value_and_what_is_allowed(
    written, monkeypatch, file, variables, said
):
    written(file)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError) as wrong:
        load()
    assert said in str(wrong.value)
    assert "\n" not in str(wrong.value)


def test_a_wrong_address_is_shown_without_its_password(monkeypatch):
    monkeypatch.setenv("PROSA__DATABASE__URL", "mysql://me:hunter2@here/x")
    with pytest.raises(ConfigError) as wrong:
        load()
    assert "hunter2" not in str(wrong.value)


@pytest.mark.parametrize(
    ("web", "said"),
    [
        ({"host": "0.0.0.0"}, "web.host = '0.0.0.0'"),
        ({"host": "192.0.2.7"}, "web.host = '192.0.2.7'"),
        ({"host": "::"}, "web.host = '::'"),
        ({"public_url": "https://help.example.com"}, "web.public_url = 'https://help.example.com'"),
        ({"trusted_proxies": 1}, "web.trusted_proxies = 1"),
    ],
)
def test_a_demo_that_others_could_reach_is_refused(monkeypatch, web, said):
    assert load(web=web).demo.enabled is False
    monkeypatch.setenv("PROSA__DEMO__ENABLED", "true")
    with pytest.raises(ConfigError) as wrong:
        load(web=web)
    assert f"and {said} lets others reach it" in str(wrong.value)
    assert "from PROSA__DEMO__ENABLED" in str(wrong.value)


@pytest.mark.parametrize(
    "web", [{}, {"host": "localhost"}, {"host": "::1"}, {"public_url": "http://127.0.0.1:8001"}]
)
def test_a_demo_for_this_machine_alone_is_not(web):
    assert load(web=web, demo={"enabled": True}).demo.enabled


def test_what_is_either_true_or_false_says_so(monkeypatch):
    monkeypatch.setenv("PROSA__DEMO__ENABLED", "perhaps")
    with pytest.raises(ConfigError, match="it must be true or false"):
        load()


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_postgresql_is_always_reached_through_psycopg(scheme):
    url = load(database={"url": f"{scheme}://me:secret@db.example/prosa?sslmode=require"}).database_url
    assert url == "postgresql+psycopg://me:secret@db.example/prosa?sslmode=require"


def test_by_default_everything_is_kept_in_the_data_directory(tmp_path):
    now = load(data={"dir": str(tmp_path)})
    assert now.database_url == f"sqlite:///{tmp_path}/prosa.db"
    assert now.files_url == f"file://{tmp_path}/files"
    assert now.data_dir == tmp_path


def test_a_relative_data_directory_stands_in_the_project_wherever_we_are(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert load().data_dir == ROOT / "data"


def test_a_socket_path_too_long_for_the_system_moves_to_a_short_private_one(tmp_path):
    deep = tmp_path / ("d" * 100)
    now, same, other = (load(data={"dir": str(path)}) for path in (deep, deep, deep / "other"))
    assert len(str(now.valkey_socket)) <= config.LONGEST_SOCKET
    assert now.valkey_socket == same.valkey_socket != other.valkey_socket
    assert now.redis_url == f"unix://{now.valkey_socket}?db=0"


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("0.0.0.0", "http://127.0.0.1:8000"),
        ("::1", "http://[::1]:8000"),
    ],
)
def test_the_address_we_print_can_be_opened_on_this_machine(host, address):
    assert load(web={"host": host}).address == address


# ------------------------------------------------------------------------------------------- secret


def test_the_secret_is_made_once_and_for_the_owner_only(tmp_path):
    first, second = (load(data={"dir": str(tmp_path / "new")}).secret for _ in range(2))
    assert first == second
    assert len(first) == 32
    assert stat.S_IMODE((tmp_path / "new" / "secret").stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["secret"]


def test_of_many_who_make_the_secret_at_once_all_get_the_same(tmp_path):
    found: list[bytes] = []
    together = threading.Barrier(8)

    def ask() -> None:
        together.wait()
        found.append(config.read_secret(tmp_path / "secret"))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1


def test_a_secret_that_others_can_read_is_refused(tmp_path):
    assert load(data={"dir": str(tmp_path)}).secret
    (tmp_path / "secret").chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        assert load(data={"dir": str(tmp_path)}).secret


def test_a_damaged_secret_is_refused(tmp_path):
    (tmp_path / "secret").touch(0o600)
    with pytest.raises(ConfigError, match="restore it"):
        assert load(data={"dir": str(tmp_path)}).secret


def test_settings_cannot_be_changed():
    with pytest.raises(ValueError, match="frozen"):
        load().web.port = 1
    assert Settings.model_config["frozen"]
