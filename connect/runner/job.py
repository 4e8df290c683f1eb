"""What the engine has to know of the work that it runs."""

from abc import ABC, abstractmethod
from datetime import timedelta

from connect.runner.outcomes import Block, Done, Retry, StepOutcome, TokenRefused, Wait
from tenants.models import Tenant


class Job(ABC):
    """One row with work to do, its lease taken: what its step is, and how each outcome is stored.

    The `settle_` methods are called in a transaction, and return whether more can be done at once.
    They release the lease, but may hold it for what can be done at once.
    """

    @property
    @abstractmethod
    def tenant(self) -> Tenant:
        """The tenant whose work it is; each line of the log carries it."""

    @property
    @abstractmethod
    def account(self) -> str:
        """The name of the Heroku account that works on it, "" for that of HEROKU_API_TOKEN."""

    @property
    @abstractmethod
    def name(self) -> str:
        """What the log calls this job, as "connection=12"."""

    @property
    @abstractmethod
    def stage(self) -> str:
        """The stage or step at work; each line of the log carries it."""

    @property
    @abstractmethod
    def attempts(self) -> int:
        """How many attempts were made since the last success, this one included."""

    @property
    @abstractmethod
    def last_error(self) -> str:
        """What the attempt before this one failed with."""

    @property
    @abstractmethod
    def waited(self) -> timedelta:
        """For how long this step has been the next one."""

    @abstractmethod
    def step(self) -> StepOutcome:
        """Do the work. Raises Blocked, or any error of a peer."""

    @abstractmethod
    def settle_done(self, done: Done) -> bool:
        """Go on to the next step."""

    @abstractmethod
    def settle_wait(self, wait: Wait) -> bool:
        """Come back when the wait is over."""

    @abstractmethod
    def settle_retry(self, failure: Retry, pause: timedelta) -> bool:
        """Come back after the pause."""

    @abstractmethod
    def settle_block(self, block: Block) -> bool:
        """Stop, and say why."""

    @abstractmethod
    def reload(self) -> None:
        """Read the rows again, after a transaction that was rolled back."""

    def note_refused_token(self, refused: TokenRefused) -> None:
        """Do what a refused token asks for, besides waiting for another one."""
        return
