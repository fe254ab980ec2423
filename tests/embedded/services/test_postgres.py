"""Where PostgreSQL's data are, and what its passwords may be."""

from __future__ import annotations

import pytest

from embedded.services import ServicesError, postgres
from embedded.services.postgres import Cluster, data_parent


@pytest.fixture
def as_root(monkeypatch, tmp_path):
    """Root's point of view: PostgreSQL runs as somebody else, and pytest's own folders are closed to others."""
    monkeypatch.setattr(postgres, "unprivileged_user", lambda: (65534, 65534))
    monkeypatch.setattr(postgres, "_UNREACHABLE_HOME", tmp_path / "outside")


def close(folder):
    folder.mkdir()
    folder.chmod(0o700)
    return folder


def test_ones_own_postgresql_keeps_its_data_in_the_home(monkeypatch, tmp_path):
    monkeypatch.setattr(postgres, "unprivileged_user", lambda: None)
    home = close(tmp_path / "closed") / "home"
    assert data_parent(home) == home


def test_a_home_that_others_cannot_reach_has_its_data_outside_and_always_in_the_same_place(as_root, tmp_path):
    home = close(tmp_path / "closed") / "home"
    first = data_parent(home)
    assert first.parent == tmp_path / "outside"
    assert data_parent(home) == first


def test_a_home_made_anew_does_not_find_the_data_of_the_deleted_one(as_root, tmp_path):
    home = close(tmp_path / "closed") / "home"
    first = data_parent(home)
    (home / "postgres-folder").unlink()
    home.rmdir()
    assert data_parent(home) != first


def test_a_password_cannot_end_the_statement_it_is_in(tmp_path):
    with pytest.raises(ServicesError, match="letters and digits only"):
        Cluster.at(tmp_path / "data", tmp_path).set_password("x'; DROP")


def test_a_missing_postgresql_is_one_line(monkeypatch):
    monkeypatch.setattr(postgres, "postgresql_bin", lambda: None)
    with pytest.raises(ServicesError, match="apt-get install -y postgresql"):
        postgres.programs()
