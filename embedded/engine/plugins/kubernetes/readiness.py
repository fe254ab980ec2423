"""When an object has become what it should: pure rules on the live object, by kind, after the plugin's documentation.

A rule answers "" when the object is ready, else what it still waits for. It raises Hopeless when waiting is in vain.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from embedded.engine.plugins.kubernetes import objects, scopes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    type Rule = Callable[[Mapping[str, Any]], str]

_CONDITION = re.compile(r"condition=([A-Za-z0-9./-]+)(?:=(\w+))?")
_JSON_PATH = re.compile(r"jsonpath=\{?\.?([A-Za-z0-9_.-]+)\}?(?:=(.*))?")


class Hopeless(Exception):
    """The object will not become ready."""


def rule_for(item: Mapping[str, Any]) -> Rule | None:
    """The rule for an object as the program wants it; None when nothing is awaited.

    Raises ValueError for a `pulumi.com/waitFor` annotation that cannot be read.
    """
    if objects.is_true(item, objects.SKIP_AWAIT):
        return None
    if wanted := objects.annotation(item, objects.WAIT_FOR):
        return _custom(wanted)
    group, _, _version = str(item.get("apiVersion", "")).rpartition("/")
    return _RULES.get((group, str(item.get("kind", ""))))


def not_awaited(item: Mapping[str, Any]) -> bool:
    """Whether the plugin awaits this kind and we do not."""
    group = str(item.get("apiVersion", "")).rpartition("/")[0]
    if objects.is_true(item, objects.SKIP_AWAIT) or objects.annotation(item, objects.WAIT_FOR):
        return False
    return scopes.is_built_in(str(item.get("apiVersion", ""))) and (group, item.get("kind")) in _LEFT_OUT


def needs_endpoints(item: Mapping[str, Any]) -> bool:
    """Whether a Service is ready only when something answers behind it."""
    spec = _section(item, "spec")
    if item.get("kind") != "Service" or item.get("apiVersion") != "v1" or objects.is_true(item, objects.SKIP_AWAIT):
        return False
    return bool(spec.get("selector")) and spec.get("type") != "ExternalName" and spec.get("clusterIP") != "None"


def _custom(text: str) -> Rule:
    """`condition=TYPE[=STATUS]`, `jsonpath={.path}[=VALUE]`, or a JSON list of such."""
    try:
        found = json.loads(text)
    except ValueError:
        found = text
    rules = [_one_custom(str(part)) for part in (found if isinstance(found, list) else [text])]

    def rule(live: Mapping[str, Any]) -> str:
        return next((waiting for each in rules if (waiting := each(live))), "")

    return rule


def _one_custom(text: str) -> Rule:
    if match := _CONDITION.fullmatch(text):
        type_, status = match.group(1), match.group(2) or "True"
        return lambda live: "" if _condition(live, type_).get("status") == status else f"the condition {text[10:]}"
    if match := _JSON_PATH.fullmatch(text):
        path, wanted = match.group(1).split("."), match.group(2)
        return lambda live: "" if _at(live, path, wanted) else f"the field {text[9:]}"
    raise ValueError(
        f"{objects.WAIT_FOR}: {text!r} cannot be read here; write condition=TYPE[=STATUS] or jsonpath={{.field.path}}[=VALUE]"
    )


def _at(live: Any, path: list[str], wanted: str | None) -> bool:
    for key in path:
        if not isinstance(live, dict) or key not in live:
            return False
        live = live[key]
    if wanted is None:
        return True
    return str(live).lower() == wanted.lower() if isinstance(live, bool) else str(live) == wanted


def _section(live: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = live.get(name)
    return found if isinstance(found, dict) else {}


def _condition(live: Mapping[str, Any], type_: str) -> Mapping[str, Any]:
    conditions = _section(live, "status").get("conditions")
    for condition in conditions if isinstance(conditions, list) else ():
        if isinstance(condition, dict) and condition.get("type") == type_:
            return condition
    return {}


def _says(condition: Mapping[str, Any]) -> str:
    text = str(condition.get("message") or condition.get("reason") or "")
    return f": {text}" if text else ""


def _observed(live: Mapping[str, Any]) -> bool:
    return int(_section(live, "status").get("observedGeneration", 0)) >= int(
        objects.metadata_of(live).get("generation", 0)
    )


def _crd(live: Mapping[str, Any]) -> str:
    refused = _condition(live, "NamesAccepted")
    if refused.get("status") == "False":
        raise Hopeless(f"its names are not accepted{_says(refused)}")
    return "" if _condition(live, "Established").get("status") == "True" else "the CRD to be established"


def _deployment(live: Mapping[str, Any]) -> str:
    progress = _condition(live, "Progressing")
    if _observed(live) and progress.get("reason") == "ProgressDeadlineExceeded":
        raise Hopeless(f"its rollout does not progress{_says(progress)}")
    return _replicas(live, "updatedReplicas", "availableReplicas")


def _stateful_set(live: Mapping[str, Any]) -> str:
    status = _section(live, "status")
    waiting = _replicas(live, "readyReplicas")
    rolling = _section(_section(live, "spec"), "updateStrategy").get("type", "RollingUpdate") == "RollingUpdate"
    if not waiting and rolling and status.get("currentRevision") != status.get("updateRevision"):
        return "its update to be rolled out"
    return waiting


def _replicas(live: Mapping[str, Any], *counters: str) -> str:
    wanted, status = int(_section(live, "spec").get("replicas", 1)), _section(live, "status")
    if not _observed(live):
        return "its controller to take it up"
    least = min(int(status.get(counter, 0)) for counter in counters)
    return "" if least >= wanted else f"its replicas to be ready ({least} of {wanted})"


def _daemon_set(live: Mapping[str, Any]) -> str:
    status = _section(live, "status")
    wanted = int(status.get("desiredNumberScheduled", 0))
    if not _observed(live):
        return "its controller to take it up"
    least = min(int(status.get("updatedNumberScheduled", 0)), int(status.get("numberAvailable", 0)))
    return "" if least >= wanted else f"its pods to be ready ({least} of {wanted})"


def _pod(live: Mapping[str, Any]) -> str:
    phase = _section(live, "status").get("phase")
    if phase == "Failed":
        raise Hopeless(f"the pod has failed{_says(_section(live, 'status'))}")
    ready = _condition(live, "Ready")
    return "" if phase == "Succeeded" or ready.get("status") == "True" else f"the pod to be ready{_says(ready)}"


def _job(live: Mapping[str, Any]) -> str:
    failed = _condition(live, "Failed")
    if failed.get("status") == "True":
        raise Hopeless(f"the job has failed{_says(failed)}")
    return "" if _condition(live, "Complete").get("status") == "True" else "the job to complete"


def _claim(live: Mapping[str, Any]) -> str:
    phase = _section(live, "status").get("phase")
    if phase == "Lost":
        raise Hopeless("its volume is lost")
    return "" if phase == "Bound" else "the claim to be bound"


def _volume(live: Mapping[str, Any]) -> str:
    phase = _section(live, "status").get("phase")
    if phase == "Failed":
        raise Hopeless("the volume has failed")
    return "" if phase in ("Available", "Bound") else "the volume to be available"


def _service(live: Mapping[str, Any]) -> str:
    if _section(live, "spec").get("type") != "LoadBalancer":
        return ""
    return "" if _section(_section(live, "status"), "loadBalancer").get("ingress") else "its load balancer's address"


_RULES: dict[tuple[str, str], Rule] = {
    ("apiextensions.k8s.io", "CustomResourceDefinition"): _crd,
    ("apps", "Deployment"): _deployment,
    ("apps", "ReplicaSet"): lambda live: _replicas(live, "availableReplicas"),
    ("", "ReplicationController"): lambda live: _replicas(live, "availableReplicas"),
    ("apps", "StatefulSet"): _stateful_set,
    ("apps", "DaemonSet"): _daemon_set,
    ("batch", "Job"): _job,
    ("", "Pod"): _pod,
    ("", "PersistentVolumeClaim"): _claim,
    ("", "PersistentVolume"): _volume,
    ("", "Service"): _service,
}
_LEFT_OUT = {("networking.k8s.io", "Ingress"), ("extensions", "Ingress"), ("", "ResourceQuota")}
