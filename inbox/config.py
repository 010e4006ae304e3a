"""Every setting: config.toml, then the environment (PROSA__SECTION__KEY, and PORT for web.port).

`settings()` is read once per process. What is wrong becomes a ConfigError: one line that names the key,
its value and what is allowed.
"""

import hashlib
import ipaddress
import os
import re
import secrets
import tempfile
import tomllib
from functools import cache, cached_property
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

ROOT = Path(__file__).resolve().parent.parent
PREFIX = "PROSA__"
LONGEST_SOCKET = 100  # the system's limit is 104 on macOS and 108 on Linux


class ConfigError(Exception):
    """Says in one line which setting is wrong and what is allowed."""


Port = Annotated[int, Field(ge=1, le=65535)]
PortOrOff = Annotated[int, Field(ge=0, le=65535)]
Count = Annotated[int, Field(ge=1, le=64)]
Bytes = Annotated[int, Field(ge=1_000)]
Url = Annotated[str, Field(pattern=r"^(https?://[^/\s]+(/\S*)?)?$", description="empty, or http(s)://host")]
DatabaseUrl = Annotated[
    str,
    Field(
        pattern=r"^((sqlite|postgres(ql)?)(\+\w+)?://\S+)?$",
        description="empty, or postgresql://user:password@host/name, or sqlite:////absolute/path.db",
    ),
]
RedisUrl = Annotated[
    str,
    Field(
        pattern=r"^((redis|rediss|unix)://\S+)?$",
        description="empty, or redis://host:6379/0, rediss://… or unix:///path.sock?db=0",
    ),
]
SignInUrl = Annotated[
    str,
    Field(
        pattern=r"^(https://[^/\s]+/\S*|http://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?/\S*)?$",
        description="empty, or https://host/path (http:// for this machine only)",
    ),
]
Tenant = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9.-]+$",
        description="common, organizations, consumers, or a tenant’s ID or domain",
    ),
]
Resource = Annotated[str, Field(pattern=r"^https://[A-Za-z0-9.-]+$", description="https://host")]
FilesUrl = Annotated[str, Field(pattern=r"^(file:///\S+)?$", description="empty, or file:///absolute/folder")]


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Web(Section):
    host: str = "127.0.0.1"
    port: Port = 8000
    processes: Count = 1
    trusted_proxies: Annotated[int, Field(ge=0, le=10)] = 0
    public_url: Url = ""
    metrics_token: Annotated[str, Field(repr=False)] = ""


class Data(Section):
    dir: Annotated[str, Field(min_length=1)] = "data"


class Database(Section):
    url: DatabaseUrl = ""


class Redis(Section):
    url: RedisUrl = ""


class Files(Section):
    url: FilesUrl = ""


class Mail(Section):
    listen_host: str = "127.0.0.1"
    listen_port: PortOrOff = 2525
    max_bytes: Bytes = 150_000_000
    flood_limit: Annotated[int, Field(ge=1)] = 50
    acknowledge_per_hour: Annotated[int, Field(ge=0)] = 1
    acknowledge_per_day: Annotated[int, Field(ge=0)] = 5
    acknowledge_per_minute: Annotated[int, Field(ge=0)] = 60


class Spam(Section):
    rspamd_url: Url = ""
    spamd_host: str = ""
    spamd_port: Port = 783
    seconds: Annotated[int, Field(ge=1, le=30)] = 5


class Outbox(Section):
    undo_seconds: Annotated[int, Field(ge=0, le=120)] = 10
    attempts: Annotated[int, Field(ge=1, le=50)] = 8
    lease_seconds: Annotated[int, Field(ge=5, le=3600)] = 180


class Tickets(Section):
    reopen_days: Annotated[int, Field(ge=0, le=365)] = 7


class Uploads(Section):
    max_bytes: Bytes = 25_000_000


class Oauth(Section):
    google_client_id: str = ""
    google_client_secret: Annotated[str, Field(repr=False)] = ""
    google_authorize_url: SignInUrl = ""
    google_token_url: SignInUrl = ""
    microsoft_client_id: str = ""
    microsoft_client_secret: Annotated[str, Field(repr=False)] = ""
    microsoft_tenant: Tenant = "common"
    microsoft_resource: Resource = "https://outlook.office.com"
    microsoft_authorize_url: SignInUrl = ""
    microsoft_token_url: SignInUrl = ""


