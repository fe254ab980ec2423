"""Names of resources: URNs, their parts, and provider references (engine-contract §4.1)."""

from __future__ import annotations

STACK_TYPE = "pulumi:pulumi:Stack"
PROVIDER_PREFIX = "pulumi:providers:"


def build(stack: str, project: str, parent: str, type_: str, name: str) -> str:
    """The URN of a resource; `parent` is the parent's URN or "". A stack as the parent leaves no trace."""
    prefix = ""
    if parent:
        above = qualified_type(parent)
        prefix = "" if above == STACK_TYPE else f"{above}$"
    return f"urn:pulumi:{stack}::{project}::{prefix}{type_}::{name}"


def origin(urn: str) -> tuple[str, str]:
    """The stack and the project of a URN."""
    stack, project = urn.removeprefix("urn:pulumi:").split("::", 2)[:2]
    return stack, project


def qualified_type(urn: str) -> str:
    """The type with its parents' types before it: `parent$type`."""
    return urn.split("::", 3)[2]


def type_of(urn: str) -> str:
    """The resource's own type."""
    return qualified_type(urn).rsplit("$", 1)[-1]


def name_of(urn: str) -> str:
    """The resource's name, which may hold anything, `::` included."""
    return urn.split("::", 3)[3]


def is_urn(text: str) -> bool:
    """Whether a text has the shape of a URN."""
    return text.startswith("urn:pulumi:") and text.count("::") >= 3


def is_provider(type_: str) -> bool:
    """Whether a resource type is a provider's own."""
    return type_.startswith(PROVIDER_PREFIX)


def is_default_provider(urn: str) -> bool:
    """Whether it is a provider that no program declared; those are never counted."""
    return is_provider(type_of(urn)) and name_of(urn).startswith("default")


def package_of(type_: str) -> str:
    """The package that serves a type: `pulumi-python` of `pulumi-python:dynamic:Resource`."""
    return type_.split(":", 1)[0]


def provider_reference(urn: str, id_: str) -> str:
    """How a resource names its provider."""
    return f"{urn}::{id_}"


def provider_urn(reference: str) -> str:
    """The provider's URN in a reference."""
    return reference.rsplit("::", 1)[0] if reference else ""


def stack_urn(stack: str, project: str) -> str:
    """The URN of the stack's own entry."""
    return build(stack, project, "", STACK_TYPE, f"{project}-{stack}")
