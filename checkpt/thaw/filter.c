#include "checkpt/thaw/filter.h"

#include <string.h>

/* The machine of Documentation/networking/filter.rst, as far as seccomp has it: words of struct seccomp_data, and a length that is known. */
struct machine {
    uint32_t a, x, memory[BPF_MEMWORDS];
    const struct seccomp_data *call;
    bool broken;
};

static uint32_t word(struct machine *m, uint32_t offset)
{
    uint32_t value = 0;
    m->broken |= offset > sizeof(*m->call) - sizeof(value) || offset % sizeof(value) != 0;
    if (!m->broken)
        memcpy(&value, (const char *)m->call + offset, sizeof(value));
    return value;
}

static uint32_t *cell(struct machine *m, uint32_t index)
{
    m->broken |= index >= BPF_MEMWORDS;
    return &m->memory[m->broken ? 0 : index];
}

static uint32_t loaded(struct machine *m, const struct sock_filter *step)
{
    switch (BPF_MODE(step->code)) {
    case BPF_IMM:
        return step->k;
    case BPF_ABS:
        return word(m, step->k);
    case BPF_MEM:
        return *cell(m, step->k);
    case BPF_LEN:
        return sizeof(*m->call);
    default:
        m->broken = true;
        return 0;
    }
}

static void calculate(struct machine *m, const struct sock_filter *step)
{
    uint32_t by = BPF_SRC(step->code) == BPF_X ? m->x : step->k;
    switch (BPF_OP(step->code)) {
    case BPF_ADD: m->a += by; break;
    case BPF_SUB: m->a -= by; break;
    case BPF_MUL: m->a *= by; break;
    case BPF_DIV: m->broken |= by == 0; m->a /= by != 0 ? by : 1; break;
    case BPF_AND: m->a &= by; break;
    case BPF_OR: m->a |= by; break;
    case BPF_XOR: m->a ^= by; break;
    case BPF_LSH: m->a <<= by & 31; break;
    case BPF_RSH: m->a >>= by & 31; break;
    case BPF_NEG: m->a = -m->a; break;
    default: m->broken = true;
    }
}

/* How many instructions are left out. */
static size_t jump(struct machine *m, const struct sock_filter *step)
{
    uint32_t to = BPF_SRC(step->code) == BPF_X ? m->x : step->k;
    switch (BPF_OP(step->code)) {
    case BPF_JA: return step->k;
    case BPF_JEQ: return m->a == to ? step->jt : step->jf;
    case BPF_JGT: return m->a > to ? step->jt : step->jf;
    case BPF_JGE: return m->a >= to ? step->jt : step->jf;
    case BPF_JSET: return (m->a & to) != 0 ? step->jt : step->jf;
    default: m->broken = true; return 0;
    }
}

static void move(struct machine *m, const struct sock_filter *step)
{
    if (BPF_MISCOP(step->code) == BPF_TAX)
        m->x = m->a;
    else
        m->a = m->x;
}

uint32_t filter_verdict(const struct sock_filter *code, size_t count, const struct seccomp_data *call)
{
    struct machine m = {.call = call};
    for (size_t i = 0; i < count && !m.broken; i++) { /* every jump is forwards */
        const struct sock_filter *step = &code[i];
        switch (BPF_CLASS(step->code)) {
        case BPF_LD: m.a = loaded(&m, step); break;
        case BPF_LDX: m.x = loaded(&m, step); break;
        case BPF_ST: *cell(&m, step->k) = m.a; break;
        case BPF_STX: *cell(&m, step->k) = m.x; break;
        case BPF_ALU: calculate(&m, step); break;
        case BPF_JMP: i += jump(&m, step); break;
        case BPF_MISC: move(&m, step); break;
        default: return BPF_RVAL(step->code) == BPF_A ? m.a : step->k;
        }
    }
    return SECCOMP_RET_KILL_PROCESS;
}

bool filter_allows(const struct sock_filter *code, size_t count, const struct seccomp_data *call)
{
    uint32_t action = filter_verdict(code, count, call) & SECCOMP_RET_ACTION_FULL;
    return action == SECCOMP_RET_ALLOW || action == SECCOMP_RET_LOG;
}

bool filter_notifies(const struct sock_filter *code, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (BPF_CLASS(code[i].code) == BPF_RET && BPF_RVAL(code[i].code) != BPF_A && (code[i].k & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_USER_NOTIF)
            return true;
    return false;
}
