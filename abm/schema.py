"""Every parameter of the model: its meaning, unit and admissible range.

Values, plausible ranges and sources stand in the TOML files of `config/`. One class below
describes one kind of entry; a class with `folder` has one file per entry, one with `file`
has one table per entry, and one with `section` is a single table of `base.toml`.
"""

from abm.parameters import Declaration, choice, flag, quantity, reference, series


class Jurisdiction(Declaration, file="jurisdictions", table="jurisdictions"):
    """A node of the tree of jurisdictions; households, firms and recyclers live in its leaves."""

    parent = reference("The jurisdiction of which this one is a part", "jurisdictions", optional=True)
    level = choice("Level of government", ("world", "union", "national", "regional", "abroad"))
    government = flag("Whether this level has a government with a budget of its own in the model")
    domestic = flag("Whether households, firms and recyclers live here; the others are the world outside")
    state_backed = flag("Whether it is a bloc that uses materials as a strategic means")
    active = flag("Whether a state-backed bloc acts strategically; if not, it trades like any country")
    households = quantity("Number of households", "1", 0, 1e10)
    sample_share = quantity("Share of the sampled households that live here", "1", 0, 1)
    income = quantity("Median disposable income of a household", "EUR/yr", 1, 1e6)
    income_spread = quantity("Standard deviation of the logarithm of household income", "1", 0, 2)
    wage = quantity("Labour cost of a technical worker", "EUR/yr", 1, 1e6)
    technicians = quantity("Technical workers available to the modelled activities at the start", "1", 1, 1e8)
    vacancy_rate = quantity("Share of technical jobs that are vacant at the start", "1", 0.001, 0.3)
    energy_price = quantity("Price of electricity and gas for industry", "EUR/MWh", 0, 2000)
    budget = series("Budget for the circular economy in a year", "EUR/yr", 0, 1e12)
    value_added_tax = quantity("Value-added tax rate on goods bought by households", "1", 0, 0.5)
    origin_risk = quantity("Environmental and social risk of what is made there, from none to the worst", "1", 0, 1)


class Bloc(Declaration, file="jurisdictions", table="blocs"):
    """How a state-backed bloc decides between normal trade, restriction, flooding and retaliation."""

    jurisdiction = reference("The jurisdiction that the bloc controls", "jurisdictions")
    patience = quantity("Months for which the bloc bears what flooding a market or retaliating costs", "month", 0, 240)
    share_threshold = quantity(
        "Share of others in a stage's capacity, existing or announced, above which it floods", "1", 0, 1
    )
    leverage_threshold = quantity("Own share of a stage's output above which restricting gives leverage", "1", 0, 1)
    restrict_hazard = quantity("Yearly chance that tension makes it restrict a material it dominates", "1/yr", 0, 1)
    restrict_depth = quantity("Share of normal exports withheld in a restriction", "1", 0, 1)
    restrict_duration = quantity("Mean length of a restriction", "month", 1, 240)
    flood_discount = quantity("Price of flooded material as a share of rivals' cash cost", "1", 0.1, 1)
    flood_capacity = quantity("Extra output when flooding, as a share of normal output", "1", 0, 3)
    state_stock = quantity("State stock at the start, in months of its own output", "month", 0, 60)
    purse = quantity("Yearly sum the state will lose on its strategy before it stops", "EUR/yr", 0, 1e13)
    retaliation = quantity("Value of what it withholds in retaliation over what duties cost it", "1", 0, 20)
    retaliation_threshold = quantity("What duties must cost it, over its sales there, before it retaliates", "1", 0, 10)
    stockpile_threshold = quantity("Months of use that others may stockpile before it restricts", "month", 0, 1200)
    heeds_support = quantity("Rise of the rivals' share that it expects per unit of support over price", "1", 0, 5)
    component_depth = quantity("What it withholds in components over their materials when it restricts", "1", 0, 1)
    component_answer = quantity("What it withholds in components over their materials in retaliation", "1", 0, 1)
    goods_discount = quantity("Discount on goods made of a material that it floods, which its purse pays", "1", 0, 0.9)
    smuggling = quantity("Share of withheld exports that leaks per unit of relative price gap", "1", 0, 5)


