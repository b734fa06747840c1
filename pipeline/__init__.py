"""The machinery: recipes, plans, batches, shards and ledgers. It knows no stage by name."""
