"""The steps of docs/operations.md, as far as a test can take them: what an admin copies works.

Tools that are not on this machine (nginx-light, caddy, hadolint, logrotate, systemd) make their test skip.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from flask import Flask
from sqlalchemy import text
from sqlalchemy.engine import make_url
from werkzeug.middleware.proxy_fix import ProxyFix

from inbox import config, engines, valkey
from inbox.cli import cli
from inbox.config import load
from inbox.doctor import finding, network, queues
from tests.conftest import HAS_POSTGRES, POSTGRES, _server
from tests.house import free_port
from tests.peers.certificates import serving

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "docs" / "examples"
OPERATIONS = (ROOT / "docs" / "operations.md").read_text()
TOOLS = os.environ["PATH"] + ":/usr/sbin:/sbin"


def tool(name: str) -> str:
    """Where it is, or skip and say so."""
    found = shutil.which(name, path=TOOLS)
    if found is None:
        pytest.skip(f"no {name} on this machine")
    return found


def block(language: str, beginning: str) -> str:
    """The block of the docs that begins so."""
    found = re.search(rf"```{language}\n({re.escape(beginning)}.*?)```", OPERATIONS, flags=re.DOTALL)
    assert found, beginning
    return found[1]


# -------------------------------------------------------------------------------------------- settings


def test_every_example_is_explained_and_every_explanation_has_its_file() -> None:
    named = set(re.findall(r"\(examples/([\w.-]+)\)", OPERATIONS)) | set(
        re.findall(r"docs/examples/([\w.-]+)", OPERATIONS)
    )
    assert {path.name for path in EXAMPLES.iterdir()} == named | {"Containerfile.dockerignore"}


def test_options_in_the_docs_exist() -> None:
    for command, rest in re.findall(r"(?:-m inbox|sudo prosa) ([a-z-]+)([^\n`]*)", OPERATIONS):
        assert command in cli.commands, command
        known = {opt for param in cli.commands[command].params for opt in param.opts}
        if command != "mail":
            assert set(re.findall(r"(--[a-z-]+)", rest)) <= known, (command, rest)


def test_the_example_settings_are_settings_and_fit_behind_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = tomllib.loads((EXAMPLES / "config.toml").read_text())
    now = load(**shown)
    monkeypatch.setattr(config, "settings", lambda: now)
    assert (
        finding.is_production() and network.proxy().level == "ok" and network.public_address().level == "ok"
    )
    assert shown["data"]["dir"] in (EXAMPLES / "prosa.service").read_text().replace(
        "StateDirectory=prosa", "/var/lib/prosa"
    )


# -------------------------------------------------------------------------------------------- systemd


@pytest.mark.parametrize("name", ["prosa.service", "prosa-backup.service", "prosa-backup.timer"])
def test_systemd_takes_the_units(name: str, tmp_path: Path) -> None:
    verify = tool("systemd-analyze")
    for path in EXAMPLES.glob("prosa*.*"):
        unit = path.read_text().replace("/srv/prosa/app/.venv/bin/python", sys.executable)
        (tmp_path / path.name).write_text(unit)
    done = subprocess.run([verify, "verify", str(tmp_path / name)], capture_output=True, text=True)
    said = [line for line in done.stderr.splitlines() if "prosa" in line]
    assert done.returncode == 0 and not said, done.stderr


def test_the_service_refuses_what_production_must_not_have_and_keeps_to_its_directory() -> None:
    unit = (EXAMPLES / "prosa.service").read_text()
    assert "-m inbox up --production" in unit and "ProtectSystem=strict" in unit and "User=prosa" in unit
    kept = re.search(r"TimeoutStopSec=(\d+)", unit)
    assert kept and int(kept[1]) > 5, "the supervisor takes up to five seconds to stop"
    offline = [tool("systemd-analyze"), "security", "--offline=true", "--no-pager"]
    done = subprocess.run([*offline, str(EXAMPLES / "prosa.service")], capture_output=True, text=True)
    found = re.search(r"exposure level.*?: ([\d.]+)", done.stdout)
    if found is None:
        pytest.skip("this systemd cannot judge a unit that is not installed")
    assert float(found[1]) < 3


def test_the_command_for_admins_is_a_script() -> None:
    subprocess.run(["sh", "-n", str(EXAMPLES / "prosa")], check=True)
    assert os.access(EXAMPLES / "prosa", os.X_OK)


# -------------------------------------------------------------------------------------------- proxies


class Upstream:
    """In Prosa's place behind a proxy: writes down what arrives, and takes sockets."""

    def __init__(self) -> None:
        self.heads: list[bytes] = []
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                line, _ = self.server.accept()
            except OSError:
                return
            with line:
                line.settimeout(5)
                head = b""
                while b"\r\n\r\n" not in head and (chunk := line.recv(4096)):
                    head += chunk
                self.heads.append(head)
                if re.search(rb"(?i)upgrade: websocket", head) and re.search(
                    rb"(?i)connection: upgrade", head
                ):
                    line.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n")
                    line.sendall(b"Connection: Upgrade\r\n\r\nhello")
                else:
                    line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")

    def headers(self) -> dict[str, str]:
        """Of the last request."""
        lines = self.heads[-1].decode("latin-1").split("\r\n")[1:]
        return {name.title(): value for name, _, value in (line.partition(": ") for line in lines if line)}


