"""The trees of a model's graph as native code: found in the graph, checked, laid out, and run for many rows at once.

`wire` reads and writes the little of protobuf that this needs, as a server's worker must not import onnx. `cut` takes a graph
apart into what comes before the trees, the trees, and what comes after; `tables` lays the trees out; `kernel` runs them.
`serving.runtimes.compiled` puts the three together again.
"""
