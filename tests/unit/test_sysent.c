#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "checkpt/sysent/table.h"
#include "checkpt/sysent/thread.h"

#define SYS_add (SYS_BASE + 100)
#define SYS_oldname (SYS_BASE + 101)
#define SYS_wait_for_me NO_SYSCALL
#define SYS_any NO_SYSCALL

struct add_args {
    SYSCALL_ARG(int, left);
    SYSCALL_ARG(int, right);
};
static int sys_add(struct thread *td, struct add_args *args)
{
    td->td_retval[0] = args->left + args->right;
    return 0;
}

struct oldname_args {
    SYSCALL_ARG(uint64_t, nothing);
};
static int oldname(struct thread *td, struct oldname_args *args)
{
    (void)td;
    return args->nothing == 0 ? EDOM : 0;
}

struct any_args {
    register_t first, second, third, fourth, fifth, sixth;
};
static int sys_any(struct thread *td, struct any_args *args)
{
    td->td_retval[0] = args->first + args->sixth;
    return 0;
}

static struct sysent_table table;

static void begin(void)
{
    sysent_table_init(&table);
}
TestSuite(sysent, .init = begin);

static int call(int number, bool capability_mode, long *result, uint64_t a, uint64_t b, uint64_t f)
{
    struct thread td = {.td_tid = 1};
    const uint64_t arguments[6] = {a, b, 0, 0, 0, f};
    int error = sysent_call(&table, number, capability_mode, &td, arguments);
    *result = td.td_retval[0];
    return error;
}

static bool is_empty(void)
{
    struct sysent_table empty;
    sysent_table_init(&empty);
    return memcmp(empty.slots, table.slots, sizeof(empty.slots)) == 0;
}

Test(sysent, registered_calls_are_made)
{
    struct syscall_helper_data sd[] = {SYSCALL_INIT_HELPER(add), SYSCALL_INIT_HELPER_COMPAT(oldname), SYSCALL_INIT_HELPER(any), SYSCALL_INIT_LAST};
    long result;
    cr_assert_eq(call(SYS_add, false, &result, 1, 2, 0), ENOSYS);
    cr_assert_eq(kern_syscall_helper_register(&table, sd, 0), 0);
    cr_assert_eq(call(SYS_add, false, &result, 40, 2, 99), 0);
    cr_assert_eq(result, 42);
    cr_assert_eq(call(SYS_oldname, false, &result, 0, 0, 0), EDOM);
    cr_assert_eq(call(sd[2].syscall_no, false, &result, 7, 0, 8), 0);
    cr_assert_eq(result, 15);
    cr_assert_eq(kern_syscall_helper_unregister(&table, sd), 0);
    cr_assert_eq(call(SYS_add, false, &result, 1, 2, 0), ENOSYS);
    cr_assert(is_empty());
}

Test(sysent, the_initialisers_say_what_they_are_told)
{
    struct syscall_helper_data sd[] = {SYSCALL_INIT_HELPER_F(add, SYF_CAPENABLED), SYSCALL_INIT_HELPER_COMPAT_F(oldname, SYF_CAPENABLED), SYSCALL_INIT_LAST};
    cr_assert_eq(sd[0].syscall_no, SYS_add);
    cr_assert_eq(sd[0].new_sysent.sy_narg, 2);
    cr_assert_eq((void *)sd[0].new_sysent.sy_call, (void *)sys_add);
    cr_assert_eq((void *)sd[1].new_sysent.sy_call, (void *)oldname);
    cr_assert_eq(sd[0].new_sysent.sy_flags, SYF_CAPENABLED);
    cr_assert_eq(sd[1].new_sysent.sy_flags, SYF_CAPENABLED);
    cr_assert_eq(sd[0].registered, 0);
}

Test(sysent, errors)
{
    struct syscall_helper_data sd[] = {SYSCALL_INIT_HELPER(add), SYSCALL_INIT_LAST}, other[] = {SYSCALL_INIT_HELPER(add), SYSCALL_INIT_LAST};
    cr_assert_eq(kern_syscall_helper_register(&table, sd, 2), EINVAL);
    cr_assert_eq(kern_syscall_helper_register(&table, sd, SY_THR_STATIC | 0x100), EINVAL);
    static const struct {
        int number, error;
    } cases[] = {{-2, EINVAL}, {SYS_MAXSYSCALL, EINVAL}, {SYS_MAXSYSCALL + 1, EINVAL}, {0, EEXIST}, {39, EEXIST}, {SYS_BASE - 1, EEXIST}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        sd[0].syscall_no = cases[i].number;
        cr_assert_eq(kern_syscall_helper_register(&table, sd, 0), cases[i].error, "number %d", cases[i].number);
        cr_assert_eq(sd[0].registered, 0);
    }
    sd[0].syscall_no = SYS_add;
    sd[0].new_sysent.sy_flags = 2;
    cr_assert_eq(kern_syscall_helper_register(&table, sd, 0), EINVAL);
    sd[0].new_sysent.sy_flags = 0;
    sd[0].new_sysent.sy_narg = 7;
    cr_assert_eq(kern_syscall_helper_register(&table, sd, 0), EINVAL);
    sd[0].new_sysent.sy_narg = 2;
    cr_assert(is_empty());
    cr_assert_eq(kern_syscall_helper_register(&table, sd, 0), 0);
    cr_assert_eq(kern_syscall_helper_register(&table, other, 0), EEXIST);
    cr_assert_eq(kern_syscall_helper_register(&table, sd, 0), EEXIST);
    cr_assert_eq(sd[0].registered, 1);
    cr_assert_eq(kern_syscall_helper_unregister(&table, other), 0, "what was never registered");
    cr_assert_eq(kern_syscall_helper_unregister(&table, sd), 0);
    cr_assert(is_empty());
}