class Fetch(Section):
    private_hosts: str = ""


class Notices(Section):
    push_hosts: str = (
        "fcm.googleapis.com, *.push.services.mozilla.com, *.notify.windows.com, *.push.apple.com"
    )


class Log(Section):
    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["console", "json"] = "console"


class Worker(Section):
    intake: Count = 1
    outbox: Count = 1
    reactions: Count = 1
    push: Count = 1


class Demo(Section):
    enabled: bool = False


class Settings(BaseSettings):
    """All settings as plain, frozen values, and the few addresses derived from them."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        nested_model_default_partial_update=True,
        extra="forbid",
        frozen=True,
        toml_file=None,
    )

    web: Web = Web()
    data: Data = Data()
    database: Database = Database()
    redis: Redis = Redis()
    files: Files = Files()
    mail: Mail = Mail()
    spam: Spam = Spam()
    outbox: Outbox = Outbox()
    tickets: Tickets = Tickets()
    uploads: Uploads = Uploads()
    oauth: Oauth = Oauth()
    fetch: Fetch = Fetch()
    notices: Notices = Notices()
    log: Log = Log()
    worker: Worker = Worker()
    demo: Demo = Demo()

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource, *_: Any, **__: Any
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The first one that knows a value wins."""
        port = {"web": {"port": os.environ["PORT"]}} if os.environ.get("PORT") else {}
        return (
            init_settings,
            InitSettingsSource(settings_cls, port),
            EnvSettingsSource(settings_cls),
            TomlConfigSettingsSource(settings_cls, config_file()),
        )

    @cached_property
    def address(self) -> str:
        """Where a browser on this machine finds us; customers' links use the public address instead."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.web.host, self.web.host)  # noqa: S104
        return f"http://{f'[{host}]' if ':' in host else host}:{self.web.port}"

    @cached_property
    def data_dir(self) -> Path:
        return ROOT / Path(self.data.dir).expanduser()

    @cached_property
    def database_url(self) -> str:
        if not self.database.url:
            return f"sqlite:///{self.data_dir / 'prosa.db'}"
        scheme, _, rest = self.database.url.partition("://")
        return f"postgresql+psycopg://{rest}" if scheme in ("postgresql", "postgres") else self.database.url

    @cached_property
    def valkey_socket(self) -> Path:
        """The embedded Valkey's socket; where its path is too long for the system, in a private folder."""
        socket = self.data_dir / "valkey" / "valkey.sock"
        if len(os.fsencode(socket)) <= LONGEST_SOCKET:
            return socket
        key = hashlib.sha256(os.fsencode(self.data_dir)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"prosa-{os.getuid()}-{key}" / "valkey.sock"

    @cached_property
    def redis_url(self) -> str:
        return self.redis.url or f"unix://{quote(str(self.valkey_socket))}?db=0"

    @cached_property
    def files_url(self) -> str:
        return self.files.url or (self.data_dir / "files").as_uri()

    @cached_property
    def secret(self) -> bytes:
        """What signs cookies, links and Message-IDs: made once, then kept beside the data it protects."""
        path = self.data_dir / "secret"
        try:
            return read_secret(path)
        except OSError as error:
            raise ConfigError(
                f"{path} cannot be read or written ({error.strerror}): mend that, or name another folder "
                "with data.dir."
            ) from None


@cache
def settings() -> Settings:
    """This process's settings; raises ConfigError."""
    return load()


def load(**values: Any) -> Settings:
    """Fresh settings; `values` (sections as mappings) win over file and environment."""
    try:
        refuse_unknown_variables()
        found = Settings(**values)
        refuse_open_demo(found)
        return found
    except ValidationError as error:
        raise ConfigError(explain(error)) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{config_file()} cannot be read: {error}. Mend that line.") from None


def config_file() -> Path | None:
    """The settings file. The project's own may be missing; one asked for by name may not."""
    asked = os.environ.get("PROSA_CONFIG")
    path = Path(asked).expanduser() if asked else ROOT / "config.toml"
    if path.is_file():
        return path
    if asked and not path.exists():
        raise ConfigError(
            f"PROSA_CONFIG names {asked}, but that is no file: create it or unset the variable."
        )
    return None


def refuse_unknown_variables() -> None:
    """A mistyped PROSA__WBE__PORT must not be silently ignored."""
    for name in os.environ:
        section = name.removeprefix(PREFIX).split("__")[0].lower()
        if name.startswith(PREFIX) and section not in Settings.model_fields:
            raise ConfigError(f"{name} is not a setting; sections are {', '.join(Settings.model_fields)}.")


def refuse_open_demo(found: Settings) -> None:
    """Nobody is asked for a password there, so nobody else may reach it."""
    web = found.web
    public = urlsplit(web.public_url).hostname or ""
    open_to_others = {
        f"web.host = {web.host!r}": not is_loopback(web.host),
        f"web.public_url = {web.public_url!r}": bool(public) and not is_loopback(public),
        f"web.trusted_proxies = {web.trusted_proxies}": web.trusted_proxies > 0,
    }
    if found.demo.enabled and any(open_to_others.values()):
        wide = next(said for said, is_open in open_to_others.items() if is_open)
        raise ConfigError(
            f"demo.enabled ({came_from('demo.enabled')}) lets everybody in without a password, and {wide} "
            "lets others reach it: the demo is for this machine alone. Take one of the two back."
        )


def is_loopback(host: str) -> bool:
    """Whether this name or address is this machine and nothing else."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def explain(error: ValidationError) -> str:
    """The first mistake, in one line."""
    first = error.errors()[0]
    section, *rest = (str(part) for part in first["loc"])
    key = ".".join([section, *rest])
    model = known(section)
    if first["type"] == "extra_forbidden":
        names = list(model.model_fields) if model and rest else list(Settings.model_fields)
        where = f"[{section}] knows" if model and rest else "sections are"
        return f"{key} is not a setting ({came_from(key)}); {where} {', '.join(names)}."
    wanted = allowed(model.model_json_schema()["properties"][rest[0]]) if model and rest else "a section"
    value = without_password(first["input"])
    return f"{key} = {value!r} ({came_from(key)}) is not allowed; it must be {wanted}."


def without_password(value: Any) -> Any:
    """An address may be printed, the password in it may not."""
    return re.sub(r"(://[^:/@\s]*):[^@\s]*@", r"\1:…@", value) if isinstance(value, str) else value


def known(section: str) -> type[Section] | None:
    model = Settings.model_fields[section].annotation if section in Settings.model_fields else None
    return model if isinstance(model, type) and issubclass(model, Section) else None


def came_from(key: str) -> str:
    """Where a person would have to change it."""
    variable = PREFIX + key.upper().replace(".", "__")
    if key == "web.port" and os.environ.get("PORT"):
        return "from PORT"
    given = next((name for name in os.environ if name.upper() == variable), None)
    return f"from {given}" if given else f"from {(config_file() or Path('config.toml')).name}"


def allowed(schema: dict[str, Any]) -> str:
    """A field's JSON schema, said to a person."""
    if "enum" in schema:
        return " or ".join(schema["enum"])
    if "description" in schema:
        return str(schema["description"])
    if schema["type"] == "boolean":
        return "true or false"
    if schema["type"] != "integer":
        return "text in quotes"
    low, high = schema.get("minimum", 0), schema.get("maximum")
    return f"a whole number from {low} to {high}" if high else f"a whole number of at least {low}"


def read_secret(path: Path) -> bytes:
    if not path.exists():
        make_secret(path)
    if path.stat().st_mode & 0o077:
        raise ConfigError(f"{path} may be read by others, so it is no secret: chmod 600 {path}")
    secret = path.read_bytes()
    if len(secret) < 32:
        raise ConfigError(f"{path} is damaged ({len(secret)} bytes of 32): restore it from your backup.")
    return secret


def make_secret(path: Path) -> None:
    """Written whole under another name, then linked: of two processes the first wins, neither reads half."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=".secret-")  # mkstemp makes it 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(32))
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        Path(draft).unlink()
