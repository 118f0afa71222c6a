"""Batches that fit into memory: the largest is found by trying; failures for want of it."""
