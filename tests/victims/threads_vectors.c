#include <fenv.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <xmmintrin.h>

#include "tests/victims/threads.h"
#include "tests/victims/victim.h"

enum { SPINS = 300000, YMM = 16 * 32, ZMM = 16 * 64 };

#define EACH16(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15)
#define LOAD_YMM(n) "vmovdqu " #n "*32(%[in]), %%ymm" #n "\n"
#define STORE_YMM(n) "vmovdqu %%ymm" #n ", " #n "*32(%[out])\n"
#define CLOBBER "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15"

__attribute__((target("avx"))) static void spin_avx(const void *in, void *out)
{
    long count = SPINS;
    __asm__ volatile(EACH16(LOAD_YMM) "1: dec %[count]\n jnz 1b\n" EACH16(STORE_YMM)
                     : [count] "+r"(count)
                     : [in] "r"(in), [out] "r"(out)
                     : CLOBBER, "memory", "cc");
}

#define EACH_HIGH(X) X(0, 16) X(1, 17) X(2, 18) X(3, 19) X(4, 20) X(5, 21) X(6, 22) X(7, 23) X(8, 24) X(9, 25) X(10, 26) X(11, 27) X(12, 28) X(13, 29) X(14, 30) X(15, 31)
#define LOAD_HIGH(i, n) "vmovdqu64 " #i "*64(%[in]), %%zmm" #n "\n"
#define STORE_HIGH(i, n) "vmovdqu64 %%zmm" #n ", " #i "*64(%[out])\n"

__attribute__((target("avx512f"))) static void spin_avx512(const void *in, void *out, uint16_t *mask)
{
    long count = SPINS;
    unsigned set = 0xa5c3, got = 0;
    __asm__ volatile(EACH_HIGH(LOAD_HIGH) "kmovw %[set], %%k5\n 1: dec %[count]\n jnz 1b\n kmovw %%k5, %[got]\n" EACH_HIGH(STORE_HIGH)
                     : [count] "+r"(count), [got] "=&r"(got)
                     : [in] "r"(in), [out] "r"(out), [set] "r"(set)
                     : "xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21", "xmm22", "xmm23", "xmm24", "xmm25", "xmm26", "xmm27", "xmm28",
                       "xmm29", "xmm30", "xmm31", "k5", "memory", "cc");
    *mask = (uint16_t)got;
}

/* pi stays on the x87 stack while it spins, and rounding is upwards in both units. */
static void spin_x87(const char *name)
{
    long count = SPINS;
    long double kept;
    demand(fesetround(FE_UPWARD) == 0, "thread %s: the rounding cannot be set", name);
    unsigned csr = _mm_getcsr();
    __asm__ volatile("fldpi\n 1: dec %[count]\n jnz 1b\n fstpt %[kept]" : [count] "+r"(count), [kept] "=m"(kept) : : "st", "cc");
    demand(kept > 3.14159265358979L && kept < 3.14159265358980L, "thread %s: the x87 stack is lost", name);
    demand(fegetround() == FE_UPWARD && (_mm_getcsr() & 0xffc0) == (csr & 0xffc0), "thread %s: the rounding is lost", name);
}

void threads_vectors(struct world *world, const char *name)
{
    uint8_t in[ZMM] __attribute__((aligned(64))), out[ZMM] __attribute__((aligned(64)));
    (void)world;
    pattern_fill(in, sizeof(in), 77);
    if (__builtin_cpu_supports("avx")) {
        spin_avx(in, out);
        demand(memcmp(in, out, YMM) == 0, "thread %s: the ymm registers are lost", name);
    }
    if (__builtin_cpu_supports("avx512f")) {
        uint16_t mask;
        spin_avx512(in, out, &mask);
        demand(memcmp(in, out, ZMM) == 0, "thread %s: the zmm registers are lost", name);
        demand(mask == 0xa5c3, "thread %s: a mask register holds %#x", name, mask);
    }
    spin_x87(name);
}
