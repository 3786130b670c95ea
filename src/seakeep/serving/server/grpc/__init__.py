"""gRPC: the Open Inference Protocol's calls, answered by the same engines, logs and counters as HTTP's."""
