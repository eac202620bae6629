#include "device/blast_library.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#define LIBRARY "libclblast.so.1"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct cx_blast blast;
static bool loaded;

static void load(void)
{
    void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL)
        return;
    loaded = true;
#define LOAD(name)                                           \
    *(void **)&blast.name = dlsym(library, "CLBlast" #name); \
    loaded = loaded && blast.name != NULL;
    CX_BLAST_FUNCTIONS(LOAD)
#undef LOAD
}

const struct cx_blast *cx_blast_library(void)
{
    pthread_once(&once, load);
    return loaded ? &blast : NULL;
}
