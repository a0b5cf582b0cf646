# Made by `cargo xtask codegen` from core/src. Change it there, or its template.
"""The settings of an election, as its arguments."""

from __future__ import annotations

from . import _text
from ._leasehold import Election, MemoryLease

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from typing_extensions import Self

    from .types import Duration, Mode, Path, ProofOfDeath


def texts(
    *,
    namespace: str | None = None,
    identity: str | None = None,
    mode: Mode | None = None,
    lease_duration: Duration | None = None,
    renew_deadline: Duration | None = None,
    retry_period: Duration | None = None,
    drain_timeout: Duration | None = None,
    stall_timeout: Duration | None = None,
    release_on_stop: bool | None = None,
    reclaim: bool | None = None,
    proof_of_death: ProofOfDeath | None = None,
    spread: Duration | None = None,
    preference: int | None = None,
    kubeconfig: Path | None = None,
    context: str | None = None,
    directory: Path | None = None,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    kubernetes_events: bool | None = None,
    leader_service: str | None = None,
    leader_address: str | None = None,
) -> list[tuple[str, str]]:
    """The settings that are given beside the Lease's name, as the core takes them."""
    given = [
        ("namespace", _text.of_name("namespace", namespace)),
        ("identity", _text.of_name("identity", identity)),
        ("mode", _text.of_name("mode", mode)),
        ("lease_duration", _text.of_value(lease_duration)),
        ("renew_deadline", _text.of_value(renew_deadline)),
        ("retry_period", _text.of_value(retry_period)),
        ("drain_timeout", _text.of_value(drain_timeout)),
        ("stall_timeout", _text.of_value(stall_timeout)),
        ("release_on_stop", _text.of_value(release_on_stop)),
        ("reclaim", _text.of_value(reclaim)),
        ("proof_of_death", _text.of_name("proof_of_death", proof_of_death)),
        ("spread", _text.of_value(spread)),
        ("preference", _text.of_value(preference)),
        ("kubeconfig", _text.of_name("kubeconfig", kubeconfig)),
        ("context", _text.of_name("context", context)),
        ("directory", _text.of_name("directory", directory)),
        ("labels", _text.of_map("labels", labels)),
        ("annotations", _text.of_map("annotations", annotations)),
        ("kubernetes_events", _text.of_value(kubernetes_events)),
        ("leader_service", _text.of_name("leader_service", leader_service)),
        ("leader_address", _text.of_name("leader_address", leader_address)),
    ]
    return [(name, text) for name, text in given if text is not None]


# Python's message for a misspelt setting names it.
texts.__qualname__ = "Locks"


