/* The part of checkpt_resident.py that Python cannot do: exec_sys_register(), and an entry that makes the interpreter's main thread begin anew. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/resident.h>

#if PY_VERSION_HEX < 0x030b0000 || PY_VERSION_HEX >= 0x030c0000
#error "build it with PYTHON_CONFIG=/usr/bin/python3.11-config: what a thread's state refers to on the stack is known of Python 3.11 only"
#endif

extern char **environ;

/* In the snapshot, for the entry: called as begin(arguments, environment), both lists of bytes. */
static PyObject *begin;

void checkpt_resident_entry(void);
__asm__(".globl checkpt_resident_entry\n.hidden checkpt_resident_entry\ncheckpt_resident_entry: xor %ebp, %ebp\n mov %rsp, %rdi\n and $-16, %rsp\n call checkpt_resident_begin\n hlt\n");

static PyObject *list_of(char **texts)
{
    PyObject *list = PyList_New(0);
    for (; list != NULL && *texts != NULL; texts++) {
        PyObject *text = PyBytes_FromString(*texts);
        if (text == NULL || PyList_Append(list, text) != 0)
            Py_CLEAR(list);
        Py_XDECREF(text);
    }
    return list;
}

/* The stack that the interpreter was called on is not there any more, nor are its exception handlers. */
static void forget_stack(PyThreadState *state)
{
    state->root_cframe.use_tracing = 0;
    state->root_cframe.current_frame = NULL;
    state->cframe = &state->root_cframe;
    state->exc_info = &state->exc_state;
    state->recursion_remaining = state->recursion_limit;
    state->trash_delete_nesting = 0;
}

__attribute__((noreturn, used, visibility("hidden"))) void checkpt_resident_begin(uintptr_t *stack)
{
    forget_stack(PyThreadState_Get());
    PyOS_AfterFork_Child(); /* another process, another thread id; what wants to know does so by os.register_at_fork() */
    PyObject *arguments = list_of((char **)(stack + 1)), *environment = list_of(environ);
    PyObject *result = arguments != NULL && environment != NULL ? PyObject_CallFunctionObjArgs(begin, arguments, environment, NULL) : NULL;
    if (result == NULL)
        PyErr_Print(); /* ends the process at SystemExit */
    exit(Py_FinalizeEx() < 0 ? 120 : result == NULL);
}

static PyObject *returned(int result)
{
    return result < 0 ? PyErr_SetFromErrno(PyExc_OSError) : PyLong_FromLong(result);
}

static PyObject *do_register(PyObject *module, PyObject *function)
{
    (void)module;
    Py_XSETREF(begin, Py_NewRef(function));
    return returned(exec_sys_register((void *)(uintptr_t)checkpt_resident_entry));
}

static PyObject *do_unregister(PyObject *module, PyObject *id)
{
    (void)module;
    long number = PyLong_AsLong(id);
    if (number == -1 && PyErr_Occurred())
        return NULL;
    return returned(exec_sys_unregister((int)number));
}

static PyMethodDef methods[] = {{"register", do_register, METH_O, NULL}, {"unregister", do_unregister, METH_O, NULL}, {0}};
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "_checkpt_resident", .m_size = -1, .m_methods = methods};

PyMODINIT_FUNC PyInit__checkpt_resident(void)
{
    if (Py_Version >> 16 != PY_VERSION_HEX >> 16)
        return PyErr_Format(PyExc_ImportError, "built for Python " PY_VERSION ", not for this one");
    return PyModule_Create(&definition);
}
