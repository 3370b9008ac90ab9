#include "checkpt/arch/x86_64/xsave.h"

#include <cpuid.h>
#include <stdbool.h>
#include <string.h>

enum { XSTATE_LEAF = 13, XSTATE_BV = 512, XCOMP_BV = 520, FIRST_EXTENDED = 2, COMPONENTS = 63 };
enum { X87_CONTROL = 0, X87_CONTROL_INITIAL = 0x37f, MXCSR = 24, MXCSR_INITIAL = 0x1f80, LEGACY_COMPONENTS = 3 };
#define OSXSAVE (1u << 27)
#define XSAVE_TILES (3ull << 17)

/* Where a component lies is each CPU maker's choice: Intel leaves room for MPX, AMD does not. */
struct layout {
    uint32_t component, size, offset;
};
static const struct layout layouts[2][5] = {
    {{2, 256, 576}, {5, 64, 1088}, {6, 512, 1152}, {7, 1024, 1664}, {9, 8, 2688}},
    {{2, 256, 576}, {5, 64, 832}, {6, 512, 896}, {7, 1024, 1408}, {9, 8, 2432}},
};

static void look_at_component(struct xsave_host *host, unsigned component)
{
    unsigned size, offset, c, d;
    __cpuid_count(XSTATE_LEAF, component, size, offset, c, d);
    if (offset == 0)
        return;
    host->components[component].size = size;
    host->components[component].offset = offset;
}

void xsave_host_look(struct xsave_host *host)
{
    unsigned a, b, c, d;
    memset(host, 0, sizeof(*host));
    __cpuid(1, a, b, c, d);
    if ((c & OSXSAVE) == 0)
        return;
    uint32_t low, high;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    host->features = (uint64_t)high << 32 | low;
    for (unsigned i = FIRST_EXTENDED; i < COMPONENTS; i++)
        if (host->features >> i & 1)
            look_at_component(host, i);
}

uint64_t xsave_features(const struct xsave_host *host, int tiles)
{
    return tiles ? host->features : host->features & ~XSAVE_TILES;
}

size_t xsave_size(const struct xsave_host *host, uint64_t features)
{
    size_t end = features == 0 ? XSAVE_LEGACY_SIZE : XSAVE_LEGACY_SIZE + XSAVE_HEADER_SIZE;
    for (unsigned i = FIRST_EXTENDED; i < COMPONENTS; i++)
        if ((features >> i & 1) && host->components[i].offset + host->components[i].size > end)
            end = host->components[i].offset + host->components[i].size;
    return end;
}

uint64_t xsave_in_use(const void *area, size_t size)
{
    uint64_t features = LEGACY_COMPONENTS;
    if (size >= XSAVE_LEGACY_SIZE + XSAVE_HEADER_SIZE)
        memcpy(&features, (const char *)area + XSTATE_BV, sizeof(features));
    return features;
}

/* ptrace(2) puts XCR0 where the processor leaves room for software. The Intel layout is the only one with anything behind the protection keys. */
size_t xsave_trim(const void *area, size_t size)
{
    enum { XCR0 = 464, KEYS = 9 };
    uint64_t enabled;
    size_t end = 0;
    if (size < XSAVE_LEGACY_SIZE + XSAVE_HEADER_SIZE || xsave_in_use(area, size) >> KEYS > 1)
        return size;
    memcpy(&enabled, (const char *)area + XCR0, sizeof(enabled));
    for (size_t i = 0; i < sizeof(layouts[0]) / sizeof(layouts[0][0]); i++)
        if (enabled >> layouts[0][i].component & 1)
            end = layouts[0][i].offset + layouts[0][i].size;
    return enabled >> KEYS > 1 && end > 0 && end < size ? end : size;
}

/* The source's layout is not written in it. Its size tells: it ends where its last component does. This host's own layout is tried first. */
static uint32_t source_offset(unsigned component, size_t source_size, uint32_t host_offset, size_t host_size)
{
    if (source_size == host_size)
        return host_offset;
    for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++) {
        bool ends_here = false;
        uint32_t found = 0;
        for (size_t k = 0; k < sizeof(layouts[i]) / sizeof(layouts[i][0]); k++) {
            ends_here |= layouts[i][k].component >= 5 && layouts[i][k].offset + layouts[i][k].size == source_size;
            if (layouts[i][k].component == component)
                found = layouts[i][k].offset;
        }
        if (ends_here && found != 0)
            return found;
    }
    return host_offset;
}

static void set_initial(unsigned char *area)
{
    const uint16_t control = X87_CONTROL_INITIAL;
    const uint32_t mxcsr = MXCSR_INITIAL;
    memcpy(area + X87_CONTROL, &control, sizeof(control));
    memcpy(area + MXCSR, &mxcsr, sizeof(mxcsr));
}

void xsave_convert(const struct xsave_host *host, void *area, uint64_t features, const void *source, size_t size)
{
    unsigned char *out = area;
    const unsigned char *in = source;
    size_t host_size = xsave_size(host, features);
    memset(out, 0, host_size);
    if (size < XSAVE_LEGACY_SIZE) {
        set_initial(out);
        return;
    }
    memcpy(out, in, XSAVE_LEGACY_SIZE);
    if (features == 0)
        return;
    uint64_t used = xsave_in_use(source, size) & features;
    for (unsigned i = FIRST_EXTENDED; i < COMPONENTS; i++) {
        uint32_t length = host->components[i].size, offset = host->components[i].offset;
        if ((used >> i & 1) == 0)
            continue;
        uint32_t from = source_offset(i, size, offset, host_size);
        if (offset != 0 && from + length <= size)
            memcpy(out + offset, in + from, length);
        else
            used &= ~(1ull << i);
    }
    memcpy(out + XSTATE_BV, &used, sizeof(used));
}
