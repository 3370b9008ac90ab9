# Tests print TAP; tests/run adds them up. QUICK=1 leaves out those that freeze programs, for other compilers and while working.
-include tests/unit/module.mk
-include tests/cli/module.mk
-include tests/victims/module.mk
-include tests/engine/module.mk
-include tests/house/module.mk
-include tests/abi/module.mk
-include tests/make/module.mk
-include tests/malformed/module.mk
-include tests/golden/module.mk
-include tests/fuzz/module.mk

check:
	@$(MAKE) --no-print-directory deps
	@$(MAKE) --no-print-directory check-built
check-build: $(TESTS) all
check-built: check-build
	@CKPT_BIN=$(B)/bin sh tests/run $(if $(QUICK),$(filter-out tests/engine/%,$(TESTS)),$(TESTS))
.PHONY: check-build check-built
