# Rare states of files, memory and processes: kept, or refused in a sentence that is exact.
. tests/engine/engine.sh
life rare
life rare-static
finish
