. tests/engine/engine.sh
life eventfd
life eventfd-static
finish
