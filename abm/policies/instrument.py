"""What all instruments share: schedule, scope, budget cap, attribution of money, and events."""

from __future__ import annotations

import math
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from abm.events import TEXTS, EventLog
from abm.parameters import ConfigError, Quantity
from abm.rules import OUTLOOK, STAGES, Activity, Rows, Rules

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Words = dict[str, str]

PHASES = ("extraction", "design", "market", "end_of_life", "chain")
PLANNED, ANNOUNCED, IN_FORCE, CAPPED, ENDED = "planned", "announced", "in force", "capped", "ended"
SUSPENDED = "suspended"
KEPT, PROSPECTIVE, RETROACTIVE = range(3)  # a promise was kept, broken to newcomers only, or broken to all
NEWS = {
    "announced": {"en": "announced", "nl": "aangekondigd"},
    "started": {"en": "started", "nl": "begonnen"},
    "capped": {"en": "reached its cap", "nl": "bereikte het plafond"},
    "resumed": {"en": "resumed", "nl": "hervat"},
    "withdrawn": {"en": "withdrawn", "nl": "ingetrokken"},
    "suspended": {"en": "suspended", "nl": "opgeschort"},
    "changed": {"en": "changed in strength", "nl": "van sterkte veranderd"},
    "ended": {"en": "ended", "nl": "beëindigd"},
}
TEXTS["promise_broken"] = {"en": "before its announced end", "nl": "vóór het aangekondigde einde"}
TEXTS["reversal"] = {"en": "reversed in a budget round", "nl": "teruggedraaid in een begrotingsronde"}
TEXTS["reaction"] = {"en": "by the rule of its programme", "nl": "volgens de regel van het programma"}


class InstrumentUse(Protocol):
    """An instrument as a mix asks for it; months are counted from the start of the run."""

    @property
    def use(self) -> str: ...

    @property
    def jurisdiction(self) -> str: ...

    @property
    def start(self) -> int: ...

    @property
    def end(self) -> int | None: ...  # last month in force

    @property
    def ramp(self) -> int | None: ...  # months in which it reaches full strength

    @property
    def announced(self) -> int | None: ...  # None: when it starts

    @property
    def intensity(self) -> float: ...

    @property
    def materials(self) -> Any: ...  # identifiers, None for all

    @property
    def products(self) -> Any: ...

    @property
    def cap(self) -> float | None: ...  # EUR/yr

    @property
    def withdrawn(self) -> int | None: ...  # month in which a promise is broken, by script

    @property
    def reversal(self) -> float: ...  # yearly chance that a budget round suspends it

    @property
    def pause(self) -> int: ...  # months for which it is suspended at least

    @property
    def retroactive(self) -> float: ...  # 1 if those who have it lose it as well

    @property
    def rules(self) -> Any: ...  # reactions of its government to indicators

    @property
    def parameters(self) -> dict[str, float]: ...


