# Pipes and FIFOs of a program's own.
. tests/engine/engine.sh
life pipes
life pipes-static
finish
