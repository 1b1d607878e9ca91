"""Policy findings: questions put to the model, each declared in a TOML file of `config/findings`."""
