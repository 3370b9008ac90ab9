"""Applications that begin with their imports done: see exec_sys_register(3).

    import sys
    import heavy, checkpt_resident

    def main():
        ...                     # sys.argv, os.environ, the standard files are this run's

    if sys.argv[1:] == ['--make-resident']:
        checkpt_resident.register(main)
    else:
        main()

An application has an interpreter of its own, which this makes, and which is named in the script's first line:

    python3 -m checkpt_resident /usr/local/lib/app/python
    head -n 1 app               # #!/usr/local/lib/app/python

Run once, as root, with --make-resident, the application is resident: from then on `app ARG...` begins in main(), with sys.argv = ['app', 'ARG', ...].
Where the snapshot cannot be used, after a reboot say, the script runs as ever. The interpreter by itself, without the script's name, begins in
main(), too: `python ARG...`.

Every run has fresh random state: random, numpy.random's own generator, ssl, tempfile, uuid and multiprocessing's key are seeded anew, os.urandom()
and secrets are the kernel's, and whatever has asked with os.register_at_fork(after_in_child=...) is told; generators of the application's own are
made anew by `reseed`, which is called before main(). The secret of str.__hash__ is one for all runs of a registration, as it is in a server for as
long as it runs: dictionaries lie in its order. Registering again changes it.
So do encodings stay. Files and threads do not last: an application with threads is refused, but for those that a library ends before a fork and
starts again when it needs them, as OpenBLAS does.
"""
import gc
import io
import os
import signal
import struct
import sys
import threading

if sys.implementation.name != 'cpython' or sys.version_info[:2] != (3, 11):
    raise ImportError('checkpt_resident is built for CPython 3.11; this is %s %d.%d' % ((sys.implementation.name,) + tuple(sys.version_info[:2])))
import _checkpt_resident

SELF, ALL = -1, -2

# Of an ELF file: where its program headers begin, and in the first of them, which says where they lie, the physical address, which Linux has no use for.
_HEADERS, _FIRST_TYPE, _FIRST_ADDRESSES, _PT_PHDR, _BEGINNING = 32, 64, 80, 6, 96


def install(path):
    """Copies this interpreter to `path`, for one application, with leading bytes of its own: by these the kernel tells resident programs from others."""
    with open(os.path.realpath(sys.executable), 'rb') as file:
        image = bytearray(file.read())
    if struct.unpack_from('<Q', image, _HEADERS)[0] != _FIRST_TYPE or struct.unpack_from('<I', image, _FIRST_TYPE)[0] != _PT_PHDR:
        raise ValueError(sys.executable + ': its first program header is not the usual one')
    image[_FIRST_ADDRESSES + 8:_FIRST_ADDRESSES + 16] = os.urandom(8)
    beside = path + '.new'
    with open(beside, 'xb') as file:
        try:
            file.write(image)
            os.fchmod(file.fileno(), 0o755)
            os.rename(beside, path)
        except BaseException:
            os.unlink(beside)
            raise


def _is_installed():
    with open('/proc/self/exe', 'rb') as file:
        address, physical = struct.unpack_from('<QQ', file.read(_BEGINNING), _FIRST_ADDRESSES)
    return address != physical


_registered_in = None


def _threads():
    return [task for task in os.listdir('/proc/self/task') if int(task) != threading.get_native_id()]


def _refuse_threads():
    others = [thread.name for thread in threading.enumerate() if thread is not threading.current_thread()]
    if others:
        raise RuntimeError('an application with threads cannot be resident; these run: ' + ', '.join(others))
    if _threads():  # some library's; before a fork it may end them
        child = os.fork()
        if child == 0:
            os._exit(0)
        os.waitpid(child, 0)
    names = [open('/proc/self/task/%s/comm' % task).read().strip() for task in _threads()]
    if names:
        raise RuntimeError('an application with threads cannot be resident; a library that it imports has started %d: %s. Some libraries take a setting '
                           'that lets them start none: OMP_NUM_THREADS=1, OPENBLAS_NUM_THREADS=1, MKL_NUM_THREADS=1' % (len(names), ', '.join(names)))


