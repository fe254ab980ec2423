"""Reads an object, and says what of it the state keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from embedded.engine import urns
from embedded.engine.plugins.kubernetes import applying, naming, objects
from embedded.engine.plugins.kubernetes.client import ApiError, NoSuchKind
from embedded.engine.provider_protocol import ReadAnswer
from embedded.engine.secrecy import mark_secrets

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedded.engine.plugins.kubernetes.client import Client


def read(client: Client, urn: str, id_: str, outputs: Mapping[str, Any], inputs: Mapping[str, Any]) -> ReadAnswer:
    """What Read answers: gone, or the live object and, of it, what the program's inputs speak of.

    Without inputs (`get`, import) all of it is taken to be wanted but its status. Raises ProviderFailed.
    """
    wanted = objects.normalised(objects.to_object(inputs))
    _, before = objects.parse_checkpoint(outputs)
    api_version = str(before.get("apiVersion") or wanted.get("apiVersion") or naming.api_version(urn))
    kind_name = str(before.get("kind") or wanted.get("kind") or urns.type_of(urn).rsplit(":", 1)[-1])
    namespace, name = objects.parse_id(id_)
    try:
        kind = client.kind(api_version, kind_name)
        live = client.call("GET", kind.path(namespace or client.place.namespace, name))
    except NoSuchKind:
        return ReadAnswer("")
    except ApiError as error:
        if error.status == 404:
            return ReadAnswer("")
        raise naming.refusal(
            "read", {"kind": kind_name, "metadata": {"name": id_}}, error, client.place.where
        ) from None
    found = objects.with_empties(objects.pruned(live, wanted), wanted) if wanted else _without_status(live)
    manager = str(outputs.get(objects.MANAGER) or applying.CREATOR)
    first = str(outputs.get(objects.INITIAL_VERSION) or api_version)
    answer = objects.checkpoint(found, stored(live), inputs, first, manager)
    return ReadAnswer(id_, answer, mark_secrets(objects.to_properties(found), inputs))


def stored(live: Mapping[str, Any]) -> dict[str, Any]:
    """What the state keeps of a live object: all but who manages which field, which is long and nobody's input."""
    metadata = {key: item for key, item in objects.metadata_of(live).items() if key != "managedFields"}
    return {**live, "metadata": metadata}


def _without_status(live: Mapping[str, Any]) -> dict[str, Any]:
    """What may be somebody's input, where nobody has said what is."""
    return {key: item for key, item in objects.normalised(live).items() if key != "status"}
