# Golden files: read by every `make check`, made anew only by an explicit `make golden`.
TESTS += $(wildcard tests/golden/test_*.sh)

golden: all $(B)/victims/tiny
	@sh tests/golden/make_golden.sh $(B)/bin $(B)/victims/tiny
.PHONY: golden
