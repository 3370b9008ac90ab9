/* A plugin that lacks a function, of which it has a pointer only when it is called. */
extern int missing_function(void);

#ifdef WHOLE
int missing_function(void)
{
    return 1;
}
#endif

int call_it(void);
int call_it(void)
{
    return missing_function();
}
