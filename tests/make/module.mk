# The independent maker of images, in Python, and the reader on what it makes.
TESTS += $(wildcard tests/make/test_*.sh)