class Material(Declaration, folder="materials"):
    """A raw material, traded as concentrate (stage extraction) and refined (stage refining)."""

    parts = (("essential_share", "marginal_share"),)
    price = quantity("Price of the refined material outside the blocs at the start", "EUR/kg", 1e-4, 1e7)
    long_run_cost = quantity("Long-run marginal cost, return on capital included", "EUR/kg", 1e-4, 1e7)
    refining_share = quantity("Share of refining in the cost of refined material", "1", 0.01, 0.99)
    world_use = quantity("World use of the refined material in the start year", "t/yr", 0, 1e9)
    use_share = quantity(
        "Share of world use, other than by the modelled firms, that takes place in a jurisdiction",
        "1",
        0,
        1,
        per="jurisdictions",
    )
    demand_multiple = quantity("World use in 2040 over use in 2024, from growth of its end uses", "1", 0.2, 20)
    elasticity_short = quantity("Price elasticity of use within the month, as a positive number", "1", 0, 2)
    elasticity_long = quantity("Price elasticity of use after adaptation, as a positive number", "1", 0, 3)
    adaptation_time = quantity("Time in which use adapts to a lasting price", "yr", 0.1, 30)
    essential_share = quantity("Share of use that is given up only at a very high price", "1", 0, 1)
    marginal_share = quantity("Share of use that is given up at a moderately high price", "1", 0, 1)
    demand_noise = quantity("Standard deviation of the yearly shock to the logarithm of demand", "1", 0, 1)
    supply_noise = quantity("Standard deviation of the yearly shock to the logarithm of supply", "1", 0, 1)
    merchant_cover = quantity("Merchants' usual stocks, in months of use", "month", 0, 24)
    merchant_limit = quantity("Largest stocks that merchants can finance, in months of use", "month", 0, 60)
    trend_following = quantity("Share of a recent price trend that merchants expect to go on", "1", 0, 3)
    news = quantity("Standard deviation of monthly news to the logarithm of the price expected", "1", 0, 0.5)
    freight = quantity("Freight and insurance from the bloc, as a share of the price", "1", 0, 0.5)
    quality_discount = quantity("Discount of secondary material against primary", "1", 0, 0.9)
    carbon = quantity("Greenhouse gases of primary material, cradle to gate", "kg CO2e/kg", 0, 1e5)
    rock = quantity("Rock, overburden and ore moved to mine primary material", "kg/kg", 0, 1e6)
    carbon_saving = quantity("Part of those greenhouse gases saved by secondary material", "1", 0, 1)
    ground = quantity("Ore in the ground counted as reachable, in years of world use", "yr", 40, 1e5)
    recycled_abroad = quantity("Secondary material in the supply of the world outside, as a share of use", "1", 0, 1)
    observed_volatility = quantity("Observed yearly standard deviation of log returns, for validation", "1", 0, 3)
    observed_recycling_input = quantity("Observed EU end-of-life recycling input rate, for validation", "1", 0, 1)


class Producer(Declaration, folder="materials", table="producers"):
    """A mine or refinery of a country, aggregated where small; stands in its main product's file."""

    jurisdiction = reference("Where it is", "jurisdictions")
    stage = choice("Stage of the chain", ("extraction", "refining"))
    capacity = quantity("Capacity in the start year, in main product", "t/yr", 0, 1e9)
    cash_cost = quantity("Avoidable cost of its stage alone per kg of main product", "EUR/kg", 1e-4, 1e7)
    host = quantity("1 if the main product is itself a by-product of something not modelled, else 0", "1", 0, 1)
    coproducts = quantity("Mass of another material that comes with a kg of main product", "1", 0, 1e3, per="materials")
    other_revenue = quantity("Revenue from products not modelled per kg of main product", "EUR/kg", 0, 1e7)
    capital_cost = quantity("Capital cost of new capacity", "EUR per kg/yr", 0, 1e7)
    greenfield = quantity("Lead time of a new site", "yr", 0, 40)
    brownfield = quantity("Lead time of an extension", "yr", 0, 20)
    energy_share = quantity("Share of energy in avoidable cost", "1", 0, 1)
    pipeline = series("Capacity under construction or planned that opens in a year", "t/yr", 0, 1e9)


