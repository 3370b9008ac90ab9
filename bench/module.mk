# make bench: all figures in one run. BENCH_COLUMNS=2 for the small programs only, BENCH_RUNS=3 for so many runs at most, BENCH_DIR for another file system; it needs 5 GiB of both memory and disk.
BENCH_DIR ?= $(B)/bench
BENCH_SOURCES := bench/bench.c bench/criu.c bench/machine.c bench/program.c

$(B)/bench/bench: $(call objects,$(BENCH_SOURCES))
	$(call say,LINK,$@)mkdir -p $(@D) && $(CC) $(LDFLAGS_ALL) -o $@ $^ -lm
$(B)/bench/stepper: $(B)/obj/bench/stepper.o
	$(call say,LINK,$@)mkdir -p $(@D) && $(CC) $(LDFLAGS_ALL) -o $@ $^

bench: all $(B)/bench/bench $(B)/bench/stepper
	@mkdir -p $(BENCH_DIR)
	@$(B)/bench/bench $(abspath $(B)/bin) $(abspath $(B)/bench/stepper) $(abspath $(BENCH_DIR)) $(or $(BENCH_COLUMNS),4) $(BENCH_RUNS)

# What calls cost, and checkpt run: two to three minutes. ROUNDS for more or fewer of them.
$(B)/obj/bench/calls.o: CPPFLAGS_ALL += -Icheckpt/include
$(B)/bench/calls: $(B)/obj/bench/calls.o $(B)/lib/libcheckpt.so.$(VERSION)
	$(call say,LINK,$@)mkdir -p $(@D) && $(CC) $(LDFLAGS_ALL) -o $@ $(filter %.o,$^) -L$(B)/lib -lcheckpt -Wl,-rpath,'$$ORIGIN/../lib'

bench: bench-calls
bench-calls: all $(B)/bench/calls $(B)/tests/plain
	@sh bench/calls.sh $(B) $(BENCH_DIR)
.PHONY: bench-calls

# Starts of resident programs.
$(B)/bench/starts: $(B)/obj/bench/starts.o
	$(call say,LINK,$@)mkdir -p $(@D) && $(CC) $(LDFLAGS_ALL) -o $@ $^
bench: bench-resident
bench-resident: all $(B)/bench/starts
	@sh bench/resident.sh $(B) $(BENCH_DIR)
.PHONY: bench-resident

# The format: packing, unpacking, verifying, incremental images.
$(B)/bench/turns: $(call objects,bench/turns.c bench/program.c)
	$(call say,LINK,$@)mkdir -p $(@D) && $(CC) $(LDFLAGS_ALL) -o $@ $^
$(B)/bench/packing: $(B)/obj/bench/packing.o $(B)/lib/libckptfmt.a
	$(call say,LINK,$@)mkdir -p $(@D) && $(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS_FMT)
bench: bench-format
bench-format: all $(B)/bench/turns $(B)/bench/packing
	@sh bench/format.sh $(B) $(BENCH_DIR)
.PHONY: bench-format

check-build: $(B)/bench/bench $(B)/bench/stepper $(B)/bench/turns $(B)/bench/packing
