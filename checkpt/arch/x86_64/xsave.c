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

static bool host_component(unsigned component, uint32_t *size, uint32_t *offset)
{
    unsigned a, b, c, d;
    __cpuid_count(XSTATE_LEAF, component, a, b, c, d);
    *size = a;
    *offset = b;
    return a != 0 && b != 0;
}

uint64_t xsave_host_features(int tiles)
{
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || (c & OSXSAVE) == 0)
        return 0;
    uint32_t low, high;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    uint64_t features = (uint64_t)high << 32 | low;
    return tiles ? features : features & ~XSAVE_TILES;
}

size_t xsave_size(uint64_t features)
{
    size_t end = features == 0 ? XSAVE_LEGACY_SIZE : XSAVE_LEGACY_SIZE + XSAVE_HEADER_SIZE;
    for (unsigned i = FIRST_EXTENDED; i < COMPONENTS; i++) {
        uint32_t size, offset;
        if ((features >> i & 1) && host_component(i, &size, &offset) && offset + size > end)
            end = offset + size;
    }
    return end;
}

uint64_t xsave_in_use(const void *area, size_t size)
{
    uint64_t features = LEGACY_COMPONENTS;
    if (size >= XSAVE_LEGACY_SIZE + XSAVE_HEADER_SIZE)
        memcpy(&features, (const char *)area + XSTATE_BV, sizeof(features));
    return features;
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

void xsave_convert(void *area, uint64_t features, const void *source, size_t size)
{
    unsigned char *out = area;
    const unsigned char *in = source;
    size_t host_size = xsave_size(features);
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
        uint32_t length, offset;
        if ((used >> i & 1) == 0)
            continue;
        if (!host_component(i, &length, &offset)) {
            used &= ~(1ull << i);
            continue;
        }
        uint32_t from = source_offset(i, size, offset, host_size);
        if (from + length <= size)
            memcpy(out + offset, in + from, length);
        else
            used &= ~(1ull << i);
    }
    memcpy(out + XSTATE_BV, &used, sizeof(used));
}
