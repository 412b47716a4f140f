"""Who may come in, as a server of this label is told: names, a token, and who it is by default."""

from __future__ import annotations

from pydantic import Field, SecretStr, field_validator

from pipeline.domain.noun import Noun
from pipeline.errors import BadSettings


class Doors(Noun):
    """Who may come in: the `Host` headers answered to, the token beyond loopback, and who decides by default."""

    hosts: tuple[str, ...] = Field(min_length=1)
    """With their ports, such as "127.0.0.1:8765"; compared exactly."""
    token: SecretStr | None = None
    author: str = Field(default="", max_length=80)

    @field_validator("hosts")
    @classmethod
    def _folded(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(host.lower() for host in hosts)

    def check(self) -> None:
        """Raise BadSettings when others could come in and there is no token, or an empty one."""
        if self.token is None and not all(is_loopback(host) for host in self.hosts):
            raise BadSettings(
                f"Others could reach {', '.join(self.hosts)}, and no token is set.",
                "Set a token, or stay on 127.0.0.1.",
            )
        if self.token is not None and not self.token.get_secret_value().strip():
            raise BadSettings("The token is empty.", "Set one of at least a dozen letters, or none.")


_LOOPBACK = ("localhost", "[::1]")


def is_loopback(host: str) -> bool:
    """Whether a Host header names this machine and no other can reach it by that name."""
    name = host.rpartition(":")[0] if not host.endswith("]") and ":" in host else host
    return name in _LOOPBACK or (name.startswith("127.") and name.replace(".", "").isdecimal() and name.count(".") == 3)
