"""NetBox's secrets and configuration files: of an instance, and of the set-up that migrates its database."""

# ruff: noqa: S608 - the statements are made of random letters and digits of our own

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import string
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from embedded.services.files import own_folder, write_private
from embedded.services.ports import LOOPBACK, Ports
from embedded.services.postgres import DATABASE, ROLE

if TYPE_CHECKING:
    from pathlib import Path

USERNAME = "admin"
_LETTERS = string.ascii_letters + string.digits
# the iterations that Django 6.1 uses; with fewer it would rewrite the hash at the first login
_PBKDF2_ITERATIONS = 1_500_000
_PEPPER_ID = 1
# two processes fill two cores; threads let a slow request not hold up the others
_WORKERS = 2
_THREADS = 4


@dataclass(frozen=True, slots=True)
class Secrets:
    """All that is secret in one NetBox instance; made once, kept in a file of mode 0600."""

    secret_key: str = field(repr=False)
    pepper: str = field(repr=False)
    database_password: str = field(repr=False)
    redis_password: str = field(repr=False)
    password: str = field(repr=False)
    token_key: str = field(repr=False)
    token_secret: str = field(repr=False)

    @property
    def token(self) -> str:
        """The v2 API token, as it is sent after "Bearer "."""
        return f"nbt_{self.token_key}.{self.token_secret}"

    def superuser_sql(self) -> str:
        """Statements, one a line, that make the superuser with its preferences and its API token.

        NetBox keeps a PBKDF2 hash of the password and, of a v2 token, the HMAC-SHA256 under the pepper.
        """
        digest = hmac.new(self.pepper.encode(), self.token_secret.encode(), hashlib.sha256).hexdigest()
        owner = f"(SELECT id FROM users_user WHERE username = '{USERNAME}')"
        return (
            "INSERT INTO users_user (password, is_superuser, username, first_name, last_name, email, is_active,"
            f" date_joined) VALUES ('{_django_hash(self.password)}', true, '{USERNAME}', '', '', '', true, now());\n"
            f"INSERT INTO users_userconfig (data, user_id) SELECT '{{}}'::jsonb, {owner};\n"
            "INSERT INTO users_token (created, write_enabled, description, user_id, enabled, version, key, pepper_id,"
            f" hmac_digest) VALUES (now(), true, 'hhsync', {owner}, true, 2, '{self.token_key}', {_PEPPER_ID},"
            f" '{digest}');\n"
        )


def _django_hash(password: str) -> str:
    salt = _random(22)
    derived = hashlib.pbkdf2_hmac("sha256", password.encode(), salt.encode(), _PBKDF2_ITERATIONS)
    return f"pbkdf2_sha256${_PBKDF2_ITERATIONS}${salt}${base64.b64encode(derived).decode()}"


def _random(length: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(length))


def fresh_secrets() -> Secrets:
    """New random secrets."""
    return Secrets(
        secret_key=_random(60),
        pepper=_random(60),
        database_password=_random(32),
        redis_password=_random(32),
        password=_random(20),
        token_key=_random(12),
        token_secret=_random(40),
    )


def load_secrets(path: Path) -> Secrets:
    """The secrets of an instance, made at the first call."""
    if not path.exists():
        write_private(path, json.dumps(asdict(fresh_secrets()), indent=2) + "\n")
    return Secrets(**json.loads(path.read_text()))


@dataclass(frozen=True, slots=True)
class Values:
    """What a configuration file is made of: secrets and the ports of the servers below NetBox."""

    secrets: Secrets
    database_port: int
    redis_port: int

    @classmethod
    def of(cls, values: Secrets, ports: Ports) -> Values:
        """The values of an instance whose PostgreSQL and Redis were started on these ports."""
        return cls(values, database_port=ports.get("postgres") or 0, redis_port=ports.get("redis") or 0)


def placeholder() -> Values:
    """Values for NetBox commands that reach no server."""
    return Values(fresh_secrets(), database_port=1, redis_port=1)


def write(root: Path, values: Values) -> None:
    """Write `conf/configuration.py` below an instance's root folder, readable by the owner only."""
    conf = own_folder(root / "conf")
    keys = values.secrets
    redis = {"HOST": LOOPBACK, "PORT": values.redis_port, "PASSWORD": keys.redis_password, "SSL": False}
    database = {
        "NAME": DATABASE,
        "USER": ROLE,
        "PASSWORD": keys.database_password,
        "HOST": LOOPBACK,
        "PORT": values.database_port,
        "CONN_MAX_AGE": 300,
    }
    settings = {
        "ALLOWED_HOSTS": [LOOPBACK, "localhost"],
        "DATABASES": {"default": database},
        "REDIS": {"tasks": {**redis, "DATABASE": 0}, "caching": {**redis, "DATABASE": 1}},
        "SECRET_KEY": keys.secret_key,
        "API_TOKEN_PEPPERS": {_PEPPER_ID: keys.pepper},
        "PLUGINS": ["netbox_custom_objects"],
        # nothing calls out of the machine: no census, release check, news, catalogue or copilot
        "CENSUS_REPORTING_ENABLED": False,
        "ISOLATED_DEPLOYMENT": True,
        "RELEASE_CHECK_URL": None,
        "COPILOT_ENABLED": False,
        # a list page of the API may hold a whole kind
        "MAX_PAGE_SIZE": 1000,
    }
    lines = [f"{name} = {value!r}" for name, value in settings.items()]
    write_private(conf / "configuration.py", "\n".join(lines) + "\n")


def write_server_files(root: Path, static: Path, port: int) -> None:
    """Write what gunicorn runs: the application with its static files, and gunicorn's settings."""
    application = (
        "from netbox.wsgi import application as netbox\n"
        "from whitenoise import WhiteNoise\n\n"
        f"application = WhiteNoise(netbox, root={str(static)!r}, prefix='static/', max_age=3600)\n"
    )
    settings = (
        "import os\n\n"
        f"bind = '{LOOPBACK}:{port}'\n"
        f"workers = {_WORKERS}\n"
        f"threads = {_THREADS}\n"
        "timeout = 300\n"
        "graceful_timeout = 20\n"
        f"chdir = {str(root)!r}\n"
        "control_socket_disable = True\n"
        "umask = 0o077\n"
        "# NetBox is loaded once and shared by the workers: half the start, two thirds of the memory\n"
        "preload_app = True\n\n\n"
        "def pre_fork(server, worker):\n"
        "    # a connection opened while loading must not be used by two processes\n"
        "    from django.db import connections\n\n"
        "    connections.close_all()\n\n\n"
        "# at the end all requests are answered; taking NetBox apart object by object would take seconds for nothing\n"
        "def worker_exit(server, worker):\n"
        "    os._exit(0)\n\n\n"
        "def on_exit(server):\n"
        "    os._exit(0)\n"
    )
    write_private(root / "hhsync_wsgi.py", application)
    write_private(root / "gunicorn.conf.py", settings)
