"""Access rules name exactly the kinds that hhsync ships, and nothing by wildcard; keys and tokens are private and differ."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from cryptography import x509

from embedded.services import ServicesError
from embedded.services.certificates import Authority
from embedded.services.kubernetes.access import rbac_manifests, read_tokens, write_tokens
from embedded.services.kubernetes.api import install_crds
from embedded.services.web import Api

CRDS = Path(__file__).resolve().parents[4] / "providers" / "crds"


def rules(role):
    return next(one for one in rbac_manifests() if one["kind"] == "ClusterRole" and one["metadata"]["name"] == role)[
        "rules"
    ]


@pytest.mark.parametrize("role", ["hhsync", "hhsync-reader"])
def test_a_role_covers_the_kinds_of_the_crd_files_and_reads_agents(role):
    specs = [yaml.safe_load(path.read_text())["spec"] for path in CRDS.glob("*.yaml")]
    shipped = {(spec["group"], spec["names"]["plural"]) for spec in specs}
    allowed = {
        (group, resource)
        for rule in rules(role)
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        if group.endswith("githedgehog.com")
    }
    assert allowed == shipped | {("agent.githedgehog.com", "agents")}
    assert all(set(rule["verbs"]) == {"get", "list", "watch"} for rule in rules(role) if "agents" in rule["resources"])


@pytest.mark.parametrize("role", ["hhsync", "hhsync-reader"])
def test_no_rule_has_a_wildcard(role):
    assert not [rule for rule in rules(role) for values in rule.values() if "*" in values]


def test_the_reader_has_no_writing_verb():
    assert {verb for rule in rules("hhsync-reader") for verb in rule["verbs"]} == {"get", "list", "watch"}


def test_tokens_are_private_and_all_different(tmp_path):
    for name in ("one", "two"):
        write_tokens(tmp_path / name)
    tokens = [*read_tokens(tmp_path / "one").values(), *read_tokens(tmp_path / "two").values()]
    assert len(set(tokens)) == 6
    assert (tmp_path / "one").stat().st_mode & 0o777 == 0o600


def test_a_certificate_is_signed_by_its_authority_and_its_key_is_private(tmp_path):
    authority = Authority.make("API", tmp_path / "ca.crt")
    authority.issue("server", tmp_path / "server.crt", tmp_path / "server.key")
    certificate = x509.load_pem_x509_certificate((tmp_path / "server.crt").read_bytes())
    certificate.verify_directly_issued_by(x509.load_pem_x509_certificate((tmp_path / "ca.crt").read_bytes()))
    assert (tmp_path / "server.key").stat().st_mode & 0o777 == 0o600


def test_a_crd_file_that_is_no_yaml_is_named(tmp_path):
    (tmp_path / "broken.yaml").write_text("a: [")
    with pytest.raises(ServicesError, match=r"broken\.yaml is no YAML"):
        install_crds(Api("http://127.0.0.1:1"), tmp_path)
