"""The drift report's forms: JSON by its schema, Markdown and HTML that show what was said and nothing else."""

from __future__ import annotations

import itertools
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from automation.reports import formats, links
from automation.reports.as_html import html
from automation.reports.as_json import drift_json
from automation.reports.as_markdown import escaped, markdown
from automation.reports.as_text import age, drift_text
from automation.reports.format_names import Format
from providers.core.drift.classify import Detail
from providers.core.drift.difference import Difference
from providers.core.drift.report import FabricRecord, Source, State
from providers.core.identity import ObjectRef
from providers.core.manifest import Origin
from providers.errors import ConfigError
from tests.support.reports import ATTRIBUTED, DRIFTED, DRIFTS, ORPHAN, PENDING, UNREAD, drift_report

ROOT = Path(__file__).resolve().parents[3]
SCHEMA = json.loads((ROOT / "docs" / "report.schema.json").read_text("utf-8"))
SOURCE = Source("git@github.com:net/fabrics.git", "main", "fabric-1", "a" * 40)
NASTY = "<script>alert(1)</script> | **b** `c` @everyone #1 [x](http://evil.example) <img src=x onerror=y> \"'&amp;"
SHOWN = Detail(
    ObjectRef("VPC", "default", "vpc-9"),
    State.DRIFTED,
    Origin("fabric-1/a b/x.yaml", 7, 0),
    managed=True,
    reason=NASTY,
    differences=(
        Difference(("cluster", "spec", "x"), 1, 1, cluster=NASTY, owned_by=("kubectl-edit",)),
        Difference(("netbox", "git_status"), "From Git", "From Git", netbox="Not from Git"),
    ),
    places=("cluster", "netbox"),
)
OLD = replace(ORPHAN, managers=("kubectl-create",), created_at="2026-11-01T00:00:00Z", places=("cluster",))
FULL = replace(
    drift_report(SHOWN, OLD, PENDING, ATTRIBUTED, UNREAD, DRIFTED, in_sync=66, drifted=2),
    source=SOURCE,
    record=FabricRecord(State.DRIFTED, (Difference(("record", "git_branch"), "main", "main", netbox="old"),)),
    generated_at="2026-11-21T18:00:00Z",
    notes=("compared without a dry run",),
)
REPORTS = {**DRIFTS, "full": FULL}


@pytest.mark.parametrize("name", REPORTS)
def test_json_follows_its_schema(name):
    jsonschema_rs.validator_for(SCHEMA).validate(drift_json(REPORTS[name], 0.1))


def test_the_schema_knows_every_key_and_every_state():
    """A key that the schema does not name would be no promise."""
    strict = json.loads(
        json.dumps(SCHEMA).replace(
            '"type": "object", "properties"', '"type": "object", "additionalProperties": false, "properties"'
        )
    )
    jsonschema_rs.validator_for(strict).validate(drift_json(FULL))
    assert set(SCHEMA["$defs"]["state"]["enum"]) == {state.value for state in State} - {"Draft"}


def test_the_examples_in_the_documentation_follow_the_schema():
    text = (ROOT / "docs" / "command.md").read_text("utf-8")
    jsonschema_rs.validator_for(SCHEMA).validate(json.loads(re.search(r"```json drift\n(.*?)```", text, re.DOTALL)[1]))


URLS = [
    ("https://github.com/net/fabrics.git", "https://github.com/net/fabrics"),
    ("https://user@github.com/net/fabrics", "https://github.com/net/fabrics"),
    ("git@github.com:net/fabrics.git", "https://github.com/net/fabrics"),
    ("ssh://git@github.example.org:2222/net/fabrics.git", "https://github.example.org/net/fabrics"),
    ("https://gitlab.example.org:8443/a/b/c.git", "https://gitlab.example.org:8443/a/b/c"),
    ("https://git.example.org/net/fabrics.git", None),
    ("https://evil.example/github.com/x", None),
    ("/srv/github.com/fabrics.git", None),
    ("file:///srv/github/fabrics.git", None),
    ("https://github.com/", None),
    ("javascript://github.com/%0aalert(1)", None),
]


@pytest.mark.parametrize(("url", "page"), URLS)
def test_the_page_of_a_repository(url, page):
    assert links.repository_page(url) == page


def test_a_place_in_a_repository():
    origin = Origin("f/a b#c.yaml", 3, 0)
    assert links.blob_url(SOURCE, origin) == f"https://github.com/net/fabrics/blob/{'a' * 40}/f/a%20b%23c.yaml#L3"
    lab = replace(SOURCE, url="https://gitlab.com/net/fabrics.git")
    assert links.blob_url(lab, origin) == f"https://gitlab.com/net/fabrics/-/blob/{'a' * 40}/f/a%20b%23c.yaml#L3"
    assert links.blob_url(replace(SOURCE, url="/srv/fabrics"), origin) is None


