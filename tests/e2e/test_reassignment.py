"""One `hhsync sync` hands a subnet from one VPC to another, and goes back where the second half is refused."""

from __future__ import annotations

import contextlib
import time

import pytest

from providers.core.identity import ObjectRef
from providers.errors import TargetError
from tests.support.project import Project, crs

pytestmark = pytest.mark.services


@pytest.fixture
def project(services, tmp_path):
    return Project(tmp_path, services)


ADMISSION = "/apis/admissionregistration.k8s.io/v1"


@pytest.fixture
def refusing():
    """A context in which the API server refuses to create a VPC of one name."""

    @contextlib.contextmanager
    def context(project, name):
        server = project.cluster._api.target()
        policy = f"refuse-{name}"
        metadata = {"apiVersion": "admissionregistration.k8s.io/v1", "metadata": {"name": policy}}
        rule = {
            "apiGroups": ["vpc.githedgehog.com"],
            "apiVersions": ["*"],
            "operations": ["CREATE"],
            "resources": ["vpcs"],
        }
        spec = {
            "matchConstraints": {"resourceRules": [rule]},
            "validations": [{"expression": f"object.metadata.name != '{name}'", "message": "not today"}],
        }
        binding = {"policyName": policy, "validationActions": ["Deny"]}
        paths = [f"{ADMISSION}/validatingadmissionpolicies", f"{ADMISSION}/validatingadmissionpolicybindings"]
        kinds = ("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding")
        for path, kind, body in zip(paths, kinds, (spec, binding), strict=True):
            server.call("POST", path, body={**metadata, "kind": kind, "spec": body}, about="make a policy")
        try:
            _until_refused(project, name)
            yield
        finally:
            for path in reversed(paths):
                server.call("DELETE", f"{path}/{policy}", about="remove a policy")
            time.sleep(2)

    return context


def _until_refused(project, name):
    manifest = {
        "apiVersion": "vpc.githedgehog.com/v1beta1",
        "kind": "VPC",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {},
    }
    for _ in range(100):
        try:
            project.cluster.create(manifest, dry_run=True)
        except TargetError as error:
            if "not today" in str(error):
                return
        time.sleep(0.1)
    raise AssertionError("the policy never took effect")


def vpc(project, name):
    return ObjectRef("VPC", "default", name)


def attachment(name, subnet):
    return f"""\
apiVersion: vpc.githedgehog.com/v1beta1
kind: VPCAttachment
metadata: {{name: {name}}}
spec: {{connection: {name}-c, subnet: {subnet}/default}}
"""


def connection(name):
    return f"""\
apiVersion: wiring.githedgehog.com/v1beta1
kind: Connection
metadata: {{name: {name}-c}}
spec: {{unbundled: {{link: {{server: {{port: {name}-s/e1}}, switch: {{port: {name}-l/E1/1}}}}}}}}
"""


def renamed(files, old, new):
    """The files with one VPC under another name and everything else kept."""
    text = files[f"vpcs/{old}.yaml"]
    return {f"vpcs/{old}.yaml": None, f"vpcs/{new}.yaml": text.replace(f"name: {old}\n", f"name: {new}\n")}


def test_a_vpc_is_renamed_with_its_subnet_kept(project):
    a, b, *_ = project.names
    files = crs(a, project.names[2])
    project.commit({**files, "c.yaml": connection(f"{a}-x"), "at.yaml": attachment(f"{a}-x", a)})
    assert project.init().returncode == 0
    project.verb("sync")
    uids = {ref: obj["metadata"]["uid"] for ref, obj in project.objects().items()}

    project.commit({**renamed(files, a, b), "at.yaml": attachment(f"{a}-x", b)})
    shown = project.verb("preview", code=2)
    assert shown["reassignment"]["deleted_first"] == [f"VPC/default/{a}", f"VPCAttachment/default/{a}-x"]
    plain = project.run("pulumi", "--", "up", "--yes", "--skip-preview", "--stack", project.fabric, "--run-program")
    assert plain.returncode != 0
    assert f"hhsync sync {project.fabric}" in plain.stdout + plain.stderr
    assert uids == {ref: obj["metadata"]["uid"] for ref, obj in project.objects().items()}

    done = project.verb("sync")
    assert done["reassignment"]["deleted_first"] == shown["reassignment"]["deleted_first"]
    expected = {"created": 1, "replaced": 1, "deleted": 1, "unchanged": 4}
    assert {key: count for key, count in done["counts"].items() if count} == expected
    now = project.objects()
    assert vpc(project, a) not in now
    assert now[vpc(project, b)]["spec"]["subnets"]["default"]["subnet"] == "10.0.1.0/24"
    kept = [ref for ref in uids if ref in now and ref.kind != "VPCAttachment"]
    assert {ref: uids[ref] for ref in kept} == {ref: now[ref]["metadata"]["uid"] for ref in kept}
    assert project.verb("sync")["counts"]["unchanged"] == 6
    assert project.verb("drift")["in_sync"] == 6


def test_a_refused_second_half_puts_back_what_was_deleted(project, refusing):
    a, b, *_ = project.names
    files = crs(a, project.names[2])
    project.commit({**files, "c.yaml": connection(f"{a}-x"), "at.yaml": attachment(f"{a}-x", a)})
    assert project.init().returncode == 0
    project.verb("sync")
    before = {ref: obj["spec"] for ref, obj in project.objects().items()}

    project.commit({**renamed(files, a, b), "at.yaml": attachment(f"{a}-x", b)})
    with refusing(project, b):
        failed = project.verb("sync", code=1)
    assert failed["reassignment"]["rolled_back"] == [f"VPC/default/{a}", f"VPCAttachment/default/{a}-x"]
    assert {ref: obj["spec"] for ref, obj in project.objects().items()} == before
    assert any("was rolled back" in line for line in failed["errors"])

    assert project.verb("sync")["ok"]
    assert vpc(project, b) in project.objects()
    assert vpc(project, a) not in project.objects()


def test_a_replace_that_somebody_asks_for_leaves_the_new_object(project):
    a, *_ = project.names
    project.commit(crs(a))
    assert project.init().returncode == 0
    project.verb("sync")
    before = project.objects()[vpc(project, a)]["metadata"]["uid"]
    urn = (
        f"urn:pulumi:{project.fabric}::hhsync::hhsync:index:Fabric$pulumi-python:dynamic/hedgehog:VPC::VPC/default/{a}"
    )
    flags = ("--yes", "--skip-preview", "--run-program", "--refresh", "--replace", urn)
    done = project.run("pulumi", "--", "up", "--stack", project.fabric, *flags)
    assert done.returncode == 0, done.stdout + done.stderr
    assert project.objects()[vpc(project, a)]["metadata"]["uid"] != before
    assert project.verb("drift")["in_sync"] == 3
