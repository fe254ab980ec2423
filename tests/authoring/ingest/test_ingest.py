"""raw/ → managed/ on real repositories: the rules, and that the result says what Git has."""

from __future__ import annotations

import json

import pytest

from authoring.ingest.run import ingest
from tests.support.bare import OPTIONS, vpc

FIRST = {"managed/.gitkeep": "", "raw/.gitkeep": ""}


def run(bare, cache, **how):
    return ingest(bare.settings, cache, OPTIONS, "fabric-1", **how)


def test_every_document_gets_a_file_of_its_own_in_one_commit(bare, cache):
    bare.push({**FIRST, "raw/all.yaml": vpc("a", 1001) + "---\n" + vpc("b", 1002), "raw/sub/c.yaml": vpc("c", 1003)})
    before = bare.commits()
    result = run(bare, cache)
    assert bare.commits() == before + 1
    assert (result.commit, result.partial, result.exit_code) == (bare.head(), False, 0)
    assert sorted(result.created) == [f"fabric-1/managed/vpcs/{name}.yaml" for name in "abc"]
    assert result.moved == {
        "fabric-1/raw/all.yaml": "fabric-1/archive/all.yaml",
        "fabric-1/raw/sub/c.yaml": "fabric-1/archive/sub/c.yaml",
    }
    assert bare.read("managed/vpcs/b.yaml") == vpc("b", 1002)
    assert bare.read("archive/all.yaml") == vpc("a", 1001) + "---\n" + vpc("b", 1002)


def test_the_books_map_every_original_document_to_its_file(bare, cache):
    bare.push({**FIRST, "raw/all.yaml": vpc("a") + "---\n" + vpc("b", 1002)})
    run(bare, cache)
    log = [json.loads(line) for line in bare.read(".hhsync/archive-log.jsonl").splitlines()]
    assert [(one["raw"], one["document"], one["cr"], one["path"], one["archive"]) for one in log] == [
        ("raw/all.yaml", 0, "VPC/default/a", "managed/vpcs/a.yaml", "archive/all.yaml"),
        ("raw/all.yaml", 1, "VPC/default/b", "managed/vpcs/b.yaml", "archive/all.yaml"),
    ]
    manifest = json.loads(bare.read(".hhsync/manifest.json"))
    assert manifest["crs"]["VPC/default/b"]["path"] == "managed/vpcs/b.yaml"


def test_a_second_run_makes_no_commit(bare, cache):
    bare.push({**FIRST, "raw/a.yaml": vpc("a")})
    run(bare, cache)
    before = bare.head()
    result = run(bare, cache)
    assert (bare.head(), result.commit, result.moved, result.exit_code) == (before, "", {}, 0)


def test_a_dry_run_writes_nothing_and_says_what_it_would(bare, cache):
    bare.push({**FIRST, "raw/a.yaml": vpc("a")})
    before = bare.head()
    result = run(bare, cache, dry_run=True)
    assert (bare.head(), result.commit, result.exit_code) == (before, "", 2)
    assert list(result.created) == ["fabric-1/managed/vpcs/a.yaml"]


def test_validate_only_writes_nothing_and_says_what_is_wrong(bare, cache):
    bare.push({**FIRST, "raw/a.yaml": vpc("a"), "raw/bad.yaml": vpc("b").replace("vlan: 1001", "vlan: x")})
    before = bare.head()
    result = run(bare, cache, validate_only=True)
    assert (bare.head(), result.exit_code) == (before, 1)
    assert "fabric-1/raw/bad.yaml:10" in result.errors[0]


STAYS = {
    "one bad document in a file": (
        {"x.yaml": vpc("x") + "---\n" + vpc("y").replace("kind: VPC", "kind: VPCAttachement")},
        "did you mean",
    ),
    "broken YAML": ({"x.yaml": "a: [\n"}, "broken YAML"),
    "a key twice": ({"x.yaml": vpc("x") + "kind: VPC\n"}, "written twice"),
    "a foreign document": (
        {"x.yaml": vpc("x") + "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n"},
        "raw/x.yaml:12: v1/ConfigMap is none of the 12 kinds",
    ),
    "another namespace": ({"x.yaml": vpc("x").replace("namespace: default", "namespace: other")}, "only namespace"),
    "no Kubernetes object": ({"x.yaml": "just: text\n"}, "not a Kubernetes object"),
    "one identity, two contents": ({"x.yaml": vpc("x", 1001), "z.yaml": vpc("x", 1002)}, "with another content at"),
    "one identity, two contents in one file": (
        {"x.yaml": vpc("x", 1001) + "---\n" + vpc("x", 1002)},
        "keep one of them",
    ),
    "managed/ has another content": (
        {"x.yaml": vpc("there", 1999)},
        "is in fabric-1/managed/vpcs/there.yaml:1 already",
    ),
    "a name that is not allowed": ({"x.yaml": vpc("X_1")}, "no valid name"),
    "not UTF-8 in meaning": ({"x.yaml": "\x00"}, "YAML"),
}