@pytest.mark.parametrize(
    ("since", "text"),
    [
        ("2026-11-21T17:59:30Z", "less than a minute ago"),
        ("2026-11-21T17:59:00Z", "1 minute ago"),
        ("2026-11-21T15:30:00Z", "2 hours ago"),
        ("2024-11-21T18:00:00Z", "730 days ago"),
        ("once", "at once"),
    ],
)
def test_age(since, text):
    assert age(since, FULL.generated_at) == text


def test_text_names_the_orphans_manager_and_age_and_the_fabrics_own_record():
    lines = drift_text(FULL, 0.1).splitlines()
    assert (
        "Server/default/old  missing from Git, unmanaged: left alone: "
        "in the cluster, written by kubectl-create, made 20 days ago" in lines
    )
    assert "the record of fabric-1 in NetBox  Drifted" in lines
    assert "    record.git_branch: old => main" in lines
    assert any(line.endswith("(owned by kubectl-edit)") for line in lines)


# Markdown


@given(st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), max_size=40))
def test_markdown_shows_any_text_as_it_is(text):
    page = MarkdownIt("gfm-like", {"linkify": False}).render(f"x {escaped(text)} y")
    assert re.fullmatch(r"<p>[^<]*</p>\n", page), page


def test_markdown_has_no_markup_of_others():
    text = markdown(FULL)
    assert "<script" not in text
    assert "@everyone" not in text
    assert "http://evil" not in text
    page = MarkdownIt("gfm-like", {"linkify": False}).render(text)
    rows = re.findall(r"<tr>(.*?)</tr>", page, re.DOTALL)
    assert {len(re.findall(r"<t[hd]", row)) for row in rows} == {3, 4}, "a value broke its row"
    assert "<img" not in page


def test_markdown_tells_the_three_sides_and_links_to_the_place():
    text = markdown(FULL)
    assert "| Property | Git | Cluster | NetBox |" in text
    assert f"(https://github.com/net/fabrics/blob/{'a' * 40}/fabric-1/a%20b/x.yaml#L7)" in text
    assert "kubectl-edit" in text


def test_long_markdown_is_cut_between_crs_and_says_so():
    many = [replace(SHOWN, ref=ObjectRef("VPC", "default", f"v-{n:04}")) for n in range(500)]
    report = replace(FULL, details=tuple(many))
    text = markdown(report, 20_000)
    assert len(text) <= 20_000
    shown = text.count("**VPC/default/v-")
    assert 0 < shown < 500
    assert f"{500 - shown} CRs more, left out" in text
    assert text.splitlines()[-1].startswith("_")


# HTML


