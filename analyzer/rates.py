"""How often something comes, and how surprising a count is: Poisson and negative-binomial rates."""
