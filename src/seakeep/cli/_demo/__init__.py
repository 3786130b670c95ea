"""The demo: a model life on real flights, told in the terminal."""