class Component(Declaration, file="components", table="components"):
    """A group of components between material and product."""

    parts = (("energy_share", "labour_share"),)
    conversion_cost = quantity("Cost of conversion per kg of contained material", "EUR/kg", 0, 1e5)
    markup = quantity("Usual markup over cost", "1", 0, 2)
    scrap_rate = quantity("Share of the material input that ends as manufacturing scrap", "1", 0, 0.8)
    home_share = quantity("Share of home use that home makers supply at the start", "1", 0, 1)
    import_share = quantity(
        "Share of imports that comes from a jurisdiction at the start", "1", 0, 1, per="jurisdictions"
    )
    home_cost_ratio = quantity("Conversion cost at home over that of imports", "1", 0.5, 10)
    origin_elasticity = quantity("Elasticity of substitution between origins", "1", 0, 20)
    makers = quantity("Number of home makers in a jurisdiction", "1", 0, 50, per="jurisdictions")
    capital_cost = quantity("Capital cost of capacity", "EUR per kg/yr", 0, 1e6)
    energy_share = quantity("Share of energy in conversion cost", "1", 0, 1)
    labour_share = quantity("Share of labour in conversion cost", "1", 0, 1)


class Product(Declaration, folder="products"):
    """A product group with its bill of materials, its owners and its fate."""

    parts = (("circular_share", "service_share"),)
    price = quantity("Price of a new linear product without value-added tax", "EUR", 1, 1e8)
    mass = quantity("Mass of a product that reaches recyclers", "kg", 0.01, 1e7)
    magnet = quantity("Material in the magnets of one product", "kg", 0, 1e6, per="materials")
    cell = quantity("Material in the battery cells of one product", "kg", 0, 1e6, per="materials")
    electronics = quantity("Material in the electronics of one product", "kg", 0, 1e6, per="materials")
    direct = quantity("Material that the maker of one product buys itself", "kg", 0, 1e6, per="materials")
    mass_share = quantity("Share of the mass in a component; the rest is in the body", "1", 0, 1, per="components")
    hazardous = quantity("Substances of concern in a product, share of its mass", "1", 0, 1)
    other_value = quantity("Value of other recoverables (precious metals, steel, aluminium)", "EUR", 0, 1e7)
    other_value_share = quantity(
        "Share of that value in a component; the rest is in the body", "1", 0, 1, per="components"
    )
    route = reference("Recycling stream of the body", "streams")
    component_route = reference("Recycling stream of a component", "streams", per="components")
    lifetime = quantity("Mean life", "yr", 0.5, 60)
    lifetime_shape = quantity("Shape of the Weibull distribution of life", "1", 0.5, 15)
    upgrade = quantity("Mean time after which an owner considers a newer one", "yr", 0.5, 100)
    repairable = quantity("Share of failures that can be repaired", "1", 0, 1)
    repair_cost = quantity("Cost of a repair over the price of a new product", "1", 0, 2)
    repair_life = quantity("Remaining life after repair over the mean life", "1", 0.01, 1)
    household_stock = quantity("Products in use by households", "1", 0, 1e10, per="jurisdictions")
    business_stock = quantity("Products in use by business", "1", 0, 1e10, per="jurisdictions")
    public_stock = quantity("Products in use by government", "1", 0, 1e10, per="jurisdictions")
    past_growth = quantity("Growth of sales in the years before the start", "1/yr", -0.2, 1)
    stock_multiple = quantity(
        "Stock in use at saturation over the stock at the start", "1", 0.1, 1000, per="jurisdictions"
    )
    stock_midpoint = quantity("Year in which half of that growth has taken place", "yr", 1990, 2100)
    stock_speed = quantity("Steepness of that growth", "1/yr", 0.01, 2)
    used_price = quantity("Price of a used or refurbished product over a new one", "1", 0.01, 1)
    refurbish_cost = quantity("Cost of refurbishing over the price of a new product", "1", 0, 1)
    used_share = quantity("Share of purchases that was used or refurbished at the start", "1", 0, 1)
    circular_share = quantity("Share of new purchases of circular design at the start", "1", 0, 1)
    service_share = quantity("Share of new purchases as a service at the start", "1", 0, 1)
    circular_premium = quantity("Extra cost of a circular design", "1", -0.5, 2)
    circular_life = quantity("Life of a circular design over that of a linear one", "1", 0.5, 4)
    circular_yield = quantity("Gain in recovery when a circular design is dismantled", "1", 0, 1)
    price_elasticity = quantity("Elasticity of substitution between offers", "1", 0, 20)
    drawer = quantity("Share of replaced products that stays in a drawer", "1", 0, 1)
    returned = quantity("Share of replaced products handed in", "1", 0, 1)
    sold_on = quantity("Share of replaced products sold on", "1", 0, 1)
    drawer_time = quantity("Mean time in a drawer", "yr", 0.1, 30)
    lost_abroad = quantity("Share of products collected or sold on that leaves as used exports", "1", 0, 1)
    home_share = quantity("Share of sales made at home at the start", "1", 0, 1)
    import_share = quantity("Share of imported products that comes from a jurisdiction", "1", 0, 1, per="jurisdictions")
    makers = quantity("Number of linear makers in a jurisdiction", "1", 0, 50, per="jurisdictions")
    circular_makers = quantity("Number of circular makers in a jurisdiction", "1", 0, 50, per="jurisdictions")
    refurbishers = quantity("Number of refurbishers in a jurisdiction", "1", 0, 50, per="jurisdictions")
    service_providers = quantity("Number of service providers in a jurisdiction", "1", 0, 50, per="jurisdictions")
    exports = quantity("Exports over home sales of home makers at the start", "1", 0, 10)
    import_cost_ratio = quantity("Cost of making it abroad over cost at home", "1", 0.2, 2)
    labour_share = quantity("Share of labour in the cost of making it", "1", 0, 0.95)  # the rest holds energy too


