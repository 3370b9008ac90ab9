TESTS += $(wildcard tests/house/test_*.sh)
