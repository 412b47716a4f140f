"""The board on which Prefect shows the night shift: a deployment with the programme's schedule, a run a shift.

The service goes by its own schedule, so that a Prefect that is restarted, upgraded or gone costs nothing but the view:
it is told once, tried again every half minute, and the shifts go on meanwhile. A run that somebody starts from
Prefect's page is a tick like any other. The runs Prefect makes of the schedule are the ones its ticks are shown in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.objects import State, StateType
from prefect.client.schemas.responses import SetStateStatus
from prefect.client.schemas.schedules import CronSchedule, IntervalSchedule
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.states import Crashed, Pending, Scheduled
from prefect.types import DateTime
from prefect.utilities.callables import parameter_schema

from flows.foreman import Say, Tick
from flows.night_shift import night_shift, state_of
from flows.prefect_server import Address
from flows.rota import trigger_of
from pipeline.agenda import Programme
from pipeline.catalogue.shifts import Shift
from pipeline.domain import Seconds
from pipeline.domain.line import one_line
from pipeline.errors import BackendUnavailable, LofiError

AGAIN: Seconds = 30.0
"""Between two tries to reach a Prefect that is gone."""
LOOK: Seconds = 10.0
"""Between two looks for runs that somebody asked for."""
SAME = timedelta(seconds=90)
"""What a run's time may be off its tick's."""
MANY = 200
ENTRYPOINT = "flows/night_shift.py:night_shift"


class PrefectBoard:
    """One deployment in one Prefect. `opening` opens another way to it; `name` is the deployment's."""

    def __init__(
        self,
        opening: Callable[[], Address],
        name: str,
        parameters: Mapping[str, Any],
        programme: Callable[[], Programme],
        *,
        steady: Callable[[], Seconds],
        say: Say,
    ) -> None:
        self._opening, self._name, self._parameters, self._programme = opening, name, dict(parameters), programme
        self._steady, self._say = steady, say
        self._address: Address | None = None
        self._client: SyncPrefectClient | None = None
        self._deployment: UUID | None = None
        self._tried = self._looked = -AGAIN
        self.url: str | None = None

    def open(self) -> None:
        """Reach Prefect and put the deployment up. Raises BackendUnavailable where that cannot be done."""
        self._address = self._opening()
        url = self._address.url()
        try:
            with temporary_settings({PREFECT_API_URL: url}):
                self._client = get_client(sync_client=True)
                self._client.__enter__()
            self.url = url
            self.put_up()
            for run in self._due(self._client, DateTime.now("UTC")):
                if run.auto_scheduled:  # from when nobody was on shift
                    self._set(run.id, State(type=StateType.CANCELLED, name="Coalesced", message="Nobody was on shift."))
        except Exception as error:
            raise BackendUnavailable(
                f"Prefect at {url} does not take the deployment ({one_line(str(error))[:200]}).",
                "Look at that server, or add --plain to work without Prefect.",
            ) from error

    def put_up(self) -> None:
        """Register the deployment with the schedule that the programme has now, in place of the one before."""
        client, programme = self._client, self._programme()
        if client is None:
            return
        schedule, trigger = programme.schedule, {"trigger": trigger_of(programme)}
        when: list[Any] = [CronSchedule(cron=line, timezone=schedule.timezone) for line in schedule.cron]
        if schedule.every:
            when.append(IntervalSchedule(interval=schedule.every, anchor_date=schedule.anchor))
        self._deployment = client.create_deployment(
            client.create_flow_from_name(night_shift.name),
            self._name,
            schedules=[DeploymentScheduleCreate(schedule=each, parameters=trigger) for each in when],
            parameters=self._parameters,
            parameter_openapi_schema=parameter_schema(night_shift).model_dump_for_openapi(),
            enforce_parameter_schema=True,
            description="Makes albums by the programme. `lofi serve` has its runs done; it pauses it when it ends.",
            tags=["lofi"],
            entrypoint=ENTRYPOINT,
            paused=False,
        )

    def put_up_again(self) -> None:
        """Register the deployment anew, after the programme has changed."""
        self._try(lambda _: self.put_up())

    def asked(self, now: datetime) -> Sequence[Tick]:
        """Return the runs that somebody asked for, and put away those of the schedule that no tick has claimed."""
        if not self._there() or self._steady() < self._looked + LOOK:
            return ()
        self._looked = self._steady()
        return self._try(lambda client: self._asked(client, now)) or ()

    def _asked(self, client: SyncPrefectClient, now: datetime) -> list[Tick]:
        found = []
        for run in self._due(client, now):
            if not run.auto_scheduled:
                # Pending at once, so that it is found no second time while it waits for its turn.
                if self._claim(client, run.id):
                    found.append(Tick(now, "now", str(run.id)))
            elif run.expected_start_time is None or run.expected_start_time < now - SAME:
                gone = State(type=StateType.CANCELLED, name="Coalesced", message="Another shift stands for it.")
                client.set_flow_run_state(run.id, gone, force=True)
        return found

    def take(self, tick: Tick) -> str | None:
        """Return the flow run for a tick: the one Prefect has for that time, or a new one; None without Prefect."""
        if tick.run is not None or not self._there():
            return tick.run
        run: str | None = self._try(lambda client: self._run_for(client, tick))
        return run

    def _run_for(self, client: SyncPrefectClient, tick: Tick) -> str | None:
        assert self._deployment is not None
        for run in self._due(client, tick.time + SAME):
            near = run.expected_start_time is not None and abs(run.expected_start_time - tick.time) < SAME
            if run.auto_scheduled and near and self._claim(client, run.id):
                return str(run.id)
        wanted = {"trigger": tick.trigger}
        made = client.create_flow_run_from_deployment(self._deployment, parameters=wanted, state=Scheduled())
        return str(made.id) if self._claim(client, made.id) else None

    def settle(self, run: str | None, shift: Shift) -> None:
        """Show what came of a tick where its run does not show that itself: one that never ran, or was killed."""
        if run is None:
            return

        def show(client: SyncPrefectClient) -> None:
            there = client.read_flow_run(UUID(run)).state
            if there is None or not there.is_final():
                killed = shift.outcome == "interrupted"
                self._set(UUID(run), Crashed(message=shift.why) if killed else state_of(shift))

        self._try(show)

    def close(self) -> None:
        """Pause the deployment, so that no runs pile up while nobody is on shift, and leave."""
        if self._client is not None and self._deployment is not None:
            deployment = self._deployment
            self._try(lambda client: client.pause_deployment(deployment))
        self._leave()

    def _there(self) -> bool:
        """Whether Prefect is there; one that is gone is tried again now and then."""
        if self._client is not None:
            return True
        if self._steady() < self._tried + AGAIN:
            return False
        self._tried = self._steady()
        try:
            self.open()
        except Exception:  # noqa: BLE001 - it was told that it is gone; every reason is as good
            self._leave()
            return False
        self._say(f"Prefect is there again at {self.url}.")
        return True

    def _try(self, ask: Callable[[SyncPrefectClient], Any]) -> Any:
        """Ask Prefect, and return its answer; None where it has none, which is told when it begins."""
        if self._client is None:
            return None
        try:
            return ask(self._client)
        except Exception as error:  # noqa: BLE001 - a view that fails must not stop the shifts, whatever it fails with
            why = str(error) if isinstance(error, LofiError) else type(error).__name__
            self._say(f"Prefect at {self.url} does not answer ({why}): the shifts go on by their own schedule.")
            self._leave()
            self._tried = self._steady()
            return None

    def _leave(self) -> None:
        client, address = self._client, self._address
        self._client = self._address = self.url = None
        if client is not None:
            with suppress(Exception):
                client.__exit__(None, None, None)
        if address is not None:
            with suppress(Exception):
                address.close()

    def _due(self, client: SyncPrefectClient, before: datetime) -> Sequence[Any]:
        assert self._deployment is not None
        return client.get_scheduled_flow_runs_for_deployments([self._deployment], before, MANY)

    @staticmethod
    def _claim(client: SyncPrefectClient, run: UUID) -> bool:
        return client.set_flow_run_state(run, Pending()).status == SetStateStatus.ACCEPT

    def _set(self, run: UUID, state: State[Any]) -> None:
        if self._client is not None:
            self._client.set_flow_run_state(run, state, force=True)