class Stream(Declaration, file="streams", table="streams"):
    """A stream of scrap with the technology that recovers its materials."""

    parts = (("energy_share", "labour_share"),)
    recovery = quantity("Share of a contained material recovered at functional grade", "1", 0, 1, per="materials")
    processing_cost = quantity("Cost of processing a kg of scrap at efficient scale", "EUR/kg", 1e-4, 1e4)
    transport_cost = quantity("Cost of dismantling and transport of a kg of scrap", "EUR/kg", 0, 1e4)
    cross_border_cost = quantity("Extra cost of a kg of scrap that crosses a border", "EUR/kg", 0, 1e4)
    haulage = quantity("Further cost of a kg of scrap fetched from the far end of the bloc", "EUR/kg", 0, 1e4)
    cross_border_limit = quantity("Share of scrap that may lawfully cross a border", "1", 0, 1)
    energy_share = quantity("Share of energy in processing cost", "1", 0, 1)
    labour_share = quantity("Share of labour in processing cost", "1", 0, 1)
    fixed_share = quantity("Share of processing cost that does not vary with output", "1", 0, 0.9)
    payable = quantity(
        "Part of the value that is paid when output leaves as an intermediate for want of a processor", "1", 0, 1
    )
    processed_at_home = quantity("Share of output that home processors can bring to functional grade", "1", 0, 1)
    capital_cost = quantity("Capital cost of capacity", "EUR per kg/yr", 0, 1e4)
    build_time = quantity("Time to build a plant", "yr", 0.1, 10)
    efficient_scale = quantity("Smallest efficient scale", "t/yr", 0, 1e8)
    learning = quantity("Fall in cost per doubling of cumulative output", "1", 0, 0.6)
    export_value = quantity("Value of scrap to foreign recyclers over its value at full recovery", "1", 0, 1)
    landfill_cost = quantity("Gate fee for landfill or incineration", "EUR/kg", 0, 10)
    capacity = quantity("Capacity of the recyclers in a jurisdiction at the start", "t/yr", 0, 1e8, per="jurisdictions")
    plants = quantity("Number of recyclers in a jurisdiction at the start", "1", 0, 50, per="jurisdictions")
    manufacturing_scrap = quantity(
        "Manufacturing scrap of makers not modelled that is offered in a jurisdiction",
        "t/yr",
        0,
        1e8,
        per="jurisdictions",
    )
    collected = quantity("Share of what business discards in this stream that is collected apart", "1", 0, 1)
    dismantled = quantity("Share of what households hand in of which this part is taken out apart", "1", 0, 1)
    binned_treated = quantity("Share of uncollected scrap that reaches mixed metal recycling", "1", 0, 1)


