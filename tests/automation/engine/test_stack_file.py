"""Config that is read without the CLI is what the CLI would say, or is left to it."""

from __future__ import annotations

import pytest
import yaml

from tests.support.states import STACK

SALT = "encryptionsalt"

SHAPES = [
    ("main", "main"),
    ("https://git.example.org/a.git", "https://git.example.org/a.git"),
    ("/srv/git/a.git", "/srv/git/a.git"),
    ("~/git/a.git", "~/git/a.git"),
    ('"true"', "true"),
    ("true", "true"),
    ("TRUE", "true"),
    ("5", "5"),
    ("0", "0"),
    ('"5"', "5"),
    ("'1e3'", "1e3"),
    ('""', ""),
    ("'  sp  '", "  sp  "),
    ("|\n    two\n    lines", "two\nlines\n"),
    ("'ü€😀 <a&b>'", "ü€😀 <a&b>"),
    ("main # comment", "main"),
    ("&a x", "x"),
    ("!!str true", "true"),
    ("yes", None),
    ("off", None),
    ("null", None),
    ("~", None),
    ("1.50", None),
    ("1e3", None),
    ("010", None),
    ("0o17", None),
    ("1_000", None),
    ("1:30", None),
    ("12345678901234567890", None),
    ("2026-11-21", None),
    ("-5", None),
    ("[a]", None),
    ("{a: b}", None),
    ("!!binary aGk=", None),
    ("{secure: v1:aaaa:bbbb}", None),
]


def write(real, text):
    path = real.stack_file(STACK)
    salt = yaml.safe_load(path.read_text())[SALT]
    path.write_text(f"{SALT}: {salt}\n{text}")


def test_the_value_is_the_clis_or_none(real):
    taken = [(f"git{number}", text, expected) for number, (text, expected) in enumerate(SHAPES) if expected is not None]
    write(real, "config:\n" + "".join(f"  hhsync:{key}: {text}\n" for key, text, _ in taken))
    found = real.plain_config(STACK, {key for key, _, _ in taken})
    assert found == {key: expected for key, _, expected in taken}
    assert found == real.config(STACK)


@pytest.mark.parametrize("text", [text for text, expected in SHAPES if expected is None])
def test_what_is_secret_or_read_in_more_than_one_way_is_left_to_the_cli(real, text):
    write(real, f"config:\n  hhsync:gitBranch: {text}\n")
    assert real.plain_config(STACK, {"gitBranch"}) is None


UNCLEAR = [
    ("an environment", "environment: [x]\nconfig:\n  hhsync:gitBranch: main\n"),
    ("a key twice", "config:\n  hhsync:gitBranch: main\n  hhsync:gitBranch: dev\n"),
    ("with and without namespace", "config:\n  hhsync:gitBranch: main\n  gitBranch: dev\n"),
    ("an old form", "config:\n  hhsync:config:gitBranch: main\n"),
    ("a merge", "config:\n  <<: {hhsync:gitBranch: main}\n"),
    ("no mapping", "config: main\n"),
    ("broken", "config: [\n"),
]


@pytest.mark.parametrize("text", [row[1] for row in UNCLEAR], ids=[row[0] for row in UNCLEAR])
def test_a_file_that_may_mean_more_is_left_to_the_cli(real, text):
    write(real, text)
    assert real.plain_config(STACK, {"gitBranch"}) is None


def test_a_projects_own_config_is_left_to_the_cli(real):
    path = real.root / "Pulumi.yaml"
    path.write_text(path.read_text() + "config:\n  gitBranch: {default: dev}\n")
    assert real.plain_config(STACK, {"gitBranch"}) is None


def test_other_keys_do_not_matter(real):
    write(real, "config:\n  hhsync:gitBranch: main\n  hhsync:netboxToken: {secure: v1:aaaa:bbbb}\n  aws:region: 1e3\n")
    assert real.plain_config(STACK, {"gitBranch", "gitPath"}) == {"gitBranch": "main"}


def test_no_file_is_left_to_the_cli(real):
    assert real.plain_config("other", {"gitBranch"}) is None
