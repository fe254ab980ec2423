"""The names of a fabric's resources in its stack's state. Pure.

LOAD-BEARING: they are stored in every state; `providers.resources` and `program` register resources under them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from automation.engine.problems import kind_of, name_of, type_of
from providers.core.identity import KINDS

if TYPE_CHECKING:
    from providers.core.identity import ObjectRef

PROJECT = "hhsync"
_FABRIC = "hhsync:index:Fabric"
_DYNAMIC = "pulumi-python:dynamic/hedgehog"
_HOOK = "command:local:Command"

__all__ = ["component", "hook", "identity", "is_cr", "name_of", "of", "result"]


def component(fabric: str) -> str:
    """The fabric itself, the parent of everything."""
    return f"urn:pulumi:{fabric}::{PROJECT}::{_FABRIC}::{fabric}"


def of(fabric: str, ref: ObjectRef) -> str:
    """A CR."""
    return _child(fabric, f"{_DYNAMIC}:{ref.kind}", str(ref))


def identity(fabric: str) -> str:
    """The first half of the fabric's record."""
    return _child(fabric, f"{_DYNAMIC}:FabricIdentity", f"{fabric}/identity")


def result(fabric: str) -> str:
    """The second half of the fabric's record."""
    return _child(fabric, f"{_DYNAMIC}:FabricResult", f"{fabric}/result")


def hook(fabric: str, number: int) -> str:
    """A command after a sync, counted from 1."""
    return _child(fabric, _HOOK, f"after-sync-{number}")


def _child(fabric: str, type_token: str, name: str) -> str:
    return f"urn:pulumi:{fabric}::{PROJECT}::{_FABRIC}${type_token}::{name}"


def is_cr(urn: str) -> bool:
    """Whether a URN is a CR's."""
    return kind_of(type_of(urn)) in KINDS