@pytest.mark.parametrize(("raw", "why"), STAYS.values(), ids=STAYS.keys())
def test_what_cannot_be_ingested_stays_and_the_others_go_on(bare, cache, raw, why):
    good = {"raw/good.yaml": vpc("good", 1500)}
    bare.push(
        {**FIRST, "managed/vpcs/there.yaml": vpc("there", 1100), **good, **{f"raw/{k}": v for k, v in raw.items()}}
    )
    before = bare.files()
    result = run(bare, cache)
    after = bare.files()
    assert (result.partial, result.exit_code) == (True, 1)
    assert [one.path for one in result.left] == [f"fabric-1/raw/{name}" for name in sorted(raw)]
    assert any(why in error for error in result.errors), result.errors
    assert {name: text for name, text in after.items() if name.startswith("raw/") and name in before} == {
        **{f"raw/{name}": text for name, text in raw.items()},
        "raw/.gitkeep": "",
    }
    assert after["managed/vpcs/good.yaml"] == vpc("good", 1500)
    assert after["managed/vpcs/there.yaml"] == before["managed/vpcs/there.yaml"]


def test_two_equal_documents_make_one_cr(bare, cache):
    bare.push(
        {
            **FIRST,
            "raw/a.yaml": vpc("x"),
            "raw/b.yaml": "# other words\n" + vpc("x").replace("  namespace: default\n", ""),
        }
    )
    result = run(bare, cache)
    assert (len(result.created), len(result.moved), result.partial) == (1, 2, False)
    assert [one["outcome"] for one in result.documents] == ["created", "identical"]


def test_a_document_that_managed_has_already_is_archived_and_nothing_else(bare, cache):
    there = "# ours\n" + vpc("x")
    bare.push({**FIRST, "managed/any-name.yaml": there, "raw/a.yaml": vpc("x")})
    result = run(bare, cache)
    assert (result.created, len(result.moved), result.partial) == ((), 1, False)
    assert bare.read("managed/any-name.yaml") == there
    assert result.documents[0]["path"] == "fabric-1/managed/any-name.yaml"


def test_crs_that_do_not_go_together_with_the_rest_stay(bare, cache):
    bare.push(
        {
            **FIRST,
            "managed/vpcs/a.yaml": vpc("a", 1001, 1),
            "raw/b.yaml": vpc("b", 1001, 2),
            "raw/c.yaml": vpc("c", 1003, 3),
        }
    )
    result = run(bare, cache)
    assert [one.path for one in result.left] == ["fabric-1/raw/b.yaml"]
    assert "would not be valid in managed/" in result.errors[0]
    assert list(result.created) == ["fabric-1/managed/vpcs/c.yaml"]


def test_a_list_is_taken_apart(bare, cache):
    items = "".join(
        "- " + "\n  ".join(vpc(name, vlan).splitlines()) + "\n" for name, vlan in (("a", 1001), ("b", 1002))
    )
    bare.push({**FIRST, "raw/l.yaml": f"apiVersion: v1\nkind: List\nitems:\n# first\n{items}"})
    result = run(bare, cache)
    assert sorted(result.created) == ["fabric-1/managed/vpcs/a.yaml", "fabric-1/managed/vpcs/b.yaml"]
    assert bare.read("managed/vpcs/a.yaml") == "# first\n" + vpc("a", 1001)
    assert bare.read("managed/vpcs/b.yaml") == vpc("b", 1002)