class Time(Declaration, section="time"):
    start = quantity("First year", "yr", 1990, 2100)
    months = quantity("Months in a run", "month", 1, 1200)


class HouseholdBehaviour(Declaration, section="households"):
    number = quantity("Number of sampled households", "1", 10, 2e6)
    neighbours = quantity("Neighbours in the social network", "1", 2, 50)
    rewiring = quantity("Share of random links in the small-world network", "1", 0, 1)
    attitude_mean = quantity("Mean environmental attitude", "1", 0, 1)
    attitude_spread = quantity("Standard deviation of attitude", "1", 0, 1)
    aware_share = quantity("Share of households that knows circular offers at the start", "1", 0, 1)
    awareness_by_peers = quantity(
        "Chance per decision to learn of circular offers if all neighbours own one", "1", 0, 1
    )
    trust_mean = quantity("Mean trust in refurbished goods", "1", 0, 1)
    trust_spread = quantity("Standard deviation of trust", "1", 0, 1)
    trust_by_experience = quantity("Change of trust after a good or bad experience", "1", 0, 1)
    attitude_by_peers = quantity("Move of attitude towards that of owners among neighbours, per decision", "1", 0, 1)
    price_weight = quantity("Weight of price over monthly income in the choice of an offer", "1", 0, 50)
    durability_weight = quantity("Weight of relative life", "1", 0, 10)
    circularity_weight = quantity("Weight of circularity times attitude", "1", 0, 10)
    peer_weight = quantity("Weight of the share of neighbours who own circular", "1", 0, 10)
    trust_weight = quantity("Weight of trust in the choice of used goods", "1", 0, 10)
    nest_scale = quantity("Scale of the nest of new offers, 1 being plain logit", "1", 0.05, 1)
    repair_preference = quantity("Preference for repair beyond its price", "1", -10, 10)
    wait_time = quantity("Mean time until the owner thinks again after keeping an item", "yr", 0.1, 10)
    convenience_mean = quantity("Mean convenience of handing in", "1", 0, 1)
    convenience_spread = quantity("Standard deviation of convenience", "1", 0, 1)
    subjective_norm_weight = quantity("Weight of neighbours in what to do with an old item", "1", 0, 2)
    control_weight = quantity("Weight of convenience in what to do with an old item", "1", 0, 2)
    attitude_weight = quantity("Weight of attitude in what to do with an old item", "1", 0, 2)
    deposit_response = quantity("Utility of a refund of one per cent of the price of a new product", "1", 0, 5)


