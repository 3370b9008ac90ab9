SCHEMAS := $(wildcard schemas/*.proto)
GENERATED := $(patsubst schemas/%.proto,$(B)/gen/schemas/%.pb-c.h,$(SCHEMAS))
SCHEMA_OBJECTS := $(patsubst schemas/%.proto,$(B)/obj/gen/schemas/%.pb-c.o,$(SCHEMAS))

$(B)/gen/schemas/%.pb-c.c $(B)/gen/schemas/%.pb-c.h: schemas/%.proto
	$(call say,PROTO,$<)mkdir -p $(B)/gen && protoc-c --c_out=$(B)/gen $<
