"""A fabric on the real servers, destroyed after the test so that the next one finds the cluster clean."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from tests.support.project import PLAIN, Project, crs

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def project(tmp_path, services, request) -> Iterator[Project]:
    """A fabric with a repository and no stack yet, on the cluster that the module names in CLUSTER."""
    made = Project(tmp_path / "project", services, cluster=getattr(request.module, "CLUSTER", PLAIN))
    yield made
    with contextlib.suppress(AssertionError):
        made.verb("destroy", "--yes", made.fabric)


@pytest.fixture
def synced(project) -> Project:
    """Two namespaces and five VPCs, synced once."""
    project.commit(crs(*project.names))
    done = project.init()
    assert done.returncode == 0, done.stderr
    assert project.verb("sync")["counts"]["created"] == 7
    return project