class Configured(Election):
    """An election that takes its settings as arguments."""

    def __new__(
        cls,
        lease: str | None = None,
        *,
        namespace: str | None = None,
        identity: str | None = None,
        mode: Mode | None = None,
        lease_duration: Duration | None = None,
        renew_deadline: Duration | None = None,
        retry_period: Duration | None = None,
        drain_timeout: Duration | None = None,
        stall_timeout: Duration | None = None,
        release_on_stop: bool | None = None,
        reclaim: bool | None = None,
        proof_of_death: ProofOfDeath | None = None,
        spread: Duration | None = None,
        preference: int | None = None,
        kubeconfig: Path | None = None,
        context: str | None = None,
        directory: Path | None = None,
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
        kubernetes_events: bool | None = None,
        leader_service: str | None = None,
        leader_address: str | None = None,
    ) -> Self:
        """Checks the settings; takes part only when it is started.

        What is left out comes from the environment (`LEASEHOLD_` and the setting's name in
        capitals), and else has a default. Durations are seconds or `timedelta`.

        - lease: The name of the Lease. Required, here or as `LEASEHOLD_LEASE`.
        - namespace: The namespace of the Lease. Default: `POD_NAMESPACE`, the pod's own, the
          kubeconfig context's, `default`.
        - identity: This candidate's unique holder string. Default: the pod's or host's name and a
          random suffix, drawn again at each start.
        - mode: Where the Lease is kept. Default: `auto`.
        - lease_duration: How long others wait after the Lease last changed: whole seconds, longer
          than `renew_deadline`. Default: 15.
        - renew_deadline: How long a leader may act on its last successful renewal: longer than 1.2
          times `retry_period`. The old leader has stopped at least `lease_duration` less
          `renew_deadline` before a new one starts. Default: 10.
        - retry_period: The time between renewals, and between attempts that fail: more than zero.
          Default: 2.
        - drain_timeout: How long guarded work may take to stop, before the Lease is left to expire
          instead of being released. Default: 20.
        - stall_timeout: After how long without a sign of life from the interpreter this instance
          stops leading; zero means never. It is watched from the first sign of life on. Default:
          30.
        - release_on_stop: Whether stopping releases the Lease, so that another leads at once.
          Default: True.
        - reclaim: Whether an unexpired record under this very `identity` is taken up at once, as
          client-go does. Safe only if no other process ever uses that identity. Default: False.
        - proof_of_death: By which proofs that its holder is dead the Lease is acquired before it
          has expired: `none`; `local`, what this machine shows without further rights; `pods`, also
          the status of the holder's pod. Default: `local`.
        - spread: How long a free Lease is left to others, for each election with this setting that
          this process leads already: many elections so spread over few processes. At most a third
          of `lease_duration`; zero spreads nothing. Default: 0.
        - preference: This candidate's rank, by which one leads if there is a choice: zero comes
          first. Each rank takes a free Lease a thirtieth of `lease_duration` after the one before
          it, and none later than a third. Default: 0.
        - kubeconfig: The kubeconfig file, for mode `kubernetes` outside a pod. Default:
          `KUBECONFIG`, else `~/.kube/config`.
        - context: The kubeconfig's context. Default: its current one.
        - directory: The directory in which mode `file` keeps Leases. Default: `~/.leasehold`.
        - labels: Labels of the Lease in mode `kubernetes`, which policies may demand: set when it
          is created, and corrected when it is written. Default: none.
        - annotations: Annotations of the Lease, as `labels`. Default: none.
        - kubernetes_events: Whether an Event is written at each change of leader, in mode
          `kubernetes`, as client-go does. Needs the verb `create` on events; if that is not
          granted, there are none. Default: False.
        - leader_service: The Service without a selector that points at the leader, in mode
          `kubernetes`: the name of its `EndpointSlice`, which must exist, and in which the leader's
          address is kept. Default: none.
        - leader_address: The address at which this candidate is reached while it leads, for
          `leader_service`. Default: `POD_IP`.

        Raises `ConfigError`, which names the wrong setting, its value and the fix.
        """
        settings = texts(
            namespace=namespace,
            identity=identity,
            mode=mode,
            lease_duration=lease_duration,
            renew_deadline=renew_deadline,
            retry_period=retry_period,
            drain_timeout=drain_timeout,
            stall_timeout=stall_timeout,
            release_on_stop=release_on_stop,
            reclaim=reclaim,
            proof_of_death=proof_of_death,
            spread=spread,
            preference=preference,
            kubeconfig=kubeconfig,
            context=context,
            directory=directory,
            labels=labels,
            annotations=annotations,
            kubernetes_events=kubernetes_events,
            leader_service=leader_service,
            leader_address=leader_address,
        )
        if (text := _text.of_name("lease", lease)) is not None:
            settings.append(("lease", text))
        memory = cls._memory()
        self = super().__new__(cls, settings, memory)
        self._prepare(memory)
        return self

    # Python's message for a misspelt setting names it.
    __new__.__qualname__ = "LeaderElection"

    @classmethod
    def _memory(cls) -> MemoryLease | None:
        """A Lease in place of the one that the settings name: for tests."""
        return None

    def _prepare(self, memory: MemoryLease | None) -> None:
        """What a subclass adds to a new election."""
