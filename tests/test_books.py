"""The books: verbs move money and mass between two sides, and whatever goes around the verbs is caught at closing."""

import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from abm.books import MASS_KINDS, MONEY_KINDS, TOLERANCE, Books, BooksError
from abm.model import CircularTransition

ACCOUNTS = ("maker", "dealer", "household", "bank")
PLACES = ("mine", "works", "shop", "tip")
MAKER, DEALER, HOUSEHOLD, BANK = range(4)
MINE, WORKS, SHOP, TIP = range(4)
METALS = ("tin", "zinc")

Build = Callable[..., CircularTransition]


@pytest.fixture
def books() -> Books:
    """Four accounts, of which a bank; four places, of which a mine with 100 kg of tin and 50 of zinc."""
    books = Books(METALS)
    books.account(*ACCOUNTS[:BANK])
    books.account(ACCOUNTS[BANK], lender=True)
    books.place(*PLACES)
    books.endow(MINE, np.array([100.0, 50.0]))
    books.start()
    return books


def rows(*numbers: int) -> np.ndarray:
    return np.array(numbers, dtype=np.int64)


def kilograms(*amounts: Any) -> np.ndarray:
    return np.array(amounts, dtype=np.float64)


# --- Money ----------------------------------------------------------------------------------------


def test_a_payment_has_a_payer_and_a_payee(books: Books) -> None:
    books.pay("retail_sales", HOUSEHOLD, DEALER, 30.0)
    books.pay("product_sales", DEALER, MAKER, np.float64(20.0))
    assert books.cash.tolist() == [20.0, 10.0, -30.0, 0.0]
    assert books.month_flow("retail_sales").tolist() == [0.0, 30.0, -30.0, 0.0]
    assert books.month_flow("product_sales").tolist() == [20.0, -20.0, 0.0, 0.0]
    assert books.month_flow("income").tolist() == [0.0] * 4
    books.close(0)


def test_many_pay_one_and_one_pays_many(books: Books) -> None:
    books.pay("income", rows(MAKER, DEALER), HOUSEHOLD, kilograms(3.0, 4.0))
    assert books.cash.tolist() == [-3.0, -4.0, 7.0, 0.0]
    books.pay("income", HOUSEHOLD, rows(MAKER, DEALER), kilograms(3.0, 4.0))
    assert books.cash.tolist() == [0.0] * 4
    books.pay("labour", rows(MAKER, DEALER), rows(HOUSEHOLD, BANK), kilograms(1.0, 2.0))
    assert books.cash.tolist() == [-1.0, -2.0, 1.0, 2.0]
    books.close(0)


def test_an_account_may_stand_in_several_rows(books: Books) -> None:
    books.pay("labour", rows(MAKER, MAKER, DEALER), rows(HOUSEHOLD, HOUSEHOLD, MAKER), kilograms(1.0, 2.0, 4.0))
    assert books.cash.tolist() == [1.0, -4.0, 3.0, 0.0]
    books.close(0)


@pytest.mark.parametrize(("payer", "payee"), [(HOUSEHOLD, rows(0, 1, 3)), (rows(0, 1, 3), HOUSEHOLD)])
def test_one_amount_is_paid_on_every_row(books: Books, payer: Any, payee: Any) -> None:
    books.pay("income", payer, payee, 5.0)
    sign = 1.0 if payer is HOUSEHOLD else -1.0
    assert books.cash.tolist() == [5.0 * sign, 5.0 * sign, -15.0 * sign, 5.0 * sign]
    books.close(0)


def test_nobody_pays_nobody(books: Books) -> None:
    books.pay("income", MAKER, rows(), kilograms())
    books.pay("income", rows(), MAKER, kilograms())
    books.pay("income", MAKER, rows(), 5.0)
    books.pay("income", rows(), MAKER, 5.0)
    assert books.cash.tolist() == [0.0] * 4
    books.close(0)


def test_loans_are_assets_of_the_bank_and_debts_of_others(books: Books) -> None:
    books.lend(MAKER, 100.0)
    books.lend(rows(DEALER, DEALER), kilograms(10.0, 20.0))
    books.repay(MAKER, 40.0)
    books.pay("interest", MAKER, BANK, 5.0)
    assert books.debt.tolist() == [60.0, 30.0, 0.0, 0.0]
    assert books.cash.tolist() == [55.0, 30.0, 0.0, -85.0]
    assert books.net_financial_assets.tolist() == [-5.0, 0.0, 0.0, 5.0]
    assert books.lender_equity == 5.0
    books.close(0)


