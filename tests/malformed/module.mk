# Malformed images, as descriptions for the maker, with the sentence that each must get.
TESTS += $(wildcard tests/malformed/test_*.sh)
