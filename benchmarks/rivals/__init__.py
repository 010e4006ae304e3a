"""Two other products, set up here, fed the same mails and asked for the same pages in turns with Prosa.

``make bench-rivals``; ``python -m benchmarks.rivals --help`` says what can be chosen. docs/benchmarks.md says
how it is measured and what is unfair to whom.
"""
