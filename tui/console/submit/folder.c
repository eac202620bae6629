#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "submit/disk.h"

static int compare(const void *a, const void *b)
{
    const struct tui_folder_entry *one = a;
    const struct tui_folder_entry *other = b;

    if (one->folder != other->folder)
        return one->folder ? -1 : 1;
    return strcmp(one->name, other->name);
}

/* False for what can't be chosen: a hidden entry, a device, a broken link. */
static bool read_entry(int folder_fd, const char *name, struct tui_folder_entry *ret_entry)
{
    struct stat found;

    if (name[0] == '.' || strlen(name) >= sizeof(ret_entry->name) ||
        fstatat(folder_fd, name, &found, 0) != 0 ||
        (!S_ISDIR(found.st_mode) && !S_ISREG(found.st_mode)))
        return false;
    memset(ret_entry, 0, sizeof(*ret_entry));
    memcpy(ret_entry->name, name, strlen(name) + 1);
    ret_entry->folder = S_ISDIR(found.st_mode);
    ret_entry->bytes = ret_entry->folder ? 0 : (uint64_t)found.st_size;
    return true;
}

static struct tui_folder *grow(struct tui_folder *folder, size_t *room)
{
    size_t more = *room > 0 ? *room * 2 : 64;
    struct tui_folder *larger =
        realloc(folder, sizeof(*folder) + more * sizeof(folder->entries[0]));

    if (!larger)
        return NULL;
    if (!folder)
        memset(larger, 0, sizeof(*larger));
    *room = more;
    return larger;
}

/* What a shell would make of "" and "~/x"; NULL when memory ran out. The caller frees it. */
static char *expand(const char *path)
{
    const char *home = getenv("HOME");
    char *expanded = NULL;

    if (path[0] == 0)
        return strdup(".");
    if (strncmp(path, "~/", 2) != 0 || !home)
        return strdup(path);
    return asprintf(&expanded, "%s%s", home, path + 1) < 0 ? NULL : expanded;
}

struct tui_folder *tui_folder_read(const char *typed, char *ret_error)
{
    size_t room = 0;
    struct tui_folder *folder = grow(NULL, &room);
    char *path = expand(typed);
    DIR *dir = path ? opendir(path) : NULL;
    const struct dirent *entry;
    int failure = dir ? 0 : errno;

    while (folder && dir && (entry = readdir(dir))) {
        struct tui_folder_entry read;
        if (!read_entry(dirfd(dir), entry->d_name, &read))
            continue;
        if (folder->count == TUI_FOLDER_ENTRIES_MAX) {
            folder->left_out++;
            continue;
        }
        if (folder->count == room) {
            struct tui_folder *larger = grow(folder, &room);
            if (!larger) {
                failure = ENOMEM;
                break;
            }
            folder = larger;
        }
        folder->entries[folder->count++] = read;
    }
    if (dir)
        closedir(dir);
    if (folder && failure == 0)
        folder->path = realpath(path, NULL);
    if (!folder || !folder->path) {
        snprintf(ret_error, TUI_TEXT_SIZE, "%s", strerror(failure ? failure : errno));
        tui_folder_destroy(folder);
        free(path);
        return NULL;
    }
    free(path);
    qsort(folder->entries, folder->count, sizeof(folder->entries[0]), compare);
    return folder;
}
