/* What a file includes, and which file that is. */
#include "tidy.h"

#include <string.h>

static const char *const third_party[] = {
    "CL/",        "clblast",    "nng/",        "cjson/",    "curses.h",
    "ncurses",    "form.h",     "panel.h",     "term.h",    "png.h",     "zlib.h",
    "jpeglib.h",  "jerror.h",   "sqlite3.h",   "systemd/",  "openssl/",
    "xxhash.h",   "ini.h",      "uthash.h",    "utarray.h", "utlist.h",
    "utstring.h", "criterion/", "protobuf-c/", "vterm.h",   "vterm_keycodes.h",
};

bool tidy_is_third_party(const char *target)
{
    for (size_t i = 0; i < sizeof third_party / sizeof third_party[0]; i++) {
        if (tidy_has_start(target, third_party[i]))
            return true;
    }
    return false;
}

/* Reads the name of `#include "name"` or `#include <name>` in the line; false if it is none. */
static bool read_include(const struct tidy_file *file, size_t line, struct tidy_include *include)
{
    /* code says whether the directive is real, text still has the name */
    const char *code = file->code + file->line_at[line];
    size_t skip = strspn(code, " ");
    if (code[skip++] != '#')
        return false;
    skip += strspn(code + skip, " ");
    if (strncmp(code + skip, "include", 7) != 0)
        return false;
    const char *text = file->text + file->line_at[line] + skip + 7;
    text += strspn(text, " ");
    const char *end = *text == '"'   ? strchr(text + 1, '"')
                      : *text == '<' ? strchr(text + 1, '>')
                                     : NULL;
    if (!end || (size_t)(end - text) > sizeof include->target)
        return false;
    include->quoted = *text == '"';
    include->line = line + 1;
    size_t length = (size_t)(end - text - 1);
    memcpy(include->target, text + 1, length);
    include->target[length] = '\0';
    return true;
}

bool tidy_next_include(const struct tidy_file *file, size_t *at, struct tidy_include *ret_include)
{
    while (*at < file->line_count) {
        struct tidy_include include;
        if (read_include(file, (*at)++, &include)) {
            *ret_include = include;
            return true;
        }
    }
    return false;
}

static const struct tidy_file *find(const struct tidy_tree *tree, const char *path)
{
    for (size_t i = 0; i < tree->count; i++) {
        if (strcmp(tree->files[i].path, path) == 0)
            return &tree->files[i];
    }
    return NULL;
}

static size_t shared_start(const char *a, const char *b)
{
    size_t i = 0;
    while (a[i] && a[i] == b[i])
        i++;
    return i;
}

/* Takes "folder/../" out of a path. */
static void fold_parents(char *path)
{
    for (char *up; (up = strstr(path, "/../"));) {
        char *folder = up;
        while (folder > path && folder[-1] != '/')
            folder--;
        memmove(folder, up + 4, strlen(up + 4) + 1);
    }
}

/* Beside the includer, then from the root, then the nearest folder that has it: targets may add
 * any folder of their own to the path. */
const struct tidy_file *tidy_resolve(const struct tidy_tree *tree, const struct tidy_file *includer,
                                     const struct tidy_include *include)
{
    char path[1024];
    if (!include->quoted) { /* reaches a room's public folder only */
        snprintf(path, sizeof path, "/include/%s", include->target);
        for (size_t i = 0; i < tree->count; i++) {
            if (tidy_has_ending(tree->files[i].path, path))
                return &tree->files[i];
        }
        return NULL;
    }
    int folder = (int)(tidy_basename(includer->path) - includer->path);
    snprintf(path, sizeof path, "%.*s%s", folder, includer->path, include->target);
    fold_parents(path);
    const struct tidy_file *best = find(tree, path);
    if (!best)
        best = find(tree, include->target);
    if (best)
        return best;
    size_t best_shared = 0;
    snprintf(path, sizeof path, "/%s", include->target);
    if (strstr(path, "/../"))
        return NULL;
    for (size_t i = 0; i < tree->count; i++) {
        const struct tidy_file *file = &tree->files[i];
        size_t shared = shared_start(file->path, includer->path);
        if (tidy_has_ending(file->path, path) && (!best || shared > best_shared)) {
            best = file;
            best_shared = shared;
        }
    }
    return best;
}