def register(main, reseed=None):
    """Makes this interpreter's binary resident, and goes on. Returns the id. RuntimeError where there are threads, or where the interpreter is not the application's own;
    OSError, see exec_sys_register(3)."""
    if not _is_installed():
        raise RuntimeError('%s may be the interpreter of other applications, which would all begin in this one: make one of its own, python3 -m checkpt_resident PATH'
                           % os.path.realpath('/proc/self/exe'))
    _refuse_threads()
    for file in (sys.stdout, sys.stderr):
        if file is not None:
            file.flush()
    command = sys.orig_argv[1:len(sys.orig_argv) - len(sys.argv) + 1]  # the interpreter's options, the script
    if command and os.path.exists(command[-1]):
        command[-1] = os.path.abspath(command[-1])
    global _registered_in
    _registered_in = os.getpid()
    signals = _signals()
    gc.collect()
    gc.freeze()  # what is never looked at again stays shared among all runs
    try:
        return _checkpt_resident.register(lambda arguments, environment: _begin(main, reseed, command, signals, arguments, environment))
    finally:
        gc.unfreeze()


def unregister(id=SELF):
    """Ends that for an id, this interpreter's binary, or ALL. Returns how many there were."""
    return _checkpt_resident.unregister(id)


def _set_environment(environment):
    pairs = [text.split(b'=', 1) for text in environment if b'=' in text[1:]]
    for known in (os.environ._data, sys.modules['posix'].environ):
        known.clear()
        known.update(pairs)


def _open(fd, old, mode):
    try:
        os.fstat(fd)
    except OSError:
        return None
    encoding, errors = (old.encoding, old.errors) if old is not None else (sys.getfilesystemencoding(), 'surrogateescape')
    raw = open(fd, mode + 'b', -1, closefd=False)
    return io.TextIOWrapper(raw, encoding, errors, '\n' if mode == 'w' else None, line_buffering=fd == 2 or os.isatty(fd))


def _set_standard_files():
    sys.stdin = sys.__stdin__ = _open(0, sys.__stdin__, 'r')
    sys.stdout = sys.__stdout__ = _open(1, sys.__stdout__, 'w')
    sys.stderr = sys.__stderr__ = _open(2, sys.__stderr__, 'w')


# What exec will have reset.
def _signals():
    actions = {int(number): signal.getsignal(number) for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}}
    return {number: action for number, action in actions.items() if action is not None and action != signal.SIG_DFL}


def _renew_names(tempfile):
    tempfile._name_sequence = None


def _renew_times(uuid):
    uuid._last_timestamp = None


# OpenSSL seeds itself anew in a process of another number, when it is first asked.
def _renew_ssl(ssl):
    if os.getpid() == _registered_in:
        ssl.RAND_add(os.urandom(32), 32.0)


def _renew_key(process):
    process.current_process().authkey = os.urandom(32)


# What those modules keep that no two runs may have in common, and that they do not ask to be told of.
_RENEWALS = {
    'numpy.random': lambda random: random.seed(),
    'ssl': _renew_ssl,
    'tempfile': _renew_names,
    'uuid': _renew_times,
    'multiprocessing.process': _renew_key,
}


def _renew():
    for name, renew in _RENEWALS.items():
        if name in sys.modules:
            renew(sys.modules[name])


def _is_same(one, other):
    try:
        return one == other or os.path.samefile(one, other)
    except OSError:
        return False


# Started as `PATH OPTION... SCRIPT ARG...`, as the kernel does for a script, or without options and script.
def _own_arguments(command, arguments):
    count = len(command)
    if count > 0 and len(arguments) > count and arguments[1:count] == command[:-1] and _is_same(arguments[count], command[-1]):
        return arguments[count:]
    return arguments


def _begin(main, reseed, command, signals, arguments, environment):
    sys.orig_argv[:] = [os.fsdecode(argument) for argument in arguments]
    sys.argv[:] = _own_arguments(command, sys.orig_argv)
    _set_environment(environment)
    _set_standard_files()
    for number, action in signals.items():
        signal.signal(number, action)
    _renew()
    if reseed is not None:
        reseed()
    main()


if __name__ == '__main__':
    if len(sys.argv) != 2 or sys.argv[1].startswith('-'):
        sys.exit('usage: python3 -m checkpt_resident PATH')
    try:
        install(sys.argv[1])
    except (OSError, ValueError) as error:
        sys.exit('checkpt_resident: %s' % error)