def test_what_is_written_off_is_lost_by_the_bank(books: Books) -> None:
    books.lend(MAKER, 100.0)
    books.pay("other_inputs", MAKER, DEALER, 100.0)
    books.write_off(MAKER, 100.0)
    assert books.debt[MAKER] == 0.0
    assert books.lender_equity == -100.0
    assert books.net_financial_assets.tolist() == [0.0, 100.0, 0.0, -100.0]
    books.close(0)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["pay", "lend", "repay", "write_off"]),
            st.integers(0, 2),
            st.integers(0, 3),
            st.floats(0, 1e12, allow_subnormal=False),
            st.booleans(),
        ),
        max_size=30,
    )
)
def test_the_books_agree_with_a_ledger_kept_by_hand(steps: list[tuple[str, int, int, float, bool]]) -> None:
    """Net financial assets add up to zero whatever happens, and each account to its own postings."""
    books = Books(METALS)
    books.account(*ACCOUNTS[:BANK])
    books.account(ACCOUNTS[BANK], lender=True)
    books.place(*PLACES)
    books.start()
    cash, debt, gross = [0.0] * 4, [0.0] * 4, 1.0
    for month, (verb, one, other, amount, closes) in enumerate(steps):
        payer, payee = {"pay": (one, other), "lend": (BANK, one), "repay": (one, BANK)}.get(verb, (one, one))
        books.pay("income", one, other, amount) if verb == "pay" else getattr(books, verb)(one, amount)
        cash[payer] -= amount
        cash[payee] += amount
        debt[one] += {"lend": amount, "repay": -amount, "write_off": -amount}.get(verb, 0.0)
        gross += amount
        if closes:
            books.close(month)
            books.begin_month()
    assert np.allclose(books.cash, cash, rtol=0.0, atol=1e-12 * gross)
    assert np.allclose(books.debt, debt, rtol=0.0, atol=1e-12 * gross)
    assert abs(books.net_financial_assets.sum()) <= 1e-12 * gross
    books.close(len(steps))
    assert books.worst_residual <= TOLERANCE


# --- Mass -----------------------------------------------------------------------------------------


def test_a_kilogram_leaves_one_place_for_another(books: Books) -> None:
    books.move("mining", MINE, WORKS, kilograms(10.0, 0.0))
    books.move("delivery", rows(WORKS), rows(SHOP), kilograms([4.0, 0.0]))
    assert books.stock.tolist() == [[90.0, 50.0], [6.0, 0.0], [4.0, 0.0], [0.0, 0.0]]
    assert books.month_moved("mining").tolist() == [10.0, 0.0]
    assert books.month_moved("delivery").tolist() == [4.0, 0.0]
    assert books.month_moved("landfill").tolist() == [0.0, 0.0]
    books.close(0)


def test_one_place_against_many_gives_or_gets_the_sum(books: Books) -> None:
    books.move("mining", MINE, rows(WORKS, SHOP), kilograms([1.0, 2.0], [3.0, 4.0]))
    assert books.stock[[MINE, WORKS, SHOP]].tolist() == [[96.0, 44.0], [1.0, 2.0], [3.0, 4.0]]
    books.move("discard", rows(WORKS, SHOP), TIP, kilograms([1.0, 2.0], [3.0, 4.0]))
    assert books.stock[TIP].tolist() == [4.0, 6.0]
    books.close(0)


def test_each_month_has_a_journal_of_its_own(books: Books) -> None:
    books.pay("income", MAKER, HOUSEHOLD, 5.0)
    books.move("mining", MINE, WORKS, kilograms(1.0, 1.0))
    books.close(0)
    assert books.month_flow("income")[HOUSEHOLD] == 5.0  # still there for who reports on the month
    books.begin_month()
    assert not books.month_flow("income").any()
    assert not books.month_moved("mining").any()
    assert books.cash[HOUSEHOLD] == 5.0
    books.close(1)


def test_what_is_done_between_two_months_belongs_to_the_next(books: Books) -> None:
    books.close(0)
    books.pay("income", MAKER, HOUSEHOLD, 5.0)
    books.lend(MAKER, 7.0)
    books.move("mining", MINE, WORKS, kilograms(1.0, 1.0))
    books.begin_month()
    assert books.month_flow("income")[HOUSEHOLD] == 5.0
    books.close(1)


