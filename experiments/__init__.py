"""What people do with the model: run, compare, batch, list, describe and watch it."""
