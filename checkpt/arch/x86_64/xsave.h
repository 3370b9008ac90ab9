/* The XSAVE area in its standard format, as ptrace and signal frames carry it. */
#ifndef CHECKPT_ARCH_XSAVE_H
#define CHECKPT_ARCH_XSAVE_H

#include <stddef.h>
#include <stdint.h>

#define XSAVE_LEGACY_SIZE 512
#define XSAVE_HEADER_SIZE 64
#define XSAVE_TILE_DATA 18 /* the state component that a process asks leave for: ARCH_REQ_XCOMP_PERM */

/* This host's CPU. Looked at once: under a hypervisor every CPUID instruction costs microseconds. */
struct xsave_host {
    uint64_t features;         /* components that the kernel saves; 0 where there is no XSAVE at all */
    struct {
        uint32_t offset, size; /* in the standard format; 0: has no place in it */
    } components[63];
};
void xsave_host_look(struct xsave_host *host);

/* State components that the kernel saves for a program; tiles only where `tiles`. */
uint64_t xsave_features(const struct xsave_host *host, int tiles);
/* Size of the standard-format area that holds these components on this host (XSAVE_LEGACY_SIZE for 0). */
size_t xsave_size(const struct xsave_host *host, uint64_t features);
/* The components that are in use (not in their initial state) in an area; 3 (x87 and SSE) for a legacy one. */
uint64_t xsave_in_use(const void *area, size_t size);
/* The size of an area without the tiles at its end, where they are not in use: debuggers do not expect them. */
size_t xsave_trim(const void *area, size_t size);
/* Copies an area of another host, or of another set of components, into one for `features` (xsave_size() bytes, 64-aligned). Components that the source
 * lacks are in their initial state. size 0: all are. */
void xsave_convert(const struct xsave_host *host, void *area, uint64_t features, const void *source, size_t size);

#endif