class Instrument:
    """One use of an instrument by one government.

    A subclass declares its texts and quantities, says in `at_full_strength` which levers it writes,
    and in `settle` what is paid. Schedule, cap and events are handled here.

    Attributes
    ----------
    paid, received
        EUR this month, by and to its government.
    total_paid, total_received
        The same since the start of the run.
    status
        "planned" before announcement, "announced", "in force", "capped", "suspended" or "ended".
    dose
        Share of the announced strength that its government gives it, 1 as long as it does not react.
    reversed
        Share of it that a reversal of policy takes away this month.
    """

    name: ClassVar[str]
    title: ClassVar[Words]
    phase: ClassVar[str]
    level: ClassVar[tuple[str, ...]]  # levels of government that may use it
    intensity: Any
    texts: ClassVar[dict[str, Words]]  # what, how, watch, source
    labels: ClassVar[dict[str, Words]]  # short names of intensity and parameters
    scopes: ClassVar[tuple[str, ...]]  # of materials and products, by which it can be limited
    steady: ClassVar[tuple[str, ...]] = ()  # levers that do not ramp up
    spends: ClassVar[bool] = True  # whether it spends public money, so that a cap means something
    in_trust: ClassVar[bool] = False  # whether it holds other people's money, which is neither cost nor revenue
    trades: ClassVar[bool] = False  # whether it buys and sells on the materials market
    kept: ClassVar[tuple[str, ...]] = ()  # levers that those who have them keep when it is closed to newcomers
    parameters: ClassVar[dict[str, Quantity]] = {}

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        own = {name: field for name, field in vars(cls).items() if isinstance(field, Quantity)}
        cls.parameters = {**cls.parameters, **{name: field for name, field in own.items() if name != "intensity"}}
        if "title" not in vars(cls):
            return  # what several instruments share, not one of them
        for code, words in NEWS.items():
            TEXTS[f"{cls.name}_{code}"] = {
                language: f"{title}{{scope}}: {words[language]}" for language, title in cls.title.items()
            }

    def __init__(self, use: InstrumentUse, config: Any) -> None:
        self.jurisdiction: int = config.jurisdictions.index(use.jurisdiction)
        self._check(use, config)
        self._read_values(use)
        self._read_schedule(use)
        self._read_fate(use)
        self._read_scope(use, config)
        full = self.at_full_strength(config)
        self.levers = full if self.intensity > 0.0 else {lever: np.zeros(array.shape) for lever, array in full.items()}
        for array in self.levers.values():
            array.flags.writeable = False
        self.label = f"{self.name}@{use.jurisdiction}"
        self.where = use.jurisdiction
        named = [*(use.materials or ()), *(use.products or ())]
        self.scope = f" ({', '.join(named)})" if named else ""
        self.install(-1, -1)
        self.rules: Rules
        self.paid = self.received = self.total_paid = self.total_received = 0.0
        self.spent = 0.0  # EUR in this calendar year, which the cap limits
        self.broken = KEPT  # what became of its promise this month
        self._month = -1
        self.status = self._status(self._month)  # what was announced before the run is no news

    def install(self, index: int, account: int, events: EventLog | None = None) -> None:
        """Give it its number among the instruments, its government's account and a place to report to."""
        self.index, self.account, self.events = index, account, events

    # What a subclass says

    def at_full_strength(self, config: Any) -> dict[str, Array]:
        """Levers and what it writes to them when fully in force."""
        raise NotImplementedError

    def settle(self, activity: Activity, books: Any, month: int) -> None:
        """Pay and collect what the month's activity gives rise to."""
        raise NotImplementedError

    # Construction

    def _check(self, use: InstrumentUse, config: Any) -> None:
        self._check_level(config)
        for scope in ("materials", "products"):
            if getattr(use, scope) is not None and scope not in self.scopes:
                raise ConfigError(f"{self.name} cannot be limited to {scope}", key=scope)
        if use.cap is not None and not self.spends:
            raise ConfigError(f"{self.name} spends nothing that a cap could limit", key="cap")
        if use.cap is not None and not use.cap >= 0.0:
            raise ConfigError(f"{use.cap} is not a budget", key="cap", expected="a number ≥ 0 (unit EUR/yr)")
        for name in use.parameters:
            if name not in self.parameters:
                expected = f"one of {', '.join(self.parameters)}" if self.parameters else "no parameters"
                raise ConfigError(f"{self.name} has no parameter '{name}'", key=name, expected=expected)

    def _check_level(self, config: Any) -> None:
        table, row = config.jurisdictions, self.jurisdiction
        level = str(table.level[row])
        if not table.government[row]:
            raise ConfigError(f"{table.ids[row]} has no government", key="jurisdiction")
        if level not in self.level:
            problem = f"{self.name} is not in the power of a government of level '{level}'"
            raise ConfigError(problem, key="jurisdiction", expected=f"level {' or '.join(self.level)}")

    def _read_values(self, use: InstrumentUse) -> None:
        try:
            self.intensity = type(self).intensity.admit(use.intensity)
        except ConfigError as error:
            raise error.inside("intensity") from None
        for name, field in self.parameters.items():
            try:
                given = use.parameters.get(name)
                setattr(self, name, field.absent() if given is None else field.admit(given))
            except ConfigError as error:
                raise error.inside(name) from None

    def _read_schedule(self, use: InstrumentUse) -> None:
        self.start, self.ramp = use.start, max(use.ramp or 1, 1)
        self.end = math.inf if use.end is None else use.end
        self.announced = use.start if use.announced is None else use.announced
        self.cap = math.inf if use.cap is None else float(use.cap)
        if self.end < self.start:
            raise ConfigError("ends before it starts", key="end")
        if self.announced > self.start:
            raise ConfigError("is announced after it starts", key="announced")

    def _read_fate(self, use: InstrumentUse) -> None:
        self.withdrawn, self.reversal, self.pause = use.withdrawn, float(use.reversal), int(use.pause)
        self.retroactive, self.reactions = bool(use.retroactive), tuple(use.rules)
        self.dose, self.reversed = 1.0, 0.0
        self.highest = max(type(self).intensity.high / self.intensity, 1.0) if self.intensity > 0.0 else 1.0
        self.resumes: float = -1.0  # month in which a suspension ends
        self.closed: int | None = None  # month since which newcomers have no right to it
        self.cancels = False  # it has cancelled the contracts that it made
        self.announced_end = self.end
        self.fund: Any = None  # the multi-year fund that takes the place of a part of its cap

    def _read_scope(self, use: InstrumentUse, config: Any) -> None:
        """Leaves below the jurisdiction (L,), materials (M,), products (P,) and scrap streams (S,), as masks."""
        below = [self.jurisdiction in config.ancestors[leaf] for leaf in config.leaves]
        self.leaves: Mask = np.array(below, dtype=bool)
        self.materials = _chosen(config.materials, use.materials, "materials")
        self.products = _chosen(config.products, use.products, "products")
        self.streams: Mask = np.any(np.asarray(config.streams.recovery)[:, self.materials] > 0.0, axis=1)
        if use.products is not None:
            table = config.products
            routes = np.append(table.component_route[self.products].ravel(), table.route[self.products])
            self.streams &= np.isin(np.arange(len(self.streams)), routes)

    def in_leaves_at(self, stage: int, values: Array) -> Array:
        """Values by material (M,) at one stage of primary supply below the government, and 0 elsewhere (L, 2, M)."""
        both = np.zeros((len(self.leaves), STAGES, len(values)))
        both[:, stage] = self.in_leaves(values)
        return both

    def in_leaves(self, values: Array) -> Array:
        """Values (n,) in every leaf below the government and 0 elsewhere (L, n)."""
        return np.outer(self.leaves.astype(np.float64), values)

    # Schedule

    def strength(self, month: int) -> float:
        """Share of full strength that the schedule and its government give in a month."""
        if not self.start <= month <= self.end:
            return 0.0
        return min((month - self.start + 1) / self.ramp, 1.0) * self.will

    def changes(self, month: int, later: int) -> bool:
        """Whether it is announced to have another strength at a later month than now."""
        return month >= self.announced and self.strength(month) != self.strength(later)

    @property
    def will(self) -> float:
        """Share of the announced strength that its government stands by this month."""
        return self.dose * (1.0 - self.reversed)

    def strengths(self, months: Rows) -> Array:
        """What the schedule gives in many months (n,), by the will of today."""
        in_force = (months >= self.start) & (months <= self.end)
        return np.where(in_force, np.minimum((months - self.start + 1) / self.ramp, 1.0), 0.0) * self.will

    def outlook(self, month: int, horizon: int = OUTLOOK) -> dict[str, Array]:
        """Mean of each lever over the coming months as announced; nothing before announcement or when suspended."""
        if month < self.announced or self.status == SUSPENDED:
            return {}
        strengths = self.strengths(np.arange(month, month + horizon))
        ramped, steady = strengths.mean(), (strengths > 0.0).mean()
        return {lever: full * (steady if lever in self.steady else ramped) for lever, full in self.levers.items()}

    # What becomes of it

    def withdraw(self, month: int, retroactive: bool = True) -> None:
        """End it this month, before its announced end: a broken promise if it did anything."""
        if month > self.end:
            raise ValueError(f"{self.label} has already ended")
        self._close(month, retroactive)
        self.end, self.status = month - 1, ENDED
        self._report(month, "withdrawn", "promise_broken")

    def suspend(self, month: int, months: float, why: str, promised: bool) -> None:
        """Stop it for so many months; a broken promise unless its programme announced that it might."""
        if promised:
            self.resumes = month + months
        else:
            self._close(month, self.retroactive)
            self.resumes = month + months
        self.status = SUSPENDED
        self._report(month, "suspended", why)

    def _close(self, month: int, retroactive: bool) -> None:
        """Break the promise: to all who count on it, or only to those who come later."""
        if self.intensity > 0.0:
            self.broken = RETROACTIVE if retroactive else PROSPECTIVE
        self.closed, self.cancels = (None, True) if retroactive else (month, False)

    def break_promise(self) -> None:
        """Note that less is given than was announced."""
        if self.intensity > 0.0:
            self.broken = RETROACTIVE

    def move_to(self, month: int, dose: float) -> None:
        """Give it another strength, a share of what was announced, as far as its intensity may go."""
        dose = min(max(dose, 0.0), self.highest)
        if dose != self.dose:
            self.dose = dose
            self._report(month, "changed", "reaction", 100.0 * dose, "%")

    def stop(self, month: int) -> None:
        """End it for good by the rule of its programme."""
        self.end = self.announced_end = month - 1
        self._move_on(month)

    # Verbs

    def announce(self, rules: Rules, month: int) -> None:
        """Write its levers, at the strength that the schedule gives, unless its budget is exhausted."""
        self.rules, self._month = rules, month
        self.paid = self.received = 0.0
        if month % 12 == 0:
            self.spent = 0.0
        self._move_on(month)
        if self.closed is not None:
            self._keep_promise(month)
        if self.cancels:
            self._cancel_contracts()
        if self.status != IN_FORCE:
            return
        strength = self.strength(month)
        for lever, full in self.levers.items():
            rules.write(lever, self.index, full if strength == 1.0 or lever in self.steady else full * strength)

    def _cancel_contracts(self) -> None:
        """Until it is back in force, its contracts count for nothing."""
        if self.status == IN_FORCE:
            self.cancels = False
        else:
            self.rules.void.append(self.index)

    def _keep_promise(self, month: int) -> None:
        """What those who had it when it was closed still have, until the end that was announced to them."""
        if self.closed is None or self.status == IN_FORCE or month > self.announced_end:
            self.closed = None
            return
        strength = min((month - self.start + 1) / self.ramp, 1.0)
        for lever in self.kept:
            self.rules.keep(lever, self.index, self.levers[lever] * strength, self.closed)

    def _move_on(self, month: int) -> None:
        before, self.status = self.status, self._status(month)
        if self.status == before:
            return
        what = {ANNOUNCED: "announced", IN_FORCE: "started", CAPPED: "capped", ENDED: "ended"}[self.status]
        self._report(month, "resumed" if before in (CAPPED, SUSPENDED) and self.status == IN_FORCE else what)

    def _status(self, month: int) -> str:
        if month > self.end:
            return ENDED
        if month < self.start:
            return ANNOUNCED if month >= self.announced else PLANNED
        if month < self.resumes:
            return SUSPENDED
        return CAPPED if self.spent >= self.cap and self.room == 0.0 else IN_FORCE

    def _report(self, month: int, what: str, why: str = "", amount: float = math.nan, unit: str = "EUR") -> None:
        if self.events is not None:
            code, unit = f"{self.name}_{what}", "" if math.isnan(amount) else unit
            self.events.append(month, "instrument", self.where, self.where, code, why, amount, unit, scope=self.scope)

    # Money

    @property
    def promises(self) -> bool:
        """Whether it is announced or in force and does something."""
        return self.intensity > 0.0 and self.status in (ANNOUNCED, IN_FORCE)

    @property
    def own_cap(self) -> float:
        """EUR a year of its own, what a fund has taken over left out."""
        return self.cap if self.fund is None else self.cap * (1.0 - self.fund.share)

    @property
    def room(self) -> float:
        """EUR that it may still spend this year, of its own and out of a fund."""
        own = max(self.own_cap - self.spent, 0.0)
        return own if self.fund is None else own + self.fund.left

    def own(self, lever: str) -> Array:
        """The part of a lever that it has to settle this month."""
        return self.rules.own(lever, self.index)

    def owed(self, lever: str, leaf: Rows, born: Rows) -> Array:
        """What it has to settle of a lever for organisations (n, …), by leaf and month of entry (n,).

        Besides the lever itself that is what those keep who had it when it was closed to newcomers.
        """
        own = self.own(lever).take(leaf, axis=0)
        return own + self.rules.kept(lever, leaf, born, self.index) if self.rules.keeps(lever) else own

    def pay(self, books: Any, kind: str, payee: Rows, claims: Array) -> None:
        """Pay claims (n,) in EUR, pro rata where the cap leaves less; at the cap nothing more until January."""
        total, room = float(np.add.reduce(claims)), self.room
        if total == 0.0 or room == 0.0:
            return
        amounts = claims if total <= room else claims * (room / total)
        rows = amounts.nonzero()[0]
        books.pay(kind, self.account, payee[rows], amounts[rows])
        self.book_spending(float(np.add.reduce(amounts)))
        if total >= room:
            self.exhaust()

    def pay_for_offers(self, books: Any, activity: Activity) -> None:
        """Pay households its share of what they owe for the offers in scope."""
        if self.rules.in_force("offer_support"):
            claims = (self.own("offer_support") * activity.offer_value.transpose(1, 0, 2)).sum(axis=(1, 2))
            self.pay(books, "household_support", activity.household_account, claims)

    def pay_for_investment(self, books: Any, lever: str, account: Rows, spending: Array, *where: Rows) -> None:
        """Pay organisations (n,) a share of their spending on new capacity, by the cell of a lever `where` each is."""
        if self.status == IN_FORCE and self.rules.in_force(lever):
            self.pay(books, "investment_support", account, spending * self.own(lever)[where])

    def pay_for_new_producers(self, books: Any, activity: Activity) -> None:
        """Pay mines and refineries at home a share of their spending on new capacity."""
        where = activity.producer_leaf, activity.producer_stage, activity.producer_main
        spending = activity.producer_spending * (activity.producer_leaf >= 0)
        self.pay_for_investment(books, "primary_investment_support", activity.producer_account, spending, *where)

    def dues_at_border(self, activity: Activity) -> list[tuple[Rows, Array]]:
        """What importers owe, as dealers and as makers: accounts (n,) and EUR (n,), by its part of the import levy."""
        rate = self.own("import_levy")
        products = (activity.imported_primary_content.sum(axis=0) * rate).sum(axis=1)
        components = (activity.imported_component_content * rate[activity.maker_leaf]).sum(axis=1)
        return [(activity.dealer_account, products), (activity.maker_account, components)]

    def dues_by_origin(self, activity: Activity) -> list[tuple[Rows, Array]]:
        """What importers owe by origin, as makers and as dealers: accounts (n,) and EUR (n,), by its part of duties."""
        if not any(self.rules.in_force(lever) for lever in ("material_duty", "component_duty", "product_duty")):
            return []
        products = np.einsum("gljp,gjpl->l", self.own("product_duty"), activity.product_import_value)
        return [(activity.maker_account, self._owed_by_makers(activity)), (activity.dealer_account, products)]

    def _owed_by_makers(self, activity: Activity) -> Array:
        """Dues (F,) on refined material by what each bought, and on components by what it imported, EUR."""
        refined = np.einsum("gljm,gjm->lm", self.own("material_duty"), activity.refined_import_share)
        components = np.einsum("gljm,gjm->lm", self.own("component_duty"), activity.component_import_value)
        bought = activity.primary_bought * activity.price_outside
        imported = activity.imported_component_content
        share = imported / np.maximum(imported.sum(axis=0), 1e-300)
        return np.asarray((bought * refined[activity.maker_leaf] + share * components[activity.maker_leaf]).sum(axis=1))

    def products_with_it(self, config: Any) -> Mask:
        """Products in scope (P,) that contain a material in scope."""
        tables = [getattr(config.products, name) for name in (*config.components.ids, "direct")]
        inside = np.any([np.asarray(table)[:, self.materials].any(axis=1) for table in tables], axis=0)
        return np.asarray(self.products & inside)

    def pay_by_household(self, books: Any, activity: Activity, cost: float, month: int) -> None:
        """Pay for a programme that costs EUR a year for each household in the area, at the strength of the month."""
        if self.status != IN_FORCE:
            return
        rate = cost / 12.0 * self.strength(month) * (self.intensity > 0.0)
        self.pay_for_programme(books, activity, rate * activity.households * self.leaves)

    def pay_for_programme(self, books: Any, activity: Activity, claims: Array) -> None:
        """Pay the domestic economy what a programme costs by leaf (L,) in EUR, within the cap."""
        self.pay(books, "public_programmes", activity.domestic_account.repeat(len(claims)), claims)

    def book_spending(self, amount: float) -> None:
        """Count EUR as paid by this instrument."""
        self.paid += amount
        self.total_paid += amount
        if self.fund is not None:
            own = max(self.own_cap - self.spent, 0.0)
            self.fund.draw(max(amount - own, 0.0))
            amount = min(amount, own)
        self.spent += amount

    def exhaust(self) -> None:
        """The cap bites: nothing more until January."""
        if self.status != SUSPENDED:
            self.status = CAPPED if self._month <= self.end else ENDED
        self.spent = max(self.spent, self.cap)
        self._report(self._month, "capped", "budget_spent", self.cap)

    def collect(self, books: Any, kind: str, payer: Rows, amounts: Array) -> None:
        """Collect EUR (n,) for its government."""
        rows = amounts.nonzero()[0]
        if len(rows) == 0:
            return
        books.pay(kind, payer[rows], self.account, amounts[rows])
        self.book_revenue(float(np.add.reduce(amounts)))

    def book_revenue(self, amount: float) -> None:
        """Count EUR as received through this instrument."""
        self.received += amount
        self.total_received += amount


def _chosen(table: Any, identifiers: Any, key: str) -> Mask:
    """Entries of a table (n,) that are in scope; all when none are named."""
    mask = np.full(len(table), identifiers is None)
    try:
        for identifier in identifiers or ():
            mask[table.index(identifier)] = True
    except ConfigError as error:
        raise error.inside(key) from None
    return mask
