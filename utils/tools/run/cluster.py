"""The runs on a Dask cluster, of this machine or of others.

Workers may come and go. A run is sent to workers that have the course; if its
worker dies, it is tried once more; if no worker is left, all ends.
"""

import pkgutil
import queue
import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

from utils.tools import UsageError
from utils.tools.run.plan import Run
from utils.tools.run.progress import ProgressLine
from utils.tools.run.task import Outcome, run_lesson

from tqdm import tqdm

# distributed takes a second to import: what is refused is refused before.

# Seconds to wait for a scheduler, and for a worker that has the course.
PATIENCE = 10
# Seconds in which a scheduler may be too busy to answer.
SILENCE = 60
TICK = 1.0  # seconds between two looks at the workers
MEMORY_OF_A_LESSON = 2**31  # bytes
TASK = f"{run_lesson.__module__}:{run_lesson.__name__}"
# What a worker answers if the course, or a part of it, is not there.
LACKING = (ImportError, AttributeError)
WORKER_DIED = "its worker died, and the next one too"


def count_jobs(
    wanted: int | None, n_runs: int, cores: int, memory: float
) -> int:
    """Return how many lessons run at a time on this machine.

    Parameters
    ----------
    wanted : int or None
        What `--jobs` says; by default one a core and 2 GiB of memory.
    n_runs : int
        A lesson that runs alone has all cores.
    cores : int
    memory : float
        In bytes.

    Examples
    --------
    >>> count_jobs(None, n_runs=9, cores=8, memory=8 * 2**30)
    4
    >>> count_jobs(None, n_runs=9, cores=2, memory=2**30)
    1
    """
    possible = max(1, min(cores, int(memory // MEMORY_OF_A_LESSON)))
    return min(wanted or possible, n_runs)


def start_cluster(jobs: int | None, n_runs: int) -> Any:
    """Start a scheduler and a worker in this process; return their client."""
    import dask
    from dask.system import CPU_COUNT
    from distributed import Client
    from distributed.system import MEMORY_LIMIT

    settings = {
        # The worker is never lost. But if the clock jumps, as on a laptop that
        # was asleep, the scheduler would give it up and wait for another one.
        "distributed.scheduler.worker-ttl": None,
        # What is set for a cluster would end this one before it has started.
        "scheduler-address": None,
        "distributed.comm.require-encryption": False,
        "distributed.scheduler.preload": [],
        "distributed.worker.preload": [],
    }
    with dask.config.set(settings):
        return Client(
            n_workers=1,
            # One thread for each lesson: all it does is watch a process.
            processes=False,
            threads_per_worker=count_jobs(
                jobs, n_runs, CPU_COUNT, MEMORY_LIMIT
            ),
            # By default, Dask offers its pages to the network.
            dashboard_address="127.0.0.1:0",
            worker_dashboard_address="127.0.0.1:0",
        )


def connect(address: str) -> Any:
    """Return the client of a scheduler that has the course.

    Raises
    ------
    UsageError
        If no scheduler answers there, or if it does not have the course.
    """
    from distributed import Client

    try:
        client = Client(address, timeout=PATIENCE)
    # ValueError: the address is none.
    except (OSError, ValueError) as error:
        raise UsageError(
            f"no Dask scheduler answers at {address}; start one, "
            "or leave out --scheduler"
        ) from error
    try:
        client.run_on_scheduler(pkgutil.resolve_name, TASK)
    except LACKING as error:
        client.close()
        raise UsageError(
            f"the Dask scheduler at {address} does not have the course "
            f"({error}); start it with the course on its PYTHONPATH"
        ) from error
    return client


class Workers:
    """The workers of a scheduler, looked at once a second by a thread.

    Parameters
    ----------
    client : distributed.Client
    inbox : queue.SimpleQueue
        Gets `("workers", threads)` after each look: the number of threads of
        each worker that is there and has the course.

    Attributes
    ----------
    known : set of str
        The addresses of all workers that were asked for the course.
    lacking : dict
        The error of each worker that does not have it.
    """

    def __init__(self, client: Any, inbox: queue.SimpleQueue) -> None:
        self.known: set[str] = set()
        self.lacking: dict[str, Exception] = {}
        self._client = client
        self._inbox = inbox
        self._able: set[str] = set()
        self._wake = threading.Event()
        self._is_over = False
        threading.Thread(target=self._watch, daemon=True).start()

    def stop(self) -> None:
        """End the thread."""
        self._is_over = True
        self._wake.set()

    def describe_lacking(self) -> str:
        """Return how many workers do not have the course, and what lacks."""
        reason = next(iter(self.lacking.values()))
        return (
            "Dask workers without the course: "
            f"{len(self.lacking)} of {len(self.known)} ({reason})"
        )

    def _watch(self) -> None:
        while not self._is_over:
            self._wake.clear()
            threads: dict[str, int] = {}
            # However a connection fails, no worker can be reached.
            with suppress(Exception):
                threads = self._client.nthreads()
            for address in threads.keys() - self.known:
                self.known.add(address)
                threading.Thread(
                    target=self._ask, args=[address], daemon=True
                ).start()
            able = threads.keys() & self._able
            found = {address: threads[address] for address in able}
            self._inbox.put(("workers", found))
            self._wake.wait(TICK)

    def _ask(self, address: str) -> None:
        """Ask a worker for the course; it answers while lessons run."""
        answer: Any = None
        with suppress(Exception):
            answers = self._client.run(
                pkgutil.resolve_name,
                TASK,
                workers=[address],
                on_error="return",
            )
            answer = answers[address]
        if callable(answer):
            self._able.add(address)
        elif isinstance(answer, LACKING):
            self.lacking[address] = answer
        else:
            # It was cut off. If it is still there, it is asked again.
            self.known.discard(address)
            return
        self._wake.set()


class Dispatcher:
    """Sends runs to workers, and takes back what came out.

    Parameters
    ----------
    client : distributed.Client
    is_local : bool
        Whether scheduler and worker are in this process; others may be lost,
        and all is given up after `PATIENCE` seconds without a worker.

    Attributes
    ----------
    problem : str or None
        Why the rest was given up.
    """

    def __init__(self, client: Any, is_local: bool) -> None:
        self.problem: str | None = None
        self._client = client
        self._address = client.scheduler.address
        self._is_local = is_local
        # What other threads hear is handled by the one that calls `run`.
        self._inbox: queue.SimpleQueue = queue.SimpleQueue()
        self._workers = Workers(client, self._inbox)
        self._left_out = 0
        # Seconds without a worker, and without any news.
        self._alone = self._silent = 0.0
        # The numbers of the runs that wait, and of those that were sent, with
        # the workers that may take them.
        self._waiting: deque[int] = deque()
        self._running: dict[Any, int] = {}
        self._given: dict[Any, set[str]] = {}
        self._done: deque[tuple[int, Outcome]] = deque()
        # How often each run was started, and how often its worker was lost.
        self._starts: Counter[int] = Counter()
        self._losses: Counter[int] = Counter()
        # Dask writes events of its own under the bare name.
        self._topic = f"lessons of {client.id}"

    def wait_for_worker(self) -> None:
        """Wait until the workers have answered and one has the course.

        Raises
        ------
        UsageError
            If none has it.
        """
        workers = self._workers
        able: dict[str, int] = {}
        end = time.monotonic() + PATIENCE
        while self._is_local or time.monotonic() < end:
            with suppress(queue.Empty):
                _, able = self._inbox.get(timeout=TICK)
            if able and len(able) + len(workers.lacking) >= len(workers.known):
                break
        if able:
            self._inbox.put(("workers", able))
        elif workers.lacking:
            raise UsageError(
                f"{workers.describe_lacking()}; "
                "start them with the course on their PYTHONPATH"
            )
        else:
            raise UsageError(
                f"no Dask worker is known at {self._address}; start one, "
                "or leave out --scheduler"
            )

    def run(
        self,
        runs: Sequence[Run],
        lines: Sequence[ProgressLine],
        order: Sequence[int],
    ) -> Iterator[tuple[int, Outcome]]:
        """Yield the number of each run and what came out, as they come.

        Parameters
        ----------
        runs : sequence of Run
        lines : sequence of ProgressLine
            One for each run.
        order : sequence of int
            The numbers of the runs, in the order in which they are sent.
        """
        self._runs = runs
        self._lines = lines
        self._waiting.extend(order)
        self._client.subscribe_topic(
            self._topic, lambda event: self._inbox.put(("progress", event[1]))
        )
        while self._waiting or self._running:
            self._listen()
            is_lost = self._alone >= PATIENCE or self._silent >= SILENCE
            if is_lost and not self._is_local:
                self._give_up()
            while self._done:
                yield self._done.popleft()

    def stop(self) -> None:
        """End what runs beside."""
        self._workers.stop()

    def _listen(self) -> None:
        try:
            message = self._inbox.get(timeout=TICK)
        except queue.Empty:
            self._silent += TICK
            message = None
        else:
            self._silent = 0.0
        match message:
            case "workers", threads:
                self._meet(threads)
            case "progress", event:
                self._move(event["index"], event["done"], event["total"])
            case "ended", future:
                self._take(future)
            case None if self._client.status != "running":
                self._alone += TICK

    def _meet(self, threads: dict[str, int]) -> None:
        """Send runs to the workers that are there."""
        if len(self._workers.lacking) > self._left_out:
            self._left_out = len(self._workers.lacking)
            tqdm.write(
                f"{self._workers.describe_lacking()}; they are left out",
                file=sys.stderr,
            )
        self._alone = 0.0 if threads else self._alone + TICK
        for future, given in list(self._given.items()):
            # Dask would wait for the same workers to come back.
            if threads and given.isdisjoint(threads):
                self._lose(future)
        while self._waiting and len(self._running) < sum(threads.values()):
            self._submit(self._waiting.popleft(), set(threads))

    def _submit(self, index: int, workers: set[str]) -> None:
        run = self._runs[index]
        future = self._client.submit(
            run_lesson,
            notebook=run.notebook,
            parameters=run.values,
            folder=run.folder,
            topic=self._topic,
            index=index,
            workers=list(workers),
            pure=False,
        )
        self._running[future] = index
        self._given[future] = workers
        future.add_done_callback(lambda f: self._inbox.put(("ended", f)))

    def _move(self, index: int, done: int, total: int) -> None:
        """Show how far a run is."""
        if total:
            self._lines[index].move(done, total)
            return
        self._starts[index] += 1
        self._lines[index].start(self._starts[index])
        # Dask itself has sent it to another worker, and would do so again.
        if self._starts[index] > self._losses[index] + 1:
            self._losses[index] += 1
        if self._losses[index] > 1:
            for future in [f for f, i in self._running.items() if i == index]:
                self._forget(future)
                self._done.append((index, Outcome(error=WORKER_DIED)))

    def _take(self, future: Any) -> None:
        """Take back what came out, or send the run to another worker."""
        from distributed import KilledWorker

        if future not in self._running:
            return
        if future.status == "cancelled":
            self._lose(future)
            return
        try:
            outcome = future.result(timeout=SILENCE)
        # The second is raised if the worker ends before it has sent it.
        except (KilledWorker, TimeoutError):
            self._lose(future)
            return
        # A worker without papermill, for instance.
        except Exception as error:
            outcome = Outcome(error=f"{type(error).__name__}: {error}")
        self._done.append((self._forget(future), outcome))

    def _lose(self, future: Any) -> None:
        """Try a run once more whose worker is lost."""
        index = self._forget(future)
        self._losses[index] += 1
        if self._losses[index] > 1:
            self._done.append((index, Outcome(error=WORKER_DIED)))
        else:
            self._waiting.appendleft(index)

    def _forget(self, future: Any) -> int:
        """Let go of a future, which cancels its task; return its run."""
        del self._given[future]
        index = self._running.pop(future)
        future.release()
        return index

    def _give_up(self) -> None:
        """Let all runs fail that have not ended."""
        indices = sorted([*self._running.values(), *self._waiting])
        names = ", ".join(self._runs[index].name for index in indices)
        is_connected = self._client.status == "running" and not self._silent
        lost = "worker is left" if is_connected else "scheduler answers"
        self.problem = (
            f"no Dask {lost} at {self._address}: run again, when there is "
            f"one, what did not come to its end: {names}"
        )
        for index in indices:
            self._done.append((index, Outcome(error=self.problem)))
        self._running.clear()
        self._waiting.clear()
