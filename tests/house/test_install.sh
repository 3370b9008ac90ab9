# What `make install` puts where, and that `make uninstall` takes it all away.
. tests/cli/tap.sh
build=${bin%/bin}
# The same configuration as the programs under test; SAN and CC come by the environment.
run_make() { MAKEFLAGS='' make -s -C "$top" CONFIG="$(basename "$build")" "$@"; }
files_in() { (cd "$1" && find . ! -type d | sort); }

umask 077
check 'make install says what it does' prints "INSTALL $work/root/usr/bin/ckptdump" run_make install DESTDIR="$work/root" PREFIX=/usr
files_in root >first
programs=$(cd root/usr/bin && echo *)
check 'all programs are there' [ "$programs" = 'checkpt ckptdump ckptedit' ]
for program in $programs; do
    check "$program runs from there" prints 'format 1.0' "root/usr/bin/$program" --version
    check "$program looks for nothing in the build" sh -c '! readelf -d "$1" | grep -i "r.*path"' sh "root/usr/bin/$program"
    check "$program has a manual" [ -s "root/usr/share/man/man1/$program.1" ]
    check "$program can be completed" bash -c '. "$1" && complete -p "$2"' bash "root/usr/share/bash-completion/completions/$program" "$program"
done
check 'checkptd is there' prints 'format 1.0' root/usr/sbin/checkptd --version
check 'checkptd has a manual' [ -s root/usr/share/man/man8/checkptd.8 ]
check 'checkptd can be completed' bash -c '. root/usr/share/bash-completion/completions/checkptd && complete -p checkptd'
check "systemd's unit starts it where it is" grep -qx 'ExecStart=/usr/sbin/checkptd' root/usr/lib/systemd/system/checkptd.service
check "systemd's socket is where checkpt looks for it" grep -qx 'ListenSequentialPacket=/run/checkptd.socket' root/usr/lib/systemd/system/checkptd.socket
check 'the policy has a manual' [ -s root/usr/share/man/man5/checkpt.conf.5 ]
check 'the format has a manual' [ -s root/usr/share/man/man5/ckptfmt.5 ]
works() { "$make_image" a.ckpt && root/usr/bin/ckptedit --drop-fd 3 a.ckpt && root/usr/bin/ckptdump --verify a.ckpt; }
check 'they work' works
modes() {
    find root/usr/bin -type f ! -perm 755 >wrong
    find root/usr/share -type f ! -perm 644 >>wrong
    find root -type d ! -perm -755 >>wrong
    ! grep . wrong
}
check 'modes are right' modes
if [ -x "$bin/checkpt" ]; then
    cycle() {
        mkdir cycle || return 1
        sleep 1000 &
        pid=$!
        root/usr/bin/checkpt explain "$pid" && root/usr/bin/checkpt freeze --exit -o x.ckpt "$pid"
        status=$?
        kill -KILL "$pid" 2>/dev/null
        wait "$pid" 2>/dev/null
        [ "$status" -eq 0 ] && root/usr/bin/checkpt check x.ckpt
    }
    check 'freezing works from there' cycle
fi
check 'it can be installed over itself' run_make install DESTDIR="$work/root" PREFIX=/usr
files_in root >second
check 'which changes nothing' diff first second

: >root/usr/bin/another
check 'make uninstall' run_make uninstall DESTDIR="$work/root" PREFIX=/usr
check "what is another's stays" [ -f root/usr/bin/another ]
rm root/usr/bin/another
check 'nothing else is left' sh -c '! find root ! -type d | grep .'
check 'make install again' run_make install DESTDIR="$work/root" PREFIX=/usr
check 'make uninstall again' run_make uninstall DESTDIR="$work/root" PREFIX=/usr
check 'no directory is left' sh -c '[ -d root ] && ! find root -mindepth 1 | grep .'
check 'uninstalling what is not there' run_make uninstall DESTDIR="$work/root" PREFIX=/usr

mkdir -p prefix/bin prefix/share/man/man1 'a space'
check 'make install without DESTDIR' run_make install PREFIX="$work/prefix"
files_in prefix | sort >third
check 'the same files are below PREFIX' sh -c 'sed "s|^\./usr/|./|" first | sort | diff - third'
cat >self.c <<'C'
#include <stdio.h>
#include <sys/checkpoint.h>
int main(void)
{
    int result = sys_checkpoint(CKPT_FREEZE, -1, -1, -1);
    if (result < 0)
        perror("sys_checkpoint");
    else
        puts(result > 0 ? "resumed" : "frozen");
    return result < 0;
}
C
helped() {
    flags=$(PKG_CONFIG_PATH="$work/prefix/lib/pkgconfig" pkg-config --cflags --libs "$@" checkpt) || return 1
    rm -f self self.ckpt
    cc -o self self.c $flags && prints frozen env -u CHECKPT_PROGRAM LD_LIBRARY_PATH="$work/prefix/lib" ./self && prints resumed prefix/bin/checkpt -r self.ckpt
}
if [ "$(id -u)" -eq 0 ]; then
    check 'the library finds the program that was installed with it' helped
else
    skip 'the library finds the program that was installed with it' 'kern.ckptgroup is root'
fi
check 'make uninstall without DESTDIR' run_make uninstall PREFIX="$work/prefix"
check 'no file is left, and no directory of ours' sh -c '! find prefix ! -type d -o -name "*ck*pt*" | grep .'
check 'directories of the system stay' [ -d prefix/bin -a -d prefix/share/man/man1 ]
check 'a DESTDIR with a space' run_make install DESTDIR="$work/a space" PREFIX=/usr
check 'has the same files' sh -c 'cd "a space" && find . ! -type d | sort | diff ../first -'
: >file
check 'where it cannot be installed make fails' sh -c '! "$@"' sh env MAKEFLAGS= make -s -C "$top" CONFIG="$(basename "$build")" install DESTDIR="$work/file"
rm -rf "$build/placed$work"
finish
