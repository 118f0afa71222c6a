"""Where the course of a training goes: metrics.jsonl, history.csv, TensorBoard, the terminal."""
