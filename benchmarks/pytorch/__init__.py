"""Reference implementations in plain PyTorch, to measure against."""
