# Limits, directories, names, priorities, switches.
. tests/engine/engine.sh
life limits
life limits-static
finish