class Page(HTMLParser):
    """The elements of a page with their attributes and text."""

    VOID = frozenset({"meta", "input", "br", "link", "img"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.parents: list[tuple[str, ...]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(text)
        self.close()
        assert self.open == [], "not every element is closed"

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self.parents.append(tuple(self.open))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append((self.open[-1] if self.open else "", data))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def page() -> Page:
    return Page(html(FULL))


def test_the_page_has_landmarks_one_title_and_headings_in_order(page):
    for tag in ("header", "main", "footer", "h1", "title"):
        assert len(page.all(tag)) == 1, tag
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    ids = {attributes["id"] for _, attributes in page.elements if "id" in attributes}
    assert all(one.get("aria-labelledby") in ids for one in page.all("section"))
    assert page.all("html")[0]["lang"] == "en"


def test_ids_are_unique(page):
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_every_filter_is_a_native_control_with_a_label(page):
    controls = [one for tag in ("select", "input") for one in page.all(tag)]
    assert {one["name"] for one in controls} == {"kind", "state", "text"}
    assert {one["for"] for one in page.all("label")} == {one["id"] for one in controls}
    assert not any("tabindex" in one and one["tabindex"] != "-1" for _, one in page.elements)
    assert page.all("output")[0]["aria-live"] == "polite"
    assert page.all("a")[0]["href"] == "#crs"


def test_the_filters_offer_every_kind_and_state(page):
    articles = page.all("article")
    offered = {one["value"] for one in page.all("option")}
    assert {one["data-kind"] for one in articles} | {one["data-state"] for one in articles} | {""} == offered
    assert len(articles) == len(FULL.details)


def test_every_header_cell_has_a_scope_and_every_table_a_caption(page):
    assert {one.get("scope") for one in page.all("th")} == {"col", "row"}
    assert len(page.all("caption")) == len(page.all("table")) > 0


def test_nothing_is_loaded_from_anywhere(page):
    text = html(FULL)
    assert [
        name for name, _ in page.elements if name in {"link", "img", "iframe", "object", "embed", "base", "source"}
    ] == []
    assert not any("src" in one or any(name.startswith("on") for name in one) for _, one in page.elements)
    assert "@import" not in text
    assert "url(" not in text
    policy = next(one["content"] for one in page.all("meta") if one.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; ")


def test_what_others_wrote_is_text(page):
    assert len(page.all("script")) == 1
    assert any(NASTY in text for _, text in page.texts)


def test_without_a_script_everything_can_be_read_and_no_dead_filter_is_shown(page):
    assert "hidden" in page.all("form")[0]
    assert not any("hidden" in one for one in page.all("article"))


def test_the_page_tells_the_three_sides(page):
    sides = [one["data-side"] for one in page.all("td") if one["data-side"] != "Wanted"]
    assert {"Git", "Cluster", "NetBox"} == set(sides)
    cells = [text for tag, text in page.texts if tag == "code"]
    assert "spec.x" in cells
    assert '"Not from Git"' not in cells


def test_a_place_is_a_link_where_the_host_is_known_and_text_elsewhere(page):
    assert f"https://github.com/net/fabrics/blob/{'a' * 40}/fabric-1/a%20b/x.yaml#L7" in {
        one.get("href") for one in page.all("a")
    }
    local = html(replace(FULL, source=replace(SOURCE, url="/srv/fabrics.git")))
    assert "<code>fabric-1/a b/x.yaml:7</code>" in local
    assert len(Page(local).all("a")) == 1


def test_a_fabric_in_sync_has_no_filters_and_no_script():
    page = Page(html(drift_report(IN_SYNC=71)))
    assert (page.all("form"), page.all("script"), page.all("article")) == ([], [], [])


def test_it_is_readable_on_a_phone(page):
    assert any(one.get("name") == "viewport" and "width=device-width" in one["content"] for one in page.all("meta"))
    assert "@media (max-width: 40rem)" in html(FULL)
    assert all(one.get("data-side") for one in page.all("td")), "a stacked cell tells its column"


def luminance(colour: str) -> float:
    """Relative luminance of #rrggbb, as WCAG 2 defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def themes() -> dict[str, dict[str, str]]:
    """The custom properties of both themes."""
    text = (ROOT / "automation" / "reports" / "page" / "report.css").read_text("utf-8")
    light, dark = re.findall(r":root \{(.*?)\}", text, re.DOTALL)
    return {
        name: dict(re.findall(r"--([\w-]+): (#\w{6})", block)) for name, block in (("light", light), ("dark", dark))
    }


LOOKS = ("good", "warn", "bad", "info", "plain", "changed")
PAIRS = [
    *((f"{look}-text", look) for look in LOOKS),
    *((text, back) for text in ("text", "muted", "link") for back in ("page", "card")),
    ("text", "head"),
    ("changed-text", "changed"),
]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("text", "back"), PAIRS)
def test_contrast(theme, text, back):
    colours = themes()[theme]
    assert contrast(colours[text], colours[back]) >= 4.5


def test_every_colour_of_the_page_is_one_whose_contrast_is_tested():
    css = (ROOT / "automation" / "reports" / "page" / "report.css").read_text("utf-8").split("* {", 1)[1]
    used = set(re.findall(r"(?<!-)color: var\(--([\w-]+)\)", css))
    assert used <= {text for text, _ in PAIRS}
    assert re.findall(r"#[0-9a-f]{3,6}\b", css) == []


# forms and files


def test_a_file_is_written_whole_and_replaces_what_was_there(tmp_path):
    path = tmp_path / "report.html"
    path.write_text("old")
    formats.save(formats.render(FULL, 0.1, Format.HTML), path)
    assert path.read_text("utf-8") == html(FULL)
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"no-such/report\.html cannot be written: No such file or directory"):
        formats.save("x", tmp_path / "no-such" / "report.html")


def test_stdout_takes_one_form():
    with pytest.raises(ConfigError, match="--json and --format html both want stdout"):
        formats.resolve_format(Format.HTML, as_json=True, output=None)
    assert formats.resolve_format(Format.HTML, as_json=True, output=Path("x")) is Format.HTML
    assert formats.resolve_format(None, as_json=True, output=None) is Format.JSON
