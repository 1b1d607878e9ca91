"""The model as a function: a dict goes in, a dict of numbers comes out."""

from experiments.clients.function import simulate

WORLD = {"mix": "push_and_pull", "shocks": "rare_earth_restriction_2027", "households": 200, "months": 60}


def main() -> None:
    """What the strength of the price floor does to recyclers and to public cost, on one seed."""
    print("price floor  recyclers active  public cost, M EUR  highest price outside, EUR/kg NdPr")
    for floor in (0.0, 1.0, 1.3):
        found = simulate(
            {**WORLD, "seed": 1, "firms.markup": 0.2, "price_floor@eu": floor},
            ["recyclers_active", "public_cost", "price_outside[ndpr]:max"],
        )
        active, cost, price = found.values()
        print(f"{floor:11.1f}  {active:16.1f}  {cost / 1e6:18.0f}  {price:37.0f}")


if __name__ == "__main__":
    main()
