# The errors of sys_checkpoint(), through libcheckpt and by number.
. tests/engine/engine.sh
export CHECKPT_PROGRAM="$checkpt"

# fails ERROR COMMAND…
fails() {
    wanted=$1
    shift
    got=$(timeout 60 "$plain" "$@" </dev/null)
    [ "$got" = "$wanted" ] || { echo "$got instead of $wanted"; return 1; }
}

while read -r case error; do
    check "$case: $error" fails "$error" "$victims/self-errors" "$case"
    check "$case by number: $error" fails "$error" "$checkpt" run "$victims/self-errors" "$case"
done <<'CASES'
plain fine
own-pid fine
unknown-type EOPNOTSUPP
other-pid EINVAL
thaw-pid EINVAL
closed EBADF
minus-one-and-pid EBADF
read-only EBADF
directory EBADF
device EBADF
thaw-write-only EBADF
thaw-closed EBADF
thaw-no-image EINVAL
full EIO
no-core ERANGE
in-the-way EBUSY
CASES

# A program that checkpoints itself with pipes of its own.
check "pipes" fails fine "$victims/self-errors" pipes
check "pipes: resumed" fails resumed "$checkpt" -r errors.ckpt
check "pipes by number" fails fine "$checkpt" run "$victims/self-errors" pipes
check "pipes by number: resumed" fails resumed "$checkpt" -r errors.ckpt

# A failure leaves no half of an image.
check "a full file is emptied" sh -c '[ -e errors.ckpt ] && "$1" "$2" full && [ ! -s errors.ckpt ]' sh "$plain" "$victims/self-errors"
check "in capability mode: EPERM" fails EPERM "$checkpt" run --capability-mode "$victims/self-errors" plain

# Policy.
export CHECKPT_CONF="$work/checkpt.conf"
if [ -n "$root" ]; then
    chmod 777 "$work"
    mkdir -m 777 other
    cp "$victims/self-errors" "${bin%/bin}/lib/libcheckpt.so.1" "$checkpt" "$plain" other
    chmod 755 other/*
    as_other() {
        got=$(cd other && CHECKPT_PROGRAM="$work/other/checkpt" setpriv --reuid=12345 --regid=12345 --groups="$1" env LD_LIBRARY_PATH="$work/other" \
            ./plain $3 ./self-errors plain </dev/null)
        rm -f other/errors.ckpt
        [ "$got" = "$2" ] || { echo "$got instead of $2"; return 1; }
    }
    echo 'kern.ckptgroup=4711' >"$CHECKPT_CONF"
    check "a user outside of kern.ckptgroup: EPERM" as_other 12345 EPERM
    check "a user outside of kern.ckptgroup, by number: EPERM" as_other 12345 EPERM "./checkpt run"
    check "a user in kern.ckptgroup" as_other 4711 fine
    check "a user in kern.ckptgroup, by number" as_other 4711 fine "./checkpt run"
    echo 'kern.ckptgroup=-1' >"$CHECKPT_CONF"
    check "anybody where kern.ckptgroup is -1" as_other 12345 fine
    echo 'kern.ckptgroup=0' >"$CHECKPT_CONF"
    check "root always" fails fine "$victims/self-errors" plain
    cp "$victims/self-errors-static" other && chown 12345 other/self-errors-static && chmod 4755 other/self-errors-static
    check "a set-user-ID program: EPERM" fails EPERM other/self-errors-static plain
    check "a set-user-ID program, by number: EPERM" fails EPERM "$checkpt" run other/self-errors-static plain
else
    skip "kern.ckptgroup" "needs root"
fi
echo 'nonsense' >"$CHECKPT_CONF"
check "a configuration that cannot be read: EPERM" fails EPERM "$victims/self-errors" plain
unset CHECKPT_CONF
printf '#!/bin/sh\nkill -KILL $$\n' >killed && chmod +x killed
export CHECKPT_PROGRAM="$work/killed"
check "a helper that is killed: EIO" fails EIO "$victims/self-errors" plain
export CHECKPT_PROGRAM=/nonexistent
check "without checkpt: ENOSYS" fails ENOSYS "$victims/self-errors" plain
finish
