# Tests print TAP; tests/run adds them up.
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
check-built: $(TESTS) all
	@CKPT_BIN=$(B)/bin sh tests/run $(TESTS)
.PHONY: check-built
