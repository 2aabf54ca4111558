"""A whole cluster in one process, on a clock and a scheduler that a seed drives: the gateway's own code over a store and a broker that misbehave as told."""
