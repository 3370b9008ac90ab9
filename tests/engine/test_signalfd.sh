. tests/engine/engine.sh
life signalfd
life signalfd-static
finish