class FirmBehaviour(Declaration, section="firms"):
    markup = quantity("Usual markup over unit cost", "1", 0, 2)
    markup_speed = quantity("Monthly change of markup for a unit change of the share sold", "1", 0, 1)
    order_smoothing = quantity("Time over which dealers and makers smooth orders", "month", 1, 36)
    trade_in_time = quantity("Mean time for which traders keep goods that nobody refurbishes yet", "month", 1, 60)
    dealer_cover = quantity("Dealers' usual stock", "month", 0.5, 12)
    finished_cover = quantity("Makers' usual stock of finished goods", "month", 0.1, 12)
    input_cover = quantity("Makers' usual stock of inputs", "month", 0.1, 12)
    precaution = quantity("Extra months of input cover when supply risk is felt to be certain", "month", 0, 24)
    risk_memory = quantity("Time over which a shortage or price jump is remembered", "month", 1, 120)
    expectation_time = quantity("Time over which price expectations adapt", "month", 1, 120)
    thrift_limit = quantity("Largest share of a material that designers can save in the end", "1", 0, 0.9)
    thrift_speed = quantity("Share of use saved per year when the price is double its usual level", "1/yr", 0, 1)
    thrift_return = quantity("Share of thrift undone per year when the price is back", "1/yr", 0, 1)
    substitution_speed = quantity(
        "Share of what is left to replace by a proven substitute of half the cost that designers replace in a year",
        "1/yr",
        0,
        2,
    )
    hurdle_rate = quantity("Return that an investment must promise", "1/yr", 0, 1)
    depreciation = quantity("Yearly depreciation of plant", "1/yr", 0, 1)
    capacity_slack = quantity("Capacity over usual output at the start", "1", 1, 5)
    growth_limit = quantity("Largest growth of capacity in a year", "1/yr", 0, 5)
    build_time = quantity("Time to build capacity", "month", 0, 120)
    capital_per_revenue = quantity("Capital per yearly revenue of makers", "yr", 0.05, 5)
    liquidity = quantity("Cash at the start, in months of cost", "month", 0, 60)
    leverage = quantity("Debt at the start over capital", "1", 0, 1)
    entry_hazard = quantity("Yearly chance of an entrant in a niche that pays", "1/yr", 0, 5)
    cost_spread = quantity("Spread of conversion cost between makers: standard deviation of its logarithm", "1", 0, 1)
    fixed_cost_share = quantity("Share of a maker's cost that does not vary with output", "1", 0, 0.9)
    export_elasticity = quantity("Elasticity of exports to relative cost", "1", 0, 10)
    offtake_share = quantity("Share of inputs that makers buy under contract from recyclers at the start", "1", 0, 1)
    green_premium = quantity(
        "Premium that a buyer accepts for secondary material when supply risk is felt certain", "1", 0, 1
    )
    switch_hazard = quantity("Yearly chance that a linear maker reconsiders its design", "1/yr", 0, 2)
    service_cost = quantity("Running cost of a service provider over the price of the product", "1", 0, 1)


class RecyclerBehaviour(Declaration, section="recyclers"):
    margin = quantity("Margin that a bid for scrap leaves, over value", "1", 0, 1)
    bid_response = quantity("Sensitivity of scrap sellers to differences between bids", "1", 0, 50)
    feed_cover = quantity("Stock of scrap a recycler wants", "month", 0, 12)
    restart_time = quantity("Months to restart a plant that was shut", "month", 0, 36)
    shutdown_patience = quantity("Months under avoidable cost before a plant is shut", "month", 0, 60)
    spillover = quantity("Share of learning that other plants of a kind also gain", "1", 0, 1)
    scale_exponent = quantity("Rise in unit cost for a plant below efficient scale", "1", 0, 1)
    hurdle_rate = quantity("Return that an investment must promise", "1/yr", 0, 1)
    entry_hazard = quantity("Yearly chance of an entrant in a stream in which one would pay", "1/yr", 0, 5)
    cost_spread = quantity("Spread of processing cost between plants: standard deviation of its logarithm", "1", 0, 1)
    location_response = quantity("Rise in the log odds of a place per unit of yearly return it offers", "yr", 0, 1000)
    growth_limit = quantity("Largest growth of capacity in a year", "1/yr", 0, 5)
    permit_share = quantity("Share of the time to build a plant for permits and local opposition", "1", 0, 1)
    plant_life = quantity("Life of a plant", "yr", 1, 60)
    leverage = quantity("Debt over capital at the start", "1", 0, 1)
    liquidity = quantity("Cash at the start, in months of cost", "month", 0, 60)
    expectation_time = quantity("Time over which price expectations adapt", "month", 1, 120)