def test_newcomers_start_at_zero(books: Books) -> None:
    books.pay("income", MAKER, HOUSEHOLD, 5.0)
    (account,) = books.account("newcomer")
    first, second = books.place("yard", "shed")
    assert books.account_names[account] == "newcomer"
    assert books.place_names[second] == "shed"
    books.pay("equity", HOUSEHOLD, int(account), 2.0)
    books.move("mining", MINE, int(first), kilograms(1.0, 1.0))
    assert books.cash.tolist() == [-5.0, 0.0, 3.0, 0.0, 2.0]
    assert books.month_flow("income").tolist() == [-5.0, 0.0, 5.0, 0.0, 0.0]
    books.close(0)


def test_nothing_is_endowed_once_the_run_has_begun(books: Books) -> None:
    with pytest.raises(BooksError, match="only before the first month"):
        books.endow(MINE, np.ones(2))


@pytest.mark.parametrize("kind", ["bribes", *MASS_KINDS[:1]])
def test_money_of_an_unknown_kind_is_refused(books: Books, kind: str) -> None:
    with pytest.raises(KeyError, match=kind):
        books.pay(kind, MAKER, DEALER, 1.0)
    assert not books.cash.any()


@pytest.mark.parametrize("kind", ["smuggling", *MONEY_KINDS[:1]])
def test_mass_of_an_unknown_kind_is_refused(books: Books, kind: str) -> None:
    with pytest.raises(KeyError, match=kind):
        books.move(kind, MINE, WORKS, np.ones(2))
    assert books.stock[WORKS].tolist() == [0.0, 0.0]
    books.close(0)


# --- Closing --------------------------------------------------------------------------------------


def busy_month(books: Books) -> None:
    books.lend(MAKER, 100.0)
    books.pay("labour", MAKER, HOUSEHOLD, 60.0)
    books.move("mining", MINE, WORKS, kilograms(10.0, 10.0))


MUTATIONS: dict[str, tuple[Callable[[Books], object], str]] = {
    "cash appears": (lambda b: b.cash.__setitem__(DEALER, 5.0), "month 7: dealer is off by 5 EUR of cash"),
    "cash vanishes": (lambda b: b.cash.__setitem__(HOUSEHOLD, 59.0), "month 7: household is off by -1 EUR of cash"),
    "cash is no number": (lambda b: b.cash.__setitem__(MAKER, math.nan), "month 7: maker is off by nan EUR of cash"),
    "debt is forgotten": (lambda b: b.debt.__setitem__(MAKER, 0.0), "month 7: maker is off by -100 EUR of debt"),
    "debt appears": (lambda b: b.debt.__setitem__(DEALER, 3.0), "month 7: dealer is off by 3 EUR of debt"),
    "metal appears": (lambda b: b.stock.__setitem__((SHOP, 1), 2.5), "month 7: shop, zinc is off by 2.5 kg of stock"),
    "metal vanishes": (lambda b: b.stock.__setitem__((MINE, 0), 80.0), "month 7: mine, tin is off by -10 kg of stock"),
    "metal is no number": (
        lambda b: b.stock.__setitem__((WORKS, 0), math.nan),
        "month 7: works, tin is off by nan kg of stock",
    ),
}


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_a_change_around_the_verbs_is_caught_and_named(books: Books, mutation: str) -> None:
    change, message = MUTATIONS[mutation]
    busy_month(books)
    change(books)
    with pytest.raises(BooksError, match=f"^{re.escape(message)}$"):
        books.close(7)


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_a_change_between_two_months_is_caught_too(books: Books, mutation: str) -> None:
    change, _ = MUTATIONS[mutation]
    busy_month(books)
    books.close(7)
    change(books)
    books.begin_month()
    with pytest.raises(BooksError, match="month 8: "):
        books.close(8)


def test_a_transfer_around_the_verbs_is_caught_although_it_balances(books: Books) -> None:
    busy_month(books)
    books.cash[[DEALER, HOUSEHOLD]] += [5.0, -5.0]
    assert books.net_financial_assets.sum() == 0.0
    with pytest.raises(BooksError, match=r"month 1: (dealer|household) is off by -?5 EUR"):
        books.close(1)


def test_a_swap_of_places_is_caught_although_it_balances(books: Books) -> None:
    busy_month(books)
    books.stock[[WORKS, SHOP]] = books.stock[[SHOP, WORKS]]
    with pytest.raises(BooksError, match=r"month 1: (works|shop), (tin|zinc) is off by -?10 kg"):
        books.close(1)


def test_the_same_place_twice_on_one_side_is_caught(books: Books) -> None:
    books.move("mining", rows(MINE, MINE), WORKS, kilograms([1.0, 0.0], [2.0, 0.0]))
    with pytest.raises(BooksError, match=r"month 0: tin is off by [\d.]+ kg in all places together"):
        books.close(0)


