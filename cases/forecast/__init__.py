"""The chance that an open case breaks its promise, learnt from the history of like cases. See docs/forecast.md.

`chip` is all that pages need, `scores` all that reactions do; `model`, `fitting` and `forecasting` load numpy, and only
the worker's tasks and commands import them. scikit-learn is loaded where something is learnt.
"""
