"""Sinks for the course of a training: metrics.jsonl, history.csv, TensorBoard, the terminal."""