Proxy = tuple[int, Upstream]


def with_nginx(folder: Path, port: int, upstream: Upstream, chain: Path, key: Path) -> list[str]:
    site = (EXAMPLES / "nginx.conf").read_text()
    for old, new in (
        ("server 127.0.0.1:8000;", f"server 127.0.0.1:{upstream.port};"),
        ("    listen 80;\n    listen [::]:80;\n", f"    listen 127.0.0.1:{free_port()};\n"),
        ("    listen [::]:443 ssl http2;\n", ""),
        ("listen 443 ssl http2", f"listen 127.0.0.1:{port} ssl http2"),
        ("/etc/letsencrypt/live/help.example.com/fullchain.pem", str(chain)),
        ("/etc/letsencrypt/live/help.example.com/privkey.pem", str(key)),
    ):
        assert old in site, old
        site = site.replace(old, new)
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    main = f"pid {folder}/pid;\nerror_log {folder}/error.log;\nevents {{}}\nhttp {{\naccess_log off;\n"
    (folder / "nginx.conf").write_text(main + temporary + site + "}\n")
    command = [
        tool("nginx"),
        "-c",
        str(folder / "nginx.conf"),
        "-p",
        str(folder),
        "-e",
        str(folder / "e.log"),
    ]
    tested = subprocess.run([*command, "-t"], capture_output=True, text=True)
    assert tested.returncode == 0 and "warn" not in tested.stderr, tested.stderr
    return [*command, "-g", "daemon off;"]


def with_caddy(folder: Path, port: int, upstream: Upstream, chain: Path, key: Path) -> list[str]:
    caddy, site = tool("caddy"), (EXAMPLES / "Caddyfile").read_text()
    for old, new in (
        ("help.example.com {", f"https://help.example.com:{port} {{\n\tbind 127.0.0.1\n\ttls {chain} {key}"),
        ("reverse_proxy 127.0.0.1:8000", f"reverse_proxy 127.0.0.1:{upstream.port}"),
    ):
        assert old in site, old
        site = site.replace(old, new)
    options = f"{{\n\tadmin off\n\tauto_https disable_redirects\n\tstorage file_system {folder}/kept\n}}\n"
    (folder / "Caddyfile").write_text(options + site)
    return [caddy, "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]


@pytest.fixture(scope="module", params=[with_nginx, with_caddy], ids=["nginx", "caddy"])
def proxy(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """The example in front of an upstream, with a certificate of our own."""
    folder, port, upstream = tmp_path_factory.mktemp("proxy"), free_port(), Upstream()
    _, chain = serving(folder, name="help.example.com")
    key = chain.with_suffix(".key")
    command = request.param(folder, port, upstream, chain, key)
    process = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)},
    )
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            break
        except OSError:
            assert process.poll() is None, "the proxy did not start"
            time.sleep(0.05)
    yield port, upstream
    process.terminate()
    process.wait(10)
    upstream.server.close()


