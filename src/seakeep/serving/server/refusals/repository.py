"""Changes of the repository that are refused, and requests for models that were unloaded."""

from __future__ import annotations

from seakeep.serving.server.refusals.refusal import SHOWN, Refusal, shown


class BadChange(Refusal):
    """A model that cannot be loaded, unloaded, or asked."""

    @classmethod
    def fixed(cls, change: str) -> BadChange:
        return cls(
            "not_changeable",
            f"models are not {change}ed by request here",
            status=403,
            field="model",
            found=change,
            expected="a server whose models may be changed",
            cause="Who may unload a model can end a service, so a server has to be started so that it allows it.",
            fix='Set serve.repository = "change", and let in only who has the scope admin (access.tokens).',
        )

    @classmethod
    def parameter(cls, change: str, found: str) -> BadChange:
        return cls(
            "unknown_member",
            f"there is no parameter {shown(found)} of {change}",
            field=f"parameters.{found[:SHOWN]}",
            found=found[:SHOWN],
            expected="none" if change == "load" else "unload_dependents, or none",
            cause="A release is served as it was judged: neither its files nor its configuration come with a request.",
            fix="Leave it out; to serve another release, register it and start a rollout.",
        )

    @classmethod
    def not_everywhere(cls, change: str, name: str, seconds: float) -> BadChange:
        return cls(
            "not_everywhere",
            f"{name!r} was not {change}ed by every worker within {seconds:g} seconds",
            status=503,
            field="model",
            found="a worker that has not taken it",
            expected="all workers",
            cause="A worker is busy, was replaced, or cannot load the release; the server's log says more.",
            fix="Ask POST /v2/repository/index, and again if it is not so.",
            retry_seconds=1.0,
        )

    @classmethod
    def unloaded(cls, name: str) -> BadChange:
        return cls(
            "unloaded_model",
            f"the model {name!r} was unloaded",
            status=404,
            field="model",
            found=name,
            expected="a model that is loaded",
            cause="Somebody asked for it.",
            fix=f"POST /v2/repository/models/{name}/load loads it again.",
        )
