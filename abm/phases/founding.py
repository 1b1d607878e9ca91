"""The organisations that exist at the start, sized to first demand."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from abm.agents.firms import CIRCULAR, COMPONENT, KINDS, LINEAR, REFURBISHER, SERVICE

Array = NDArray[np.float64]
Rows = NDArray[np.int64]


def found_firms(model: Any, first_demand: Array) -> Array:
    """Set up makers, component makers, refurbishers and service providers.

    `first_demand` (3, P, L) is the first monthly demand of households, business and government. Returns
    start sales at home per firm (F,), products a month.
    """
    config, products = model.config, model.config.products
    leaves = config.leaves
    households = first_demand[0].sum(axis=1)
    used = np.asarray(products.used_share)
    total = first_demand.sum(axis=(0, 2)) - households * used
    circular = np.asarray(products.circular_share) + np.asarray(products.service_share)
    sales = {
        LINEAR: total * (1.0 - circular) * np.asarray(products.home_share),
        CIRCULAR: total * circular,
        REFURBISHER: households * used,
        SERVICE: total * np.asarray(products.service_share),
    }
    counts = {
        LINEAR: products.makers,
        CIRCULAR: products.circular_makers,
        REFURBISHER: products.refurbishers,
        SERVICE: products.service_providers,
    }
    rows: list[tuple[int, int, int, float]] = []
    for kind, table in counts.items():
        number = np.rint(np.asarray(table)[:, leaves])
        for product, leaf in np.argwhere(number > 0):
            each = sales[kind][product] / number[product].sum()
            rows.extend([(kind, int(product), int(leaf), float(each))] * int(number[product, leaf]))
    start_sales = _found_makers(model, rows)
    return np.concatenate([start_sales, _found_component_makers(model, total)])


def _found_makers(model: Any, rows: list[tuple[int, int, int, float]]) -> Array:
    config, products, structure = model.config, model.config.products, model.structure
    kind, product, leaf = (np.array([row[i] for row in rows], dtype=np.int64) for i in range(3))
    sales = np.array([row[3] for row in rows])
    makes = kind <= CIRCULAR
    need = structure.content[product] * makes[:, None]
    exports = np.where(makes, np.asarray(products.exports)[product], 0.0)
    output = sales * (1.0 + exports)
    price = np.asarray(products.price)[product] * _price_level(config, kind, product)
    premium = np.where(kind == CIRCULAR, 1.0 + np.asarray(products.circular_premium)[product], 1.0)
    unit_cost = price * premium / (1.0 + config.firms.markup)
    material = material_cost(model)[product]
    conversion = np.maximum(unit_cost - material, 0.05 * unit_cost)
    conversion = np.where(makes, conversion, 0.0)
    names = _names(model, kind, product, leaf)
    model.firms.found(
        0,
        names,
        kind,
        product,
        np.full(len(rows), -1),
        leaf,
        need,
        np.zeros(len(rows)),
        output * config.firms.capacity_slack,
        conversion,
        np.where(makes, conversion + material, unit_cost),
        np.full(len(rows), config.firms.markup),
        model.materials.log_price[1, 0],
    )
    _endow(model, np.arange(len(rows)), output * makes)
    return sales * makes


def _price_level(config: Any, kind: Rows, product: Rows) -> Array:
    """What a firm asks over the price of a new product: refurbishers the used price, providers their fee."""
    used = np.asarray(config.products.used_price)[product]
    fee = config.firms.service_cost * (1.0 + np.asarray(config.products.circular_premium)[product])
    return np.select([kind == REFURBISHER, kind == SERVICE], [used, fee], 1.0)


def material_cost(model: Any) -> Array:
    """Cost of materials and components per product at the start (P,), EUR."""
    markets, structure = model.components, model.structure
    price = markets.prices(model.materials.price[1])
    mean = (markets.share[:, :, None] * price).sum(axis=1)  # (C, M)
    outside = model.materials.price[1, 0]
    per_kg = (structure.part[:, :-1] * mean[None]).sum(axis=1) + structure.part[:, -1] * outside
    return (structure.content * per_kg).sum(axis=1)


def _found_component_makers(model: Any, total: Array) -> Array:
    """Home makers of components, sized to their share of what home makers of products need."""
    config, structure, table = model.config, model.structure, model.config.components
    firms, leaves = model.firms, model.config.leaves
    makes = firms.kind <= CIRCULAR
    part = structure.part[firms.product, :-1]
    output = firms.orders * makes
    needed = np.einsum("f,fcm,fm->cm", output, part, structure.content[firms.product])
    number = np.rint(np.asarray(table.makers)[:, leaves])
    cells = [(int(c), int(leaf)) for c, leaf in np.argwhere(number > 0) for _ in range(int(number[c, leaf]))]
    if not cells:
        return np.zeros(0)
    component, leaf = (np.array([cell[i] for cell in cells], dtype=np.int64) for i in range(2))
    each = (needed.sum(axis=1) * np.asarray(table.home_share) / np.maximum(number.sum(axis=1), 1))[component]
    whole = needed.sum(axis=1, keepdims=True)
    mix = np.divide(needed, whole, out=np.zeros_like(needed), where=whole > 0.0)[component]
    conversion = (np.asarray(table.conversion_cost) * np.asarray(table.home_cost_ratio))[component]
    scrap = np.asarray(table.scrap_rate)[component]
    material = (mix * model.materials.price[1, 0]).sum(axis=1) / (1.0 - scrap)
    kind = np.full(len(cells), COMPONENT)
    count = len(firms)
    firms.found(
        0,
        _component_names(model, component, leaf),
        kind,
        np.full(len(cells), -1),
        component,
        leaf,
        mix,
        scrap,
        each * config.firms.capacity_slack,
        conversion,
        conversion + material,
        np.asarray(table.markup)[component],
        model.materials.log_price[1, 0],
    )
    _endow(model, np.arange(count, len(firms)), each)
    return np.zeros(len(cells))


def _endow(model: Any, rows: Rows, output: Array) -> None:
    """Usual stocks of inputs and finished goods, and cash."""
    firms, books, terms = model.firms, model.books, model.config.firms
    inputs = terms.input_cover * output[:, None] * firms.gross_need[rows]
    books.endow(firms.inputs[rows], inputs)
    firms.units[rows] = terms.finished_cover * output
    books.endow(firms.finished[rows], firms.units[rows][:, None] * firms.need[rows])
    firms.sold[rows] = output
    firms.made[rows] = output
    fund(model, firms, rows, terms.liquidity, terms.leverage)


def fund(model: Any, organisations: Any, rows: Rows, liquidity: float, leverage: float) -> None:
    """Owners' cash for `liquidity` months of cost, and debt at `leverage` times capital, at the start.

    The loan was spent on the plant, by payment to the domestic economy.
    """
    books, account = model.books, organisations.account[rows]
    books.pay("equity", model.accounts.domestic, account, liquidity * organisations.monthly_cost[rows])
    debt = leverage * organisations.capital[rows]
    books.lend(account, debt)
    books.pay("capital_spending", account, model.accounts.domestic, debt)


def _names(model: Any, kind: Rows, product: Rows, leaf: Rows) -> list[str]:
    config, names = model.config, []
    seen: dict[tuple[int, int, int], int] = {}
    for k, p, where in zip(kind, product, leaf, strict=True):
        seen[k, p, where] = seen.get((k, p, where), 0) + 1
        place = config.jurisdictions.ids[config.leaves[where]]
        names.append(f"{KINDS[k]} of {config.products.ids[p]} {seen[k, p, where]} in {place}")
    return names


def _component_names(model: Any, component: Rows, leaf: Rows) -> list[str]:
    config, names = model.config, []
    seen: dict[tuple[int, int], int] = {}
    for c, where in zip(component, leaf, strict=True):
        seen[c, where] = seen.get((c, where), 0) + 1
        names.append(
            f"{config.components.ids[c]} maker {seen[c, where]} in {config.jurisdictions.ids[config.leaves[where]]}"
        )
    return names


def found_recyclers(model: Any) -> None:
    """Recyclers at work at the start, with stocks of scrap for a month."""
    config, streams, recyclers = model.config, model.config.streams, model.recyclers
    leaves = config.leaves
    capacity = np.asarray(streams.capacity)[:, leaves] * 1000.0 / 12.0
    number = np.rint(np.asarray(streams.plants)[:, leaves]) * (capacity > 0.0)
    cells = [(int(s), int(leaf)) for s, leaf in np.argwhere(number > 0) for _ in range(int(number[s, leaf]))]
    if not cells:
        return
    stream, leaf = (np.array([cell[i] for cell in cells], dtype=np.int64) for i in range(2))
    each = capacity[stream, leaf] / number[stream, leaf]
    capital = each * 12.0 * np.asarray(streams.capital_cost)[stream] * 0.5  # half written down
    in_stream = np.bincount(stream, each, len(streams))[stream]
    experience = 36.0 * (each + config.recyclers.spillover * (in_stream - each))  # three years, others' in part
    rows = recyclers.found(0, stream, leaf, each, 0.0, experience, capital)
    used = np.minimum(config.recyclers.feed_cover * each, each)
    recyclers.feed[rows] = used
    content = used[:, None] * model.stream_content[stream]
    model.books.endow(recyclers.feed_place[rows], content)
    # Until goods sold in numbers come back, plants live on scrap of makers.
    recyclers.other_feed[rows] = used * model.stream_other[stream]
    recyclers.monthly_cost[rows] = (
        each * (np.asarray(streams.processing_cost) + np.asarray(streams.transport_cost))[stream]
    )
    fund(model, recyclers, rows, config.recyclers.liquidity, config.recyclers.leverage)
