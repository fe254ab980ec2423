"""Who exists outside of Git is asked of the cluster once per kind, and what is this fabric's own does not count."""

from __future__ import annotations

from program.outside import on_cluster
from providers.core.identity import Kind, ObjectRef

VPC, OTHER, SWITCH = (ObjectRef(kind, "default", name) for kind, name in (("VPC", "a"), ("VPC", "b"), ("Switch", "a")))


class Cluster:
    """Answers LISTs and remembers them."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    def list(self, kind: Kind, label_selector: str) -> dict[ObjectRef, object]:
        self.asked.append((kind.name, label_selector))
        return {VPC: {}} if kind.name == "VPC" else {}


def test_one_list_of_each_kind_without_what_is_about_to_be_deleted():
    cluster = Cluster()
    assert on_cluster(lambda: cluster, "f-1").exist({VPC, OTHER, SWITCH}) == {VPC}
    assert sorted(cluster.asked) == [("Switch", "hhsync.dev/fabric!=f-1"), ("VPC", "hhsync.dev/fabric!=f-1")]


def test_a_cluster_is_connected_to_when_asked():
    def connect():
        raise AssertionError("connected")

    assert on_cluster(connect, "f-1").asked
