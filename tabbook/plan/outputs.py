"""Which outputs of a job count: the one place that says under which keys they may be stored.

A job has a key for each class of device, and for each choice of data files that were missing
and were replaced by stand-ins. Pages, exports and the site show the best outputs that there are,
``store gc`` and ``store push`` keep and copy all that may be shown, and runs and ``--pull`` take
what they would otherwise execute.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, combinations

from tabbook.book import Book
from tabbook.model import Result, Section
from tabbook.plan.planner import Job, device_class, job
from tabbook.store.local import Store

DEVICES = ("cpu", "gpu")
_MAX_STAND_INS = 4
"""Of so many data files, every choice is looked up: 16. Of more, those that the store's entries state."""


def accepted_devices(device: str) -> tuple[str, ...]:
    """Return the classes of devices whose outputs a run on ``device`` takes from the store.

    A machine without a GPU does not replace what one with a GPU made.
    """
    return (device,) if device == "gpu" else (device, "gpu")


def accepted_keys(planned: Job, device: str, missing: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the keys of outputs that a run on ``device`` takes where the data files ``missing`` are."""
    absent = tuple(missing)
    return tuple(planned.key(one, absent).digest for one in accepted_devices(device))


@dataclass(frozen=True)
class StoredOutputs:
    """What a store has for jobs. Which stand-ins its entries state is read once: make one when needed."""

    store: Store

    @cached_property
    def _stand_in_sets(self) -> frozenset[frozenset[str]]:
        return frozenset(map(frozenset, self.store.stand_ins()))

    def stand_in_choices(self, names: Iterable[str]) -> Iterator[tuple[str, ...]]:
        """Yield the choices of the data files ``names`` that outputs may lack, small ones first."""
        names = tuple(names)
        if len(names) <= _MAX_STAND_INS:
            yield from chain.from_iterable(combinations(names, size) for size in range(len(names) + 1))
            return
        # All of them: so failed the jobs of a machine without any, which have no entries.
        choices = {
            frozenset[str](),
            frozenset(names),
            *(one for one in self._stand_in_sets if one <= {*names}),
        }
        ordered = (tuple(name for name in names if name in choice) for choice in choices)
        yield from sorted(ordered, key=lambda choice: (len(choice), [*map(names.index, choice)]))

    def keys(self, planned: Job, device: str = DEVICES[0]) -> Iterator[str]:
        """Yield the keys under which outputs of a job may be, the best first.

        Real data comes before a stand-in, ``device`` before other classes of devices.
        """
        devices = (device, *({*DEVICES} - {device}))
        for missing in self.stand_in_choices(planned.data):
            for one in devices:
                yield planned.key(one, missing).digest

    def best(self, planned: Job, device: str) -> Result | None:
        """Return the best result that the store has for a page, if it has any."""
        results = map(self.store.get, self.keys(planned, device))
        return next((result for result in results if result is not None), None)

    def best_hash(self, planned: Job, device: str) -> tuple[str, str] | None:
        """Return the key of what `best` would return, and its hash, without reading it.

        Nothing is checked: a damaged entry counts as any other.
        """
        hashes = ((key, self.store.hash_of(key)) for key in self.keys(planned, device))
        return next(((key, stated) for key, stated in hashes if stated is not None), None)


def stored_result(store: Store, planned: Job, device: str, missing: Iterable[str] = ()) -> Result | None:
    """Return the best result that a run on ``device`` takes from ``store``; ``None`` if it has to execute.

    It takes what was made without the data files ``missing``, or without some of them.
    """
    for absent in StoredOutputs(store).stand_in_choices(missing):
        for result in map(store.get, accepted_keys(planned, device, absent)):
            if result is not None:
                return result
    return None


def shown_results(
    book: Book, section: Section, planned: Mapping[str, Job | None]
) -> dict[str, Result | None]:
    """Return what readers see of ``section`` in each tab: from the store, else what came with the section.

    Args:
        book: The book.
        section: The section.
        planned: Its job in each tab; ``None`` where it has no code.

    Returns:
        The result for each tab; ``None`` where there is none.
    """
    from tabbook.merge import bundled  # nbformat takes long to import, and `status` needs none of this

    outputs, device = StoredOutputs(Store(book.outputs)), device_class()
    found = {tab: outputs.best(one, device) if one else None for tab, one in planned.items()}
    missing = [tab for tab, result in found.items() if result is None]
    if missing and (cells := bundled.load(book.root, section.path)):
        found |= {tab: bundled.result(cells, book.project(section, tab)) for tab in missing}
    return found


def page_result(book: Book, section: Section, tab: str) -> Result | None:
    """Return what readers see of ``section`` in ``tab``; ``None`` if there is nothing.

    Raises:
        TabbookError: The section cannot be projected.
    """
    return shown_results(book, section, {tab: job(book, section, tab)})[tab]
