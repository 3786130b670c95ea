"""The server: Open Inference Protocol V2 over REST on Granian. `run` starts it, `app` answers, `door` refuses."""
