"""The server: Open Inference Protocol V2 over REST on Granian. `run` starts it, `app` answers, `refusals` says what is wrong,
`fleet` follows routes, `logbook` writes down what was answered.
"""
