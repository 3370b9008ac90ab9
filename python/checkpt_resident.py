"""Applications that begin with their imports done: see exec_sys_register(3).

    import heavy, checkpt_resident

    def main():
        ...                     # sys.argv, os.environ, the standard files are this run's

    if __name__ == '__main__':
        checkpt_resident.register(main)

Run it once, as root, by a copy of the interpreter that is the application's own:

    cp /usr/bin/python3 /usr/local/bin/python-app
    python-app app.py

From then on `python-app ARG...` begins in main(), with sys.argv = ['python-app', 'ARG', ...].

Every run has fresh random state: the random module, and whatever else asks for it with os.register_at_fork(after_in_child=...), is told; others are made anew by
`reseed`, which is called before main(). The secret of str.__hash__ stays that of the registration, since dictionaries are in its order; so do the encodings.
Files and threads do not last: an application with threads is refused.
"""
import gc
import io
import os
import signal
import sys
import threading

import _checkpt_resident

SELF, ALL = -1, -2


def register(main, reseed=None):
    """Makes this interpreter's binary resident, and goes on. Returns the id. RuntimeError where there are threads; OSError, see exec_sys_register(3)."""
    others = [thread.name for thread in threading.enumerate() if thread is not threading.current_thread()]
    if others:
        raise RuntimeError('an application with threads cannot be resident; these run: ' + ', '.join(others))
    for file in (sys.stdout, sys.stderr):
        if file is not None:
            file.flush()
    gc.collect()
    gc.freeze()  # what is never looked at again stays shared among all runs
    try:
        return _checkpt_resident.register(lambda arguments, environment: _begin(main, reseed, arguments, environment))
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


# What exec has reset.
def _set_signals():
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        action = signal.getsignal(number)
        if action is not None and action != signal.SIG_DFL:
            signal.signal(number, action)


def _begin(main, reseed, arguments, environment):
    sys.orig_argv[:] = sys.argv[:] = [os.fsdecode(argument) for argument in arguments]
    _set_environment(environment)
    _set_standard_files()
    _set_signals()
    if reseed is not None:
        reseed()
    main()
