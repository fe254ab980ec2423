"""What a Kubernetes API server means by its refusals.

The facts are observations of a kube-apiserver 1.36 with Hedgehog's webhooks: an admission webhook's refusal and RBAC's
share the code 403 and differ in their words only; a webhook that is down is a 500 with the reason InternalError; an unknown
field is a 400 under fieldValidation=Strict; schema findings are a 422 with one cause a field.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from providers import errors
from providers.targets import http_errors

if TYPE_CHECKING:
    from providers.targets.http_errors import Endpoint, HttpResponse

_DENIED = re.compile(r'admission webhook "(?P<webhook>[^"]+)" denied the request: (?P<reason>.*)', re.DOTALL)
_WEBHOOK_FAILED = re.compile(r'failed calling webhook "(?P<webhook>[^"]+)": (?P<reason>.*)', re.DOTALL)
_RBAC = re.compile(r'User "(?P<user>[^"]*)" cannot ')
_STRICT = re.compile(r"strict decoding error: (?P<reason>.*)", re.DOTALL)


class Denied(errors.Rejected):
    """An admission webhook refused the content. `reason` is what it said, uncut."""

    def __init__(self, message: str, *, target: str, server: str, reason: str) -> None:
        super().__init__(message, target=target, server=server)
        self.reason = reason

    def mentions(self, names: set[str]) -> bool:
        """Whether the reason speaks of one of these objects by name."""
        return not names.isdisjoint(re.split(r"[^\w.-]+", self.reason))


def refusal(endpoint: Endpoint, about: str, response: HttpResponse) -> errors.TargetError | None:
    """Translate a Kubernetes Status; None where the general translation by code says enough.

    Returns:
        Denied, Rejected, Unauthorized, Forbidden, Conflict or ServerFailure.
    """
    status = response.body if isinstance(response.body, dict) and response.body.get("kind") == "Status" else {}
    message = str(status.get("message") or "")
    if denied := _DENIED.search(message):
        return _denied(endpoint, about, denied["webhook"], denied["reason"])
    if response.status == 403:
        return _forbidden(endpoint, about, message)
    if response.status == 422:
        return http_errors.failure(errors.Rejected, endpoint, about, f"invalid: {http_errors.shown(_causes(status))}")
    if response.status == 400 and (strict := _STRICT.search(message)):
        what = f"invalid: {http_errors.shown(strict['reason'])}"
        return http_errors.failure(errors.Rejected, endpoint, about, what)
    if response.status == 409:
        return _conflict(endpoint, about, status)
    if response.status == 500 and (failed := _WEBHOOK_FAILED.search(message)):
        what = (
            f"the fabric's webhook {failed['webhook']} does not answer ({http_errors.shown(failed['reason'])}); "
            "is the fabric's controller running?"
        )
        return http_errors.failure(errors.ServerFailure, endpoint, about, what)
    return None


def _denied(endpoint: Endpoint, about: str, webhook: str, reason: str) -> Denied:
    text = f"refused by the fabric's webhook {webhook}: {http_errors.shown(reason)}"
    whole = http_errors.failure(errors.Rejected, endpoint, about, text)
    return Denied(str(whole), target=endpoint.target, server=endpoint.server, reason=reason)


def _forbidden(endpoint: Endpoint, about: str, message: str) -> errors.TargetError:
    rbac = _RBAC.search(message)
    if rbac is None and message:
        # Not RBAC: a quota, a policy, a namespace that is going away.
        return http_errors.failure(errors.Rejected, endpoint, about, f"refused: {http_errors.shown(message)}")
    if rbac and rbac["user"] == "system:anonymous":
        what = f"it took no credentials from us (anonymous); check {endpoint.credentials_key}"
        return http_errors.failure(errors.Unauthorized, endpoint, about, what)
    said = http_errors.shown(message) or "forbidden"
    what = f"not allowed: {said}; grant it with RBAC, or use other credentials: {endpoint.credentials_key}"
    return http_errors.failure(errors.Forbidden, endpoint, about, what)


def _conflict(endpoint: Endpoint, about: str, status: dict[str, Any]) -> errors.TargetError:
    if status.get("reason") == "AlreadyExists":
        return http_errors.failure(errors.Conflict, endpoint, about, "an object of this name exists already; run again")
    message = str(status.get("message") or "")
    if "uid" in message.lower() and "precondition" in message.lower():
        what = "another object has taken this name since we last looked; run again"
        return http_errors.failure(errors.Conflict, endpoint, about, what)
    return http_errors.failure(errors.Conflict, endpoint, about, "someone else changed it meanwhile; run again")


def _causes(status: dict[str, Any]) -> str:
    """Every finding of a 422 as "field: why"; the whole message where it lists none."""
    causes = (status.get("details") or {}).get("causes") or []
    found = [
        f"{cause['field']}: {cause.get('message', '')}" if cause.get("field") else str(cause.get("message", ""))
        for cause in causes
        if isinstance(cause, dict) and cause.get("field") != "<nil>"
    ]
    return "; ".join(found) or str(status.get("message") or "no reason given")
