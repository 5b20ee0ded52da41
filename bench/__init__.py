"""The benchmarks, one module per figure of docs/benchmarks.md: ``python -m bench [NAME ...]`` rewrites the page."""
