"""Dynamic providers in the engine's process behave as in the stock host."""

from __future__ import annotations

import base64
import threading

import dill
import pytest
from pulumi.dynamic import CheckResult, CreateResult, DiffResult, ReadResult, ResourceProvider, UpdateResult

from embedded.engine.failures import CheckFailed, ProviderFailed, Stopped
from embedded.engine.provider_host import ProviderHost
from embedded.engine.values import UNKNOWN, Secret

SEEN: list[object] = []


class Plain(ResourceProvider):
    def configure(self, req):
        SEEN.append(("configure", req.config.get("word")))

    def check(self, _olds, news):
        SEEN.append(("check", _olds, news))
        return CheckResult({**news, "added": 1.0}, [])

    def diff(self, _id, _olds, _news):
        return DiffResult(changes=_news.get("changes"), replaces=["a"], delete_before_replace=True)

    def create(self, props):
        SEEN.append(("create", props))
        return CreateResult(props.get("want_id", "id"), {"size": 2.0, "pw": props.get("pw")})

    def update(self, _id, _olds, _news):
        return UpdateResult()

    def read(self, id_, props):
        return ReadResult(id_, {"size": 3.0, "pw": "new"}, {"pw": "new"})


class Broken(ResourceProvider):
    def create(self, props):
        raise props["kind"]("missing") if isinstance(props.get("kind"), type) else KeyError("missing")

    def read(self, id_, props):
        return ReadResult("", {})

    def delete(self, _id, _props):
        raise SystemExit(3)


class Unconfigurable(ResourceProvider):
    def configure(self, req):
        SEEN.append("tried")
        raise ConnectionError("the server does not answer")


@pytest.fixture(autouse=True)
def _forget():
    SEEN.clear()


def host(**config):
    return ProviderHost("proj", {f"proj:{key}": value for key, value in config.items()}, parallel=4, deadline=10).of("")


def pickled(provider):
    return base64.b64encode(dill.dumps(provider(), byref=True)).decode()


def props(provider=Plain, **values):
    return {"__provider": pickled(provider), **values}


def test_a_provider_is_configured_once_with_the_config_in_clear():
    providers = host(word=Secret("hush"))
    for _ in range(3):
        providers.check({}, props())
    assert [entry for entry in SEEN if entry[0] == "configure"] == [("configure", "hush")]


def test_providers_are_new_in_every_run():
    for _ in range(2):
        host().check({}, props())
    assert len([entry for entry in SEEN if entry[0] == "configure"]) == 2


def test_check_gives_the_pickle_back_and_keeps_what_was_secret():
    found = host().check({}, props(pw=Secret("x"), u=UNKNOWN))
    assert found == {"pw": Secret("x"), "u": UNKNOWN, "added": 1, "__provider": pickled(Plain)}
    assert SEEN[-1][2]["pw"] == "x"


@pytest.mark.parametrize("changes", [True, False, None])
def test_diff_says_what_the_provider_says(changes):
    answer = host().diff("id", props(), props(**({} if changes is None else {"changes": changes})))
    assert (answer.changes, answer.replaces, answer.delete_before_replace) == (changes, ("a",), True)


def test_create_returns_the_outputs_with_pickle_and_secrets():
    assert host().create(props(pw=Secret("x"), n=1)) == (
        "id",
        {"size": 2, "pw": Secret("x"), "__provider": pickled(Plain)},
    )
    assert type(SEEN[-1][1]["n"]) is float


@pytest.mark.parametrize("id_", ["", 7])
def test_an_id_that_is_no_text_is_an_error(id_):
    with pytest.raises(ProviderFailed, match="as id; it has to be a text"):
        host().create(props(want_id=id_))


def test_an_update_that_returns_nothing_leaves_only_the_pickle():
    assert host().update("id", props(a=1), props(a=2)) == {"__provider": pickled(Plain)}


def test_read_marks_outputs_and_inputs_as_they_were():
    answer = host().read("id", props(pw=Secret("old")), props(pw=Secret("old")))
    assert answer.outputs == {"size": 3, "pw": Secret("new"), "__provider": pickled(Plain)}
    assert answer.inputs == {"pw": Secret("new"), "__provider": pickled(Plain)}
    assert host().read("id", props(Broken), {}).gone


def test_an_exception_is_one_line_and_its_traceback_is_kept_apart():
    with pytest.raises(ProviderFailed) as caught:
        host().create(props(Broken))
    assert str(caught.value) == "KeyError: 'missing'"
    assert "Traceback" in caught.value.detail
    with pytest.raises(ProviderFailed, match="3"):
        host().delete("id", props(Broken))


def test_a_provider_that_cannot_be_configured_is_tried_once():
    providers = host()
    for _ in range(3):
        with pytest.raises(ProviderFailed, match="the server does not answer"):
            providers.check({}, props(Unconfigurable))
    assert SEEN == ["tried"]


def test_a_resource_without_a_provider_is_told():
    with pytest.raises(ProviderFailed, match="has no property __provider"):
        host().check({}, {"a": 1})


def test_an_unknown_provider_falls_back_on_the_old_one():
    host().check(props(), {"__provider": UNKNOWN, "a": 1})
    assert SEEN[-1][0] == "check"


def test_no_more_calls_than_allowed_run_at_a_time():
    allowed = ProviderHost("proj", {}, parallel=2, deadline=10)
    running, most, lock = [0], [0], threading.Lock()

    def one():
        with allowed.turn():
            with lock:
                running[0] += 1
                most[0] = max(most[0], running[0])
            threading.Event().wait(0.02)
            with lock:
                running[0] -= 1

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most[0] == 2


def test_a_turn_is_refused_when_the_run_is_ending():
    def guard():
        raise Stopped

    with pytest.raises(Stopped):
        ProviderHost("proj", {}, parallel=1, deadline=1, guard=guard).of("").check({}, props())


class Picky(ResourceProvider):
    def check(self, _olds, news):
        from pulumi.dynamic import CheckFailure

        return CheckResult(news, [CheckFailure("a", "wrong"), CheckFailure("b.c", "too long")])


def test_findings_are_pairs_of_property_and_reason():
    with pytest.raises(CheckFailed) as caught:
        host().check({}, props(Picky))
    assert caught.value.findings == (("a", "wrong"), ("b.c", "too long"))
