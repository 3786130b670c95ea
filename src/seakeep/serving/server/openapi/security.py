"""Security: what the document says of tokens and certificates, where the server asks for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seakeep.core.tokens import SCOPES

if TYPE_CHECKING:
    from seakeep.serving.server.settings import Settings

_TOKEN, _CERTIFICATE = "token", "certificate"


class Security:
    """What a call needs. Parameters: settings: of the server. Attributes: schemes: by name; none where anybody may ask."""

    def __init__(self, settings: Settings) -> None:
        self.has_tokens = settings.access.tokens is not None
        self._has_certificates = settings.tls is not None and settings.tls.client_ca is not None
        self.schemes: dict[str, Any] = {}
        if self.has_tokens:
            told = "; ".join(f"{scope}: {about}" for scope, about in SCOPES.items())
            about = f"A token that whoever runs the server makes. Its scopes say what it is for: {told}. None includes another."
            self.schemes[_TOKEN] = {"type": "http", "scheme": "bearer", "description": about}
        if self._has_certificates:
            about = "A certificate of an authority that the server knows."
            self.schemes[_CERTIFICATE] = {"type": "mutualTLS", "description": about}

    def of(self, scope: str | None) -> dict[str, Any]:
        """The members of an operation that say what it needs. scope: of its token, None where it needs none."""
        needs: dict[str, list[str]] = {}
        if self.has_tokens and scope is not None:
            needs[_TOKEN] = [scope]
        if self._has_certificates:
            needs[_CERTIFICATE] = []
        return {"security": [needs]} if needs else {}
