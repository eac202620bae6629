#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/state.h"

bool tui_store_path(char *ret_path, size_t size)
{
    const char *state = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    int n;

    /* The specification of the base directories: a relative path there is to be ignored. */
    if (state && state[0] == '/')
        n = snprintf(ret_path, size, "%s/stoker/console", state);
    else if (home && home[0] == '/')
        n = snprintf(ret_path, size, "%s/.local/state/stoker/console", home);
    else
        return false;
    return n > 0 && (size_t)n < size;
}

char *tui_store_load(const char *path)
{
    char *text = malloc(TUI_STATE_BYTES_MAX + 1);
    /* A named pipe in its place must not hold the console up. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    size_t used = 0;
    ssize_t n = -1;

    while (text && fd >= 0 && used < TUI_STATE_BYTES_MAX &&
           (n = read(fd, text + used, TUI_STATE_BYTES_MAX - used)) > 0)
        used += (size_t)n;
    if (fd >= 0)
        close(fd);
    if (!text || n < 0) {
        free(text);
        return NULL;
    }
    text[used] = 0;
    return text;
}

/* Makes the folders above a file. */
static bool make_folders(const char *path)
{
    char folder[PATH_MAX];

    for (const char *at = strchr(path + 1, '/'); at; at = strchr(at + 1, '/')) {
        if ((size_t)(at - path) >= sizeof(folder)) {
            errno = ENAMETOOLONG;
            return false;
        }
        memcpy(folder, path, (size_t)(at - path));
        folder[at - path] = 0;
        if (mkdir(folder, 0700) != 0 && errno != EEXIST)
            return false;
    }
    return true;
}

bool tui_store_save(const char *path, const char *text)
{
    char beside[PATH_MAX];
    size_t len = strlen(text);

    if (snprintf(beside, sizeof(beside), "%s.XXXXXX", path) >= (int)sizeof(beside)) {
        errno = ENAMETOOLONG;
        return false;
    }
    if (!make_folders(path))
        return false;
    int fd = mkostemp(beside, O_CLOEXEC);
    if (fd < 0)
        return false;
    bool ok = write(fd, text, len) == (ssize_t)len;
    ok = close(fd) == 0 && ok;
    if (ok && rename(beside, path) == 0)
        return true;
    unlink(beside);
    return false;
}