def test_comments_are_kept_and_headings_go_with_the_document_below(bare, cache):
    text = f"# the file\n{vpc('a')}  # tail\n#\n# second\n#\n---\n# about b\n{vpc('b', 1002)}"
    bare.push({**FIRST, "raw/x.yaml": text})
    run(bare, cache)
    assert bare.read("managed/vpcs/a.yaml").startswith("# the file\napiVersion")
    assert "# tail" in bare.read("managed/vpcs/a.yaml")
    assert bare.read("managed/vpcs/b.yaml").startswith("#\n# second\n#\n# about b\napiVersion")


def test_what_servers_and_tools_wrote_is_left_out(bare, cache):
    extra = (
        "  creationTimestamp: null\n  uid: x\n  annotations:\n    hnp.githedgehog.com/last-synced: '2025-08-06T10:00:00Z'\n"
        "    kubectl.kubernetes.io/last-applied-configuration: '{}'\n"
    )
    text = "# Generated by HNP at 2025-08-06 10:00:00 UTC\n" + vpc("a", extra=extra) + "status: {}\n"
    bare.push({**FIRST, "raw/a.yaml": text})
    run(bare, cache)
    assert bare.read("managed/vpcs/a.yaml") == vpc("a")


def test_a_file_whose_name_is_taken_by_something_else_gets_a_hash(bare, cache):
    bare.push({**FIRST, "managed/vpcs/A.yaml": vpc("other", 1009), "archive/a.yaml": "old\n", "raw/a.yaml": vpc("a")})
    result = run(bare, cache)
    assert result.created[0].startswith("fabric-1/managed/vpcs/a-")
    assert result.moved["fabric-1/raw/a.yaml"].startswith("fabric-1/archive/a-")
    assert bare.read("archive/a.yaml") == "old\n"


def test_names_that_differ_in_capitals_only_never_meet_in_the_archive(bare, cache):
    bare.push({**FIRST, "raw/A.yaml": vpc("a", 1001), "raw/a.yaml": vpc("b", 1002)})
    result = run(bare, cache)
    assert len({path.lower() for path in result.moved.values()}) == 2


def test_other_files_in_raw_stay_and_are_named_without_making_it_partial(bare, cache):
    bare.push({**FIRST, "raw/a.yaml": vpc("a"), "raw/README.md": "hello\n"})
    result = run(bare, cache)
    assert ([one.path for one in result.left], result.partial) == (["fabric-1/raw/README.md"], False)


def test_links_and_hidden_files_stay_and_say_why(bare, cache):
    bare.push({**FIRST, "raw/.hidden.yaml": vpc("h")})
    (bare.work.path / "fabric-1/raw/link.yaml").symlink_to("/etc/hostname")
    bare.push({"raw/a.yaml": vpc("a", 1002)})
    result = run(bare, cache)
    assert [one.path.rpartition("/")[2] for one in result.left] == [".hidden.yaml", "link.yaml"]
    assert "starts with a dot" in result.errors[0]
    assert "symbolic link" in result.errors[1]


def test_a_file_without_documents_is_archived(bare, cache):
    bare.push({**FIRST, "raw/empty.yaml": "# nothing\n---\n"})
    assert run(bare, cache).moved == {"fabric-1/raw/empty.yaml": "fabric-1/archive/empty.yaml"}


def test_a_folder_without_raw_has_nothing_to_ingest(bare, cache):
    bare.push({"vpcs/a.yaml": vpc("a")})
    result = run(bare, cache)
    assert (result.has_raw, result.commit, result.exit_code) == (False, "", 0)


def test_an_emptied_raw_keeps_its_folder(bare, cache):
    bare.push({"raw/a.yaml": vpc("a")})
    run(bare, cache)
    assert "raw/.gitkeep" in bare.files()


def test_the_same_input_gives_the_same_bytes(bare, cache, tmp_path):
    bare.push({**FIRST, "raw/all.yaml": vpc("a") + "---\n" + vpc("b", 1002)})
    first = run(bare, cache, dry_run=True)
    assert first == run(bare, tmp_path / "other", dry_run=True)


def test_documents_with_CRLF_a_byte_order_mark_and_no_last_newline(bare, cache):
    bare.push(FIRST)
    bare.push({"raw/a.yaml": "\ufeff" + vpc("a").rstrip("\n").replace("\n", "\r\n")})
    run(bare, cache)
    assert bare.read("managed/vpcs/a.yaml") == vpc("a")