def ask(port: int, path: str, **headers: str) -> bytes:
    """Over TLS, as the browser of somebody who lies about themselves."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname="help.example.com") as line,
    ):
        told = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        line.sendall(f"GET {path} HTTP/1.1\r\nHost: help.example.com:{port}\r\n{told}\r\n".encode())
        answer = line.recv(4096)
        while headers.get("Upgrade") and b"hello" not in answer and (more := line.recv(4096)):
            answer += more
    return answer


def test_a_proxy_says_who_asks_and_believes_nobody_about_that(proxy: Proxy, app: Flask) -> None:
    port, upstream = proxy
    lies = {"X_Forwarded_For": "203.0.113.9", "X_Forwarded_Proto": "http", "X_Forwarded_Host": "evil.example"}
    assert b" 200 " in ask(port, "/healthz", **lies).split(b"\r\n")[0]
    told = upstream.headers()
    assert told["X-Forwarded-For"] == "127.0.0.1" and told["X-Forwarded-Proto"] == "https"
    assert "evil" not in str(told) and told["Host"].startswith("help.example.com")
    seen = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1)
    with app.test_request_context("/healthz", headers=told) as context:
        began: list[Any] = []
        list(seen(context.request.environ, lambda status, headers, *_: began.extend((status, dict(headers)))))
    assert began[0].startswith("200") and "max-age" in began[1]["Strict-Transport-Security"]


def test_a_proxy_lets_sockets_through(proxy: Proxy) -> None:
    port, _ = proxy
    answer = ask(
        port,
        "/socket.io/?EIO=4&transport=websocket",
        Upgrade="websocket",
        Connection="Upgrade",
        Sec_WebSocket_Key="dGhlIHNhbXBsZSBub25jZQ==",
        Sec_WebSocket_Version="13",
    )
    assert b" 101 " in answer.split(b"\r\n")[0] and answer.endswith(b"hello")


def test_a_proxy_keeps_the_figures_to_this_machine(proxy: Proxy) -> None:
    port, upstream = proxy
    before = len(upstream.heads)
    assert b" 404 " in ask(port, "/metrics").split(b"\r\n")[0]
    assert len(upstream.heads) == before


# ------------------------------------------------------------------------------- PostgreSQL and Redis


@pytest.mark.skipif(not HAS_POSTGRES, reason="no PostgreSQL at its standard port")
def test_postgresql_is_made_as_the_docs_say(monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"prosa_docs_{os.getpid()}"
    made = block("sql", "CREATE ROLE").replace("prosa", name)
    url = re.search(r"PROSA__DATABASE__URL=(\S+)", OPERATIONS)
    assert url
    server = make_url(POSTGRES)
    theirs = make_url(url[1].replace("prosa", name)).set(host=server.host, port=server.port)
    assert theirs.password == "a long one"
    try:
        with _server() as admin:
            for statement in made.strip().split(";")[:-1]:
                admin.execute(text(statement))
        from inbox import migrate

        engine = engines.make(theirs.set(drivername="postgresql+psycopg").render_as_string(False))
        migrate.upgrade(engine)
        assert migrate.current(engine) == migrate.head()
        engine.dispose()
    finally:
        with _server() as admin:
            admin.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
            admin.execute(text(f'DROP ROLE IF EXISTS "{name}"'))


def test_redis_set_up_as_the_docs_say_satisfies_the_doctor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = re.search(r"PROSA__REDIS__URL=(\S+)", OPERATIONS)
    assert url
    port = free_port()
    (tmp_path / "redis.conf").write_text(
        block("", "# /etc/redis/redis.conf") + f"\nport {port}\ndir {tmp_path}\n"
    )
    binary = valkey.command(tmp_path, tmp_path / "s")[0]
    server = subprocess.Popen([binary, str(tmp_path / "redis.conf")], stdout=subprocess.DEVNULL)
    now = load(redis={"url": url[1].replace("6379", str(port))}, web={"public_url": "https://x.example"})
    monkeypatch.setattr(config, "settings", lambda: now)
    queues.store.cache_clear()
    try:
        deadline = time.monotonic() + 20
        while True:
            try:
                assert queues.answers().level == "ok"
                break
            except redis.ConnectionError:
                assert time.monotonic() < deadline and server.poll() is None
                time.sleep(0.05)
        assert queues.keeps().level == queues.reach().level == "ok"
    finally:
        queues.store().close()
        queues.store.cache_clear()
        server.terminate()
        server.wait()


# ------------------------------------------------------------------------------------- logs, container


def test_logs_are_rotated_and_none_is_lost_while_prosa_writes(tmp_path: Path) -> None:
    rotate, log = tool("logrotate"), tmp_path / "prosa.log"
    conf = (EXAMPLES / "logrotate.conf").read_text().replace("/var/log/prosa/prosa.log", str(log))
    conf = re.sub(r"\n +su .*", "", conf)
    (tmp_path / "conf").write_text(conf)
    (tmp_path / "conf").chmod(0o644)
    with log.open("a") as written:  # as systemd's append: does
        written.write("first\n")
        written.flush()
        done = subprocess.run(
            [rotate, "--force", "--state", str(tmp_path / "state"), str(tmp_path / "conf")],
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        written.write("second\n")
    assert (tmp_path / "prosa.log.1").read_text() == "first\n" and log.read_text() == "second\n"


def test_the_container_file_is_clean() -> None:
    done = subprocess.run([tool("hadolint"), str(EXAMPLES / "Containerfile")], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_the_container_runs_as_nobody_much_and_says_how_it_is() -> None:
    lines = (EXAMPLES / "Containerfile").read_text().splitlines()
    stages = [line for line in lines if line.startswith("FROM ")]
    assert len(stages) == 2 and stages[1].split()[1] == stages[0].split()[1]
    last = lines[lines.index(stages[1]) :]
    assert any(re.match(r"USER [1-9]\d+$", line) for line in last)
    health = " ".join(last)
    assert "HEALTHCHECK" in health and "/readyz" in health
    given = dict(re.findall(r"(PROSA__\w+?)=([^\s\\]+)", health))
    sections: dict[str, dict[str, str]] = {}
    for name, value in given.items():
        _, section, key = name.lower().split("__")
        sections.setdefault(section, {})[key] = value
    assert load(**sections).data_dir == Path("/var/lib/prosa")


def test_no_data_and_no_secret_gets_into_the_image() -> None:
    """Everything is left out but what is named; what is named is there, and none of it is data."""
    ignored = (EXAMPLES / "Containerfile.dockerignore").read_text().splitlines()
    rules = [line for line in ignored if line and not line.startswith("#")]
    assert rules[0] == "*"
    for rule in rules:
        if rule.startswith("!/"):
            assert list(ROOT.glob(rule[2:])), f"{rule} lets nothing in"
            assert rule[2:] not in ("data", "tests", ".git", ".venv", "node_modules")