Test(sysent, all_or_nothing)
{
    struct syscall_helper_data sd[] = {SYSCALL_INIT_HELPER(add), SYSCALL_INIT_HELPER(any), SYSCALL_INIT_HELPER_COMPAT(oldname), SYSCALL_INIT_HELPER(add),
                                       SYSCALL_INIT_LAST};
    struct syscall_helper_data before[5];
    memcpy(before, sd, sizeof(sd));
    cr_assert_eq(kern_syscall_helper_register(&table, sd, SY_THR_STATIC), EEXIST, "the fourth is the first again");
    cr_assert_eq(memcmp(before, sd, sizeof(sd)), 0);
    cr_assert(is_empty());
}

Test(sysent, every_free_slot_and_then_no_more)
{
    struct syscall_helper_data sd[SYSENT_SLOTS + 1][2];
    long result;
    int count = 0, error;
    for (;; count++) {
        struct syscall_helper_data one[] = {SYSCALL_INIT_HELPER(any), SYSCALL_INIT_LAST};
        memcpy(sd[count], one, sizeof(one));
        error = kern_syscall_helper_register(&table, sd[count], 0);
        if (error != 0)
            break;
        cr_assert_geq(sd[count][0].syscall_no, SYS_BASE + SYS_RESERVED, "reserved slots are not given away");
    }
    cr_assert_eq(error, ENFILE);
    cr_assert_eq(sd[count][0].syscall_no, NO_SYSCALL);
    cr_assert_eq(count, SYSENT_SLOTS - SYS_RESERVED);
    struct syscall_helper_data reserved[] = {SYSCALL_INIT_HELPER(any), SYSCALL_INIT_LAST};
    reserved[0].syscall_no = SYS_BASE + 3;
    cr_assert_eq(kern_syscall_helper_register(&table, reserved, 0), 0, "but to those who ask by number");
    cr_assert_eq(call(SYS_BASE + 3, false, &result, 1, 0, 1), 0);
    for (int i = 0; i < count; i++)
        cr_assert_eq(kern_syscall_helper_unregister(&table, sd[i]), 0);
    cr_assert_eq(kern_syscall_helper_unregister(&table, reserved), 0);
    cr_assert(is_empty(), "a reserved slot is reserved again");
}

Test(sysent, static_calls_stay)
{
    struct syscall_helper_data sd[] = {SYSCALL_INIT_HELPER(add), SYSCALL_INIT_HELPER_COMPAT(oldname), SYSCALL_INIT_LAST};
    long result;
    cr_assert_eq(kern_syscall_helper_register(&table, sd, SY_THR_STATIC), 0);
    cr_assert_eq(kern_syscall_helper_unregister(&table, sd), EINVAL);
    cr_assert_eq(sd[0].registered, 1);
    cr_assert_eq(call(SYS_add, false, &result, 1, 1, 0), 0);
    cr_assert_eq(call(SYS_oldname, false, &result, 1, 1, 0), 0);
}

Test(sysent, capability_mode)
{
    struct syscall_helper_data sd[] = {SYSCALL_INIT_HELPER(add), SYSCALL_INIT_HELPER_COMPAT_F(oldname, SYF_CAPENABLED), SYSCALL_INIT_LAST};
    long result;
    cr_assert_eq(kern_syscall_helper_register(&table, sd, 0), 0);
    cr_assert_eq(call(SYS_add, true, &result, 1, 2, 0), EPERM);
    cr_assert_eq(call(SYS_oldname, true, &result, 0, 0, 0), EDOM);
    cr_assert_eq(call(SYS_BASE + 99, true, &result, 0, 0, 0), ENOSYS);
}

static atomic_int inside, released;
struct wait_for_me_args {
    SYSCALL_ARG(int, unused);
};
static int sys_wait_for_me(struct thread *td, struct wait_for_me_args *args)
{
    (void)td;
    (void)args;
    atomic_fetch_add(&inside, 1);
    while (!atomic_load(&released))
        sched_yield();
    atomic_fetch_sub(&inside, 1);
    return 0;
}

static void *make_call(void *number)
{
    long result;
    return (void *)(intptr_t)call(*(int *)number, false, &result, 0, 0, 0);
}

static void *unregister(void *sd)
{
    int error = kern_syscall_helper_unregister(&table, sd);
    return (void *)(intptr_t)(error == 0 && atomic_load(&inside) != 0 ? 1000 : error);
}

