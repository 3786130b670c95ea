"""What TLS and tokens change in a cluster: secrets that are mounted, probes that speak TLS, a scrape that brings a token.

Where a project's servers ask for certificates or tokens (`[tls]`, `[access]`), those of a cluster do too: an export must not open
what is shut elsewhere. The files come from Secrets that whoever operates the cluster makes, none of which is written here:

* NAME-tls, as cert-manager makes it: `tls.crt`, `tls.key`, and the authority, `ca.crt`; clients' certificates are held to that one too;
* NAME-tokens: `tokens.json`, as `seakeep tokens` writes it;
* NAME-metrics, for Prometheus: `token`, of the scope metrics; and where clients need certificates, `tls.crt` and `tls.key`.

Health needs no token. Where clients need a certificate the kubelet has none to show, so the pod asks itself.
"""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from seakeep.integrations import _kube as kube
from seakeep.integrations._clouds import as_variable

if TYPE_CHECKING:
    from seakeep.integrations._kube import Plain
    from seakeep.integrations._kubernetes.options import Facts

_TLS, _ACCESS = "/etc/seakeep/tls", "/etc/seakeep/access"
_CERTIFICATE, _KEY, _AUTHORITY, _TOKENS, _TOKEN = "tls.crt", "tls.key", "ca.crt", "tokens.json", "token"
_HEALTH = [kube.PYTHON, "-m", "seakeep.serving.health"]


def variables(facts: Facts) -> dict[str, str]:
    """What servers are told of it."""
    tls, access = facts.subject.settings.tls, facts.subject.settings.access
    told: dict[str, str] = {}
    if tls.certificate:
        told |= {"SEAKEEP_TLS_CERTIFICATE": f"{_TLS}/{_CERTIFICATE}", "SEAKEEP_TLS_KEY": f"{_TLS}/{_KEY}"}
        told |= {"SEAKEEP_TLS_CLIENT_CA": f"{_TLS}/{_AUTHORITY}"} if tls.client_ca else {}
        told["SEAKEEP_TLS_LEAST"] = tls.least
    if access.tokens:
        told["SEAKEEP_ACCESS_TOKENS"] = f"{_ACCESS}/{_TOKENS}"
        own = {one.name: getattr(access, one.name) for one in fields(access) if one.name != "tokens"}
        told |= {f"SEAKEEP_ACCESS_{name.upper()}": as_variable(value) for name, value in own.items()}
    return told


def guarded(facts: Facts, container: Plain) -> Plain:
    """A server's container, with its secrets mounted and probes that reach it."""
    mounts = [{"name": name, "mountPath": path, "readOnly": True} for name, path, _ in _mounted(facts)]
    return {**container, **_probes(facts, container), "volumeMounts": [*container["volumeMounts"], *mounts]}


def volumes(facts: Facts) -> list[Plain]:
    """The secrets of a server's pod."""
    return [
        {"name": name, "secret": {"secretName": secret, "defaultMode": 0o440}} for name, _, secret in _mounted(facts)
    ]


def scraped(facts: Facts) -> Plain:
    """What Prometheus brings when it asks servers for their metrics."""
    tls, secret = facts.subject.settings.tls, f"{facts.slug}-metrics"
    found: Plain = {}
    if tls.certificate:
        authority = {"ca": {"secret": {"name": f"{facts.slug}-tls", "key": _AUTHORITY}}, "serverName": facts.slug}
        own = {"cert": {"secret": {"name": secret, "key": _CERTIFICATE}}, "keySecret": {"name": secret, "key": _KEY}}
        found |= {"scheme": "https", "tlsConfig": {**authority, **(own if tls.client_ca else {})}}
    if facts.subject.settings.access.tokens:
        found["bearerTokenSecret"] = {"name": secret, "key": _TOKEN}  # which operators of every age read
    return found


def speaks(facts: Facts) -> Plain:
    """What a Service's port says of it, for gateways and meshes."""
    return {"appProtocol": "https"} if facts.subject.settings.tls.certificate else {}


def _mounted(facts: Facts) -> list[tuple[str, str, str]]:
    """Name of a volume, where it is mounted, and the Secret that is in it."""
    settings = facts.subject.settings
    found = [("tls", _TLS, f"{facts.slug}-tls")] if settings.tls.certificate else []
    return [*found, *([("access", _ACCESS, f"{facts.slug}-tokens")] if settings.access.tokens else [])]


def _probes(facts: Facts, container: Plain) -> Plain:
    """The container's probes, in the words of who may ask it."""
    tls = facts.subject.settings.tls
    plain: Plain = {name: container[name] for name in ("startupProbe", "readinessProbe", "livenessProbe")}
    if not tls.certificate:
        return plain
    if not tls.client_ca:
        return {name: {**probe, "httpGet": {**probe["httpGet"], "scheme": "HTTPS"}} for name, probe in plain.items()}
    times = {name: {key: value for key, value in probe.items() if key != "httpGet"} for name, probe in plain.items()}
    asked: Plain = {name: {"exec": {"command": _HEALTH}, **own} for name, own in times.items()}
    return {**asked, "livenessProbe": {"tcpSocket": {"port": "http"}, **times["livenessProbe"]}}
