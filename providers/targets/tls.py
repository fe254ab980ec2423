"""The rules of TLS for a target: which CAs are trusted, as kubectl and browsers do, and safe for many threads."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import httpx2

from providers import errors

if TYPE_CHECKING:
    from collections.abc import Iterable

_HTTP = ["http/1.1"]


def private_ca(context: ssl.SSLContext) -> ssl.SSLContext:
    """Check a private CA's certificates as kubectl and browsers do.

    Python 3.13 alone also insists on extensions that many home-made CAs leave out (a CA without key usage, for one).
    """
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


def tls_context(*, ca_file: str | None, insecure: bool, key: str) -> ssl.SSLContext:
    """Make the TLS rules of a target: a CA file of its own, the system's CAs, or no check at all where that was asked for.

    Args:
        ca_file: a PEM file, or None for the system's CAs.
        insecure: do not check the certificate; only ever from an explicit setting.
        key: the setting that names the CA file, for the error.

    Raises:
        ConfigError: the CA file cannot be read or holds no certificate.
    """
    if insecure:
        return httpx2.create_ssl_context(verify=False)
    if ca_file is None:
        return httpx2.create_ssl_context()
    try:
        return private_ca(ssl.create_default_context(cafile=ca_file))
    except ssl.SSLError as error:
        raise errors.ConfigError(f"{key}: {ca_file} holds no PEM certificate") from error
    except OSError as error:
        raise errors.ConfigError(f"{key}: {ca_file} cannot be read: {error.strerror}") from error


def trusted_by_system(*, encrypted: bool) -> ssl.SSLContext:
    """The system's CAs; for a server over plain HTTP, where no certificate is looked at, none, which takes no time to load."""
    return httpx2.create_ssl_context() if encrypted else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def for_threads(context: ssl.SSLContext) -> ssl.SSLContext:
    """Make the rules safe for connections that are opened side by side.

    The client names its protocol on the shared rules at every connection, which frees what another thread's connection is
    copying in that moment (OpenSSL, SSL_CTX_set_alpn_protos and SSL_new): a server then refuses the hello with "decode error",
    about one connection in 100,000 on a busy machine. It is always HTTP/1.1, so it is named once.
    """
    context.set_alpn_protocols(_HTTP)
    context.set_alpn_protocols = _named_already  # type: ignore[method-assign, assignment]
    return context


def _named_already(_protocols: Iterable[str]) -> None:
    """Take the place of `SSLContext.set_alpn_protocols`."""
