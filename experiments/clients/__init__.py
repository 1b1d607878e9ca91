"""The model as tools expect one: a function of a dict, a problem of SALib, a model of the EMA workbench."""