def test_a_negative_stock_is_caught_and_named(books: Books) -> None:
    books.move("delivery", WORKS, SHOP, kilograms(0.0, 3.0))
    with pytest.raises(BooksError, match=r"^month 4: works, zinc holds -3 kg$"):
        books.close(4)


def test_rounding_of_a_busy_month_is_no_negative_stock(books: Books) -> None:
    books.move("mining", MINE, WORKS, kilograms(100.0, 0.0))
    books.move("delivery", WORKS, SHOP, kilograms(100.0 + 2e-8, 0.0))
    books.close(0)
    books.begin_month()
    books.close(1)
    books.move("delivery", WORKS, SHOP, kilograms(2e-6, 0.0))
    with pytest.raises(BooksError, match=r"works, tin holds -2.*e-06 kg"):
        books.close(2)


@pytest.mark.parametrize("amount", [1.0, 1e3, 1e9, 1e15])
def test_the_tolerance_is_relative_to_what_passes_through_an_account(books: Books, amount: float) -> None:
    books.pay("income", MAKER, DEALER, amount)
    books.pay("income", DEALER, MAKER, amount)
    books.cash[DEALER] += 0.5 * TOLERANCE * 2.0 * amount
    books.close(0)
    assert 0.0 < books.worst_residual <= TOLERANCE
    books.begin_month()
    books.pay("income", MAKER, DEALER, amount)
    books.pay("income", DEALER, MAKER, amount)
    books.cash[DEALER] += 4.0 * TOLERANCE * (2.0 * amount + 1.0)
    with pytest.raises(BooksError, match="dealer is off by"):
        books.close(1)


# --- In a running model ---------------------------------------------------------------------------


def steal(model: CircularTransition) -> str:
    model.books.cash[model.accounts.households[0]] += 1e9
    return r"month 2: households \S+ is off by 1e\+09 EUR of cash"


def forgive(model: CircularTransition) -> str:
    row = int(np.argmax(model.books.debt))
    amount = 0.5 * model.books.debt[row]
    model.books.debt[row] -= amount
    return re.escape(f"month 2: {model.books.account_names[row]} is off by {-amount:.6g} EUR of debt")


def conjure(model: CircularTransition) -> str:
    model.books.stock[model.places.landfill, 1] += 1e9
    return rf"month 2: landfill, {model.config.materials.ids[1]} is off by 1e\+09 kg of stock"


@pytest.mark.parametrize("bypass", [steal, forgive, conjure])
@pytest.mark.parametrize(
    ("phase", "verb"),
    [
        ("materials_trade", "run"),
        ("product_trade", "run"),
        ("end_of_life", "trade_scrap"),
        ("settlement", "run"),
        ("renewal", "run"),
    ],
)
def test_a_phase_that_bypasses_a_verb_stops_the_run(
    make: Build, monkeypatch: pytest.MonkeyPatch, phase: str, verb: str, bypass: Callable[[CircularTransition], str]
) -> None:
    model = make(households=40, months=4)
    model.step()
    model.step()
    proper, said = getattr(getattr(model, phase), verb), []

    def improper(*arguments: Any) -> Any:
        result = proper(*arguments)
        said.append(bypass(model))
        return result

    monkeypatch.setattr(getattr(model, phase), verb, improper)
    with pytest.raises(BooksError) as caught:
        model.step()
    assert re.fullmatch(said[0], str(caught.value))


def test_a_model_changed_by_hand_between_two_months_stops(make: Build) -> None:
    model = make(households=40, months=4)
    model.step()
    model.books.stock[model.places.ground] *= 1.001
    with pytest.raises(BooksError, match=r"month 1: ground, \S+ is off by"):
        model.step()


def test_the_model_uses_only_kinds_that_are_declared_and_every_month_closes(make: Build, run_out: Any) -> None:
    model = run_out(make(mix="push_and_pull", shocks="turbulent", households=60, months=36))
    assert 0.0 < model.books.worst_residual <= TOLERANCE
    assert abs(model.books.net_financial_assets.sum()) <= TOLERANCE * np.abs(model.books.cash).sum()


def test_rounding_of_a_busy_month_is_no_imbalance_in_a_quiet_one() -> None:
    books = Books(("a",))
    one, other = (int(account) for account in books.account("one", "other"))
    books.place("somewhere")
    books.begin_month()
    books.pay("labour", one, other, 1.8525806458656007)
    books.pay("labour", one, one, 134217727.0)
    books.close(0)
    for month in (1, 2):
        books.begin_month()
        books.close(month)