static bool is_draining(int number)
{
    pthread_mutex_lock(&table.mutex);
    bool draining = (sysent_slot(&table, number)->sy_thrcnt & SY_THR_DRAINING) != 0;
    pthread_mutex_unlock(&table.mutex);
    return draining;
}

Test(sysent, unregistering_waits_for_calls_in_progress, .timeout = 60)
{
    struct syscall_helper_data sd[] = {SYSCALL_INIT_HELPER(wait_for_me), SYSCALL_INIT_LAST};
    pthread_t callers[3], leavers[2];
    void *error;
    cr_assert_eq(kern_syscall_helper_register(&table, sd, 0), 0);
    int number = sd[0].syscall_no;
    for (int i = 0; i < 3; i++)
        pthread_create(&callers[i], NULL, make_call, &number);
    while (atomic_load(&inside) < 3)
        sched_yield();
    for (int i = 0; i < 2; i++)
        pthread_create(&leavers[i], NULL, unregister, sd);
    while (!is_draining(number))
        sched_yield();
    cr_assert_eq((intptr_t)make_call(&number), ENOSYS);
    cr_assert_eq(sd[0].registered, 1);
    atomic_store(&released, 1);
    for (int i = 0; i < 3; i++) {
        pthread_join(callers[i], &error);
        cr_assert_eq(error, NULL);
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(leavers[i], &error);
        cr_assert_eq(error, NULL);
    }
    cr_assert(is_empty());
}

enum { ROUNDS = 3000 };
static atomic_long good, gone, wrong;
static atomic_bool over;

static void *register_and_unregister(void *unused)
{
    (void)unused;
    for (int i = 0; i < ROUNDS; i++) {
        struct syscall_helper_data sd[] = {SYSCALL_INIT_HELPER(add), SYSCALL_INIT_HELPER(any), SYSCALL_INIT_HELPER_COMPAT(oldname), SYSCALL_INIT_LAST};
        int error = kern_syscall_helper_register(&table, sd, 0);
        if (error == 0)
            error = kern_syscall_helper_unregister(&table, sd);
        else if (error == EEXIST)
            error = 0;
        if (error != 0)
            atomic_fetch_add(&wrong, 1);
    }
    return NULL;
}

static void *call_all_the_time(void *unused)
{
    (void)unused;
    while (!atomic_load(&over)) {
        long result;
        int error = call(SYS_add, false, &result, 1, 2, 0);
        atomic_fetch_add(error == 0 && result == 3 ? &good : error == ENOSYS ? &gone : &wrong, 1);
    }
    return NULL;
}

Test(sysent, many_at_a_time, .timeout = 120)
{
    pthread_t registrars[4], callers[3];
    for (int i = 0; i < 3; i++)
        pthread_create(&callers[i], NULL, call_all_the_time, NULL);
    for (int i = 0; i < 4; i++)
        pthread_create(&registrars[i], NULL, register_and_unregister, NULL);
    for (int i = 0; i < 4; i++)
        pthread_join(registrars[i], NULL);
    atomic_store(&over, true);
    for (int i = 0; i < 3; i++)
        pthread_join(callers[i], NULL);
    cr_assert_eq(wrong, 0);
    cr_assert_gt(gone, 0);
    cr_assert(is_empty(), "every slot is as it was");
}

/* Memory: two pages that are there, and one behind them that is not. */
static char *pages;
static const char *hole;

static int read_pages(struct thread *td, uint64_t address, void *to, size_t length)
{
    (void)td;
    if (address + length > (uint64_t)(uintptr_t)hole)
        return EFAULT;
    memcpy(to, (const void *)(uintptr_t)address, length);
    return 0;
}

Test(sysent, strings_up_to_the_end_of_memory)
{
    const struct thread_operations operations = {.read = read_pages};
    struct thread td = {.td_operations = &operations};
    char to[8192];
    size_t done, page = (size_t)sysconf(_SC_PAGESIZE);
    pages = mmap(NULL, page * 2, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    hole = pages + page * 2;
    memset(pages, 'x', page * 2);
    memcpy((char *)hole - 6, "hello", 6);
    cr_assert_eq(td_copyinstr(&td, hole - 6, to, sizeof(to), &done), 0);
    cr_assert_str_eq(to, "hello");
    cr_assert_eq(done, 6);
    cr_assert_eq(td_copyinstr(&td, hole - 6, to, 6, &done), 0);
    cr_assert_eq(td_copyinstr(&td, hole - 6, to, 5, NULL), ENAMETOOLONG);
    cr_assert_eq(td_copyinstr(&td, pages, to, sizeof(to), NULL), 0);
    cr_assert_eq(strlen(to), page * 2 - 1);
    memset(pages, 'x', page * 2);
    cr_assert_eq(td_copyinstr(&td, hole - 6, to, sizeof(to), NULL), EFAULT);
    cr_assert_eq(td_copyin(&td, hole - 2, to, 3), EFAULT);
    cr_assert_eq(td_copyin(&td, hole + 100, to, 0), 0);
}
