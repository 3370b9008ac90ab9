#include <criterion/criterion.h>
#include <fcntl.h>
#include <unistd.h>

#include "cli/elf_object.h"

Test(elf_object, own_program_imports_what_it_calls)
{
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    bool dynamic = false;
    cr_expect(elf_imports(fd, "open", &dynamic) || elf_imports(fd, "open64", &dynamic) || dynamic);
    cr_expect(dynamic);
    cr_expect_not(elf_imports(fd, "no_such_function_anywhere", &dynamic));
    close(fd);
}

Test(elf_object, libc_has_a_build_id)
{
    int fd = open("/lib/x86_64-linux-gnu/libc.so.6", O_RDONLY | O_CLOEXEC);
    uint8_t id[ELF_BUILD_ID_MAX];
    cr_expect_eq(elf_build_id(fd, id), 20u);
    close(fd);
}

Test(elf_object, what_is_no_object_has_nothing)
{
    int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    uint8_t id[ELF_BUILD_ID_MAX];
    bool dynamic = true;
    cr_expect_eq(elf_build_id(fd, id), 0u);
    cr_expect_not(elf_imports(fd, "open", &dynamic));
    cr_expect_not(dynamic);
    close(fd);
}