class ProducerBehaviour(Declaration, section="primary_producers"):
    margin_to_shut = quantity("Price over avoidable cost below which output is cut by half", "1", 0.1, 2)
    utilisation_usual = quantity("Usual utilisation of capacity", "1", 0.3, 1)
    utilisation_speed = quantity("Share of the gap to wanted output closed in a month", "1", 0.01, 1)
    utilisation_width = quantity("Relative spread of costs among the sites of a producer", "1", 0.01, 2)
    utilisation_elasticity = quantity("Elasticity of output of open sites to their margin", "1", 0, 2)
    byproduct_elasticity = quantity("Elasticity of the recovered share of a by-product to its price", "1", 0, 3)
    recovery_ceiling = quantity("Largest recovery of a by-product over usual recovery", "1", 1, 5)
    expectation_time = quantity("Time over which long price expectations adapt", "month", 1, 240)
    hurdle_rate = quantity("Return that an investment must promise", "1/yr", 0, 1)
    investment_response = quantity("Elasticity of wanted capacity to expected price over long-run cost", "1", 0, 10)
    forecast_weight = quantity("Weight of published demand forecasts in wanted capacity", "1", 0, 1)
    growth_limit = quantity("Largest growth of capacity in a year", "1/yr", 0, 5)
    debottleneck_limit = quantity("Capacity that debottlenecking can add in a year", "1/yr", 0, 1)
    debottleneck_time = quantity("Lead time of debottlenecking", "month", 0, 60)
    greenfield_share = quantity("Share of wanted capacity that needs a new site", "1", 0, 1)
    permit_share_mine = quantity("Share of a mine's lead time for permits and local opposition", "1", 0, 1)
    permit_share_refinery = quantity("Share of a refinery's lead time for permits and local opposition", "1", 0, 1)
    mothball_patience = quantity("Months of loss before a producer mothballs", "month", 0, 120)
    restart_time = quantity("Months to restart a mothballed producer", "month", 0, 120)
    capacity_life = quantity("Life of capacity", "yr", 5, 200)
    leverage = quantity("Debt over capital at the start", "1", 0, 1)
    liquidity = quantity("Cash at the start, in months of cost", "month", 0, 60)


class MerchantBehaviour(Declaration, section="merchants"):
    carry = quantity("Yearly cost of holding stock beyond interest", "1/yr", 0, 1)
    response = quantity("Elasticity of wanted stock to expected over current price", "1", 0, 20)
    trend_time = quantity("Time over which merchants measure a trend", "month", 0.5, 36)
    anchor_time = quantity("Time over which merchants form their idea of the usual price", "month", 1, 240)
    cost_weight = quantity("Weight of long-run cost, beside past prices, in that idea", "1", 0, 1)
    persistence = quantity("Part of a price's distance from usual that merchants expect to last", "1", 0, 1)
    precaution = quantity("Months by which wanted stocks rise per unit of supply withheld", "month", 0, 36)
    foresight = quantity("Rise of the logarithm of the expected price per unit of supply withheld", "1", 0, 20)
    rebuild_time = quantity("Time in which merchants fill or empty stocks", "month", 0.2, 24)
    convenience = quantity("Share of usual stocks that is never sold", "1", 0, 0.9)


class MarketRules(Declaration, section="markets"):
    choke_marginal = quantity("Price over usual at which marginal uses stop", "1", 1.1, 100)
    choke_middle = quantity("Price over usual at which middling uses stop", "1", 1.1, 500)
    choke_essential = quantity("Price over usual at which essential uses stop", "1", 1.5, 5000)
    smuggling_time = quantity("Time in which smuggling routes grow", "month", 1, 120)
    offtake_premium = quantity("Price of a contract over the spot price", "1", -0.5, 0.5)
    freight_share = quantity("Freight and insurance in the price of imported components and products", "1", 0, 0.5)
    noise_memory = quantity("Monthly persistence of demand and supply shocks", "1", 0, 0.999)
    common_cycle = quantity("Share of the demand shock common to all materials", "1", 0, 1)
    origin_elasticity = quantity("Elasticity of the choice of origin of refined material to duties", "1", 0, 50)
    growth_until = quantity("Year to which demand forecasts reach", "yr", 2030, 2100)


class Credit(Declaration, section="credit"):
    interest = quantity("Real interest rate on safe loans", "1/yr", 0, 1)
    spread = quantity("Spread of loans to the modelled firms", "1/yr", 0, 1)
    spread_by_loss = quantity("Rise of the spread per unit of recent loss rate", "1", 0, 20)
    loss_memory = quantity("Time over which lenders remember losses", "month", 1, 240)
    leverage_limit = quantity("Largest debt over capital", "1", 0, 1)
    risk_response = quantity("Fall of that limit when policy has no credibility", "1", 0, 1)
    spread_by_policy_risk = quantity("Rise of the spread per unit of credibility lost since the start", "1/yr", 0, 1)
    loan_term = quantity("Term of loans", "yr", 1, 40)
    overdraft = quantity("Months of cost that lenders let a firm overdraw", "month", 0, 60)
    equity = quantity("Equity that owners put into a new plant, over its cost", "1", 0, 1)
    own_stake = quantity("Least equity in a plant of which the loan is guaranteed, over its cost", "1", 0, 1)
    payment_term = quantity("Time after which deliveries are paid; suppliers of a failing firm lose it", "month", 0, 12)
    hurdle_response = quantity("Rise of hurdle rates per unit rise of the interest rate", "1", 0, 2)


class Labour(Declaration, section="labour"):
    growth = quantity("Growth of the pool of technical workers without training", "1/yr", -0.1, 0.2)
    matching = quantity("Sharpness of matching: how close filled jobs come to jobs or people", "1", 2, 200)
    hiring_time = quantity("Time in which firms hire or dismiss for the work at hand", "month", 1, 60)
    wage_response = quantity("Fall of wages with unemployment among technicians, an elasticity", "1", 0, 1)
    wage_speed = quantity("Share of the wage gap closed in a year", "1/yr", 0, 5)
    inflow = quantity("Elasticity of the pool to wages: technicians who come from other branches", "1", 0, 10)
    inflow_speed = quantity("Share of that gap in the pool closed in a year", "1/yr", 0, 5)
    building_labour = quantity("Part of the cost of plants that is work of technicians in the area", "1", 0, 1)
    building_time = quantity("Time over which work of building is spread", "month", 1, 120)
    hiring_share = quantity("Part of the time to build that goes into finding people at usual tightness", "1", 0, 1)
    overtime = quantity("Work that overtime can make up for when jobs are unfilled", "1", 0, 1)
    shortage_time = quantity("Time in which a lasting shortage comes to bear on output", "month", 1, 60)


class Energy(Declaration, section="energy"):
    noise = quantity("Yearly standard deviation of the logarithm of the energy price", "1", 0, 1)
    memory = quantity("Monthly persistence of the energy price", "1", 0, 0.999)


class Public(Declaration, section="public"):
    discount_rate = quantity("Rate at which public costs are discounted", "1/yr", 0, 0.2)
    credibility = quantity("Belief in announced policy at the start", "1", 0, 1)
    credibility_gain = quantity("Rise of belief per year of kept promises", "1/yr", 0, 1)
    credibility_loss = quantity("Fall of belief when a promise is broken", "1", 0, 1)
    prospective_loss = quantity("Part of that fall when those who have what was promised keep it", "1", 0, 1)
    commitment_effect = quantity("Share of the belief still lacking that fixing a programme by law adds", "1", 0, 1)
    support_response = quantity("Rise of the chance of reversal per unit of public support lost", "1", 0, 20)
    scrap_cover = quantity("Usual stock of collectors in months of what comes in", "month", 0, 12)
    primary_goal = quantity("Use of primary materials that the goal allows, over that at the start", "1", 0, 2)
    primary_goal_year = quantity("Year by which it is to be reached", "yr", 2026, 2100)
    collection_cost = quantity("Cost of collecting a kg of discarded products", "EUR/kg", 0, 10)


class Work(Declaration, section="work"):
    skill_recycling = quantity("Skill that work in recycling asks over that in manufacturing", "1", 0.1, 3)
    skill_repair = quantity("Skill that repair and service ask over that in manufacturing", "1", 0.1, 3)
    accidents_recycling = quantity("Rate of accidents in recycling over that in manufacturing", "1", 0.1, 10)
    accidents_repair = quantity("Rate of accidents in repair and service over that in manufacturing", "1", 0.1, 10)


class Opinion(Declaration, section="opinion"):
    support = quantity("Support for circular policy at the start", "1", 0.01, 0.99)
    by_cost = quantity("Fall of support when goods cost one unit of income more than people are used to", "1", 0, 100)
    by_jobs = quantity("Fall of support when all technical jobs are lost", "1", 0, 10)
    gain_weight = quantity("Weight of a gain against that of a loss", "1", 0, 1)
    habituation = quantity("Time in which people get used to prices and jobs", "month", 1, 240)
    opinion_time = quantity("Time in which support follows what people experience", "month", 1, 120)


class Money(Declaration, section="money"):
    usd_eur = quantity("EUR for one USD, mean of 2025", "EUR/USD", 0.5, 1.5)
    base_year = quantity("Year of the constant prices", "yr", 1990, 2100)
