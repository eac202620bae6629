#include "tidy.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { FILES_MAX = 8192, FILE_BYTES_MAX = 16 << 20, PATH_SIZE = 1024 };

static const char *const roots[] = {"compute", "net", "agent", "tui", "tests"};

bool tidy_has_ending(const char *path, const char *ending)
{
    size_t size = strlen(path), length = strlen(ending);
    return size >= length && strcmp(path + size - length, ending) == 0;
}

bool tidy_has_start(const char *path, const char *start)
{
    return strncmp(path, start, strlen(start)) == 0;
}

const char *tidy_basename(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

bool tidy_is_c(const struct tidy_file *file)
{
    return tidy_has_ending(file->path, ".c") || tidy_has_ending(file->path, ".h");
}

bool tidy_is_source(const struct tidy_file *file)
{
    return tidy_is_c(file) || tidy_has_ending(file->path, ".cl");
}

size_t tidy_line_of(const struct tidy_file *file, size_t at)
{
    size_t low = 0, high = file->line_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (file->line_at[middle] <= at)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int read_file(const char *path, char **ret_text, size_t *ret_size)
{
    FILE *stream = fopen(path, "rb");
    if (!stream)
        return -errno;
    struct stat info;
    int rc = -EFBIG;
    char *text = NULL;
    if (fstat(fileno(stream), &info) != 0 || info.st_size > FILE_BYTES_MAX)
        goto out;
    rc = -ENOMEM;
    size_t size = (size_t)info.st_size;
    text = malloc(size + 1);
    if (!text)
        goto out;
    rc = -EIO;
    if (fread(text, 1, size, stream) != size)
        goto out;
    text[size] = '\0';
    *ret_text = text;
    *ret_size = size;
    text = NULL;
    rc = 0;
out:
    free(text);
    fclose(stream);
    return rc;
}

/* Where the comment or literal that begins at `at` ends; `at` itself when none begins there. */
static size_t skip_quiet(const char *text, size_t at)
{
    size_t i = at;
    if (text[at] == '/' && text[at + 1] == '/') {
        while (text[i] && text[i] != '\n')
            i++;
    } else if (text[at] == '/' && text[at + 1] == '*') {
        const char *end = strstr(text + at + 2, "*/");
        i = end ? (size_t)(end - text) + 2 : at + strlen(text + at);
    } else if (text[at] == '"' || text[at] == '\'') {
        for (i = at + 1; text[i] && text[i] != text[at] && text[i] != '\n'; i++) {
            if (text[i] == '\\' && text[i + 1])
                i++;
        }
        i += text[i] == text[at];
    }
    return i;
}

/* Comments go; of a literal the quotes stay. */
static void blank_quiet(char *code, size_t from, size_t to, bool literal)
{
    for (size_t i = from; i < to; i++) {
        bool quote = literal && (i == from || i + 1 == to);
        if (code[i] != '\n' && !quote)
            code[i] = ' ';
    }
}

static int index_lines(struct tidy_file *file)
{
    size_t lines = 0;
    for (size_t i = 0; i < file->size; i++)
        lines += file->text[i] == '\n';
    if (file->size && file->text[file->size - 1] != '\n')
        lines++;
    file->line_at = calloc(lines + 1, sizeof *file->line_at);
    if (!file->line_at)
        return -ENOMEM;
    size_t line = 0;
    for (size_t i = 0; i < file->size; i++) {
        if (i == 0 || file->text[i - 1] == '\n')
            file->line_at[line++] = i;
    }
    file->line_at[lines] = file->size;
    file->line_count = lines;
    return 0;
}

static void finish_file(struct tidy_file *file)
{
    free(file->path);
    free(file->text);
    free(file->code);
    free(file->line_at);
}

static int load_file(const char *root, const char *path, struct tidy_file *ret_file)
{
    struct tidy_file file = {.path = strdup(path)};
    char full[2 * PATH_SIZE];
    bool fits = snprintf(full, sizeof full, "%s/%s", root, path) < (int)sizeof full;
    int rc = !file.path ? -ENOMEM : fits ? read_file(full, &file.text, &file.size) : -ENAMETOOLONG;
    if (rc == 0) {
        file.code = strdup(file.text);
        rc = file.code ? index_lines(&file) : -ENOMEM;
    }
    if (rc) {
        finish_file(&file);
        return rc;
    }
    size_t length = strlen(file.text); /* a NUL byte inside ends the code */
    bool reads = tidy_is_source(&file) || tidy_has_ending(path, ".def");
    for (size_t i = 0; reads && i < length;) {
        size_t end = skip_quiet(file.text, i);
        if (end > i)
            blank_quiet(file.code, i, end, file.text[i] != '/');
        i = end > i ? end : i + 1;
    }
    *ret_file = file;
    return 0;
}

static bool is_wanted(const char *path)
{
    static const char *const endings[] = {".c", ".h", ".cl", ".def", ".cmake", "CMakeLists.txt"};
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        if (tidy_has_ending(path, endings[i]))
            return true;
    }
    return false;
}

static int walk(struct tidy_tree *tree, const char *folder)
{
    char full[PATH_SIZE];
    snprintf(full, sizeof full, "%s/%s", tree->root, folder);
    DIR *dir = opendir(full);
    if (!dir)
        return errno == ENOENT ? 0 : -errno;
    int rc = 0;
    for (struct dirent *entry; rc == 0 && (entry = readdir(dir));) {
        char path[PATH_SIZE];
        int length = snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (entry->d_name[0] == '.')
            continue;
        if (length >= (int)sizeof path)
            rc = -ENAMETOOLONG;
        else if (entry->d_type == DT_DIR)
            rc = walk(tree, path);
        else if (entry->d_type == DT_REG && is_wanted(path))
            rc = tree->count < FILES_MAX ? load_file(tree->root, path, &tree->files[tree->count])
                                         : -E2BIG;
        tree->count += rc == 0 && entry->d_type == DT_REG && is_wanted(path);
    }
    closedir(dir);
    return rc;
}

static int compare_paths(const void *a, const void *b)
{
    const struct tidy_file *left = a, *right = b;
    return strcmp(left->path, right->path);
}

int tidy_tree_load(const char *root, const char *compile_commands, struct tidy_tree *ret_tree)
{
    struct tidy_tree tree = {
        .files = calloc(FILES_MAX, sizeof *tree.files),
        .root = strdup(root),
    };
    int rc = tree.files && tree.root ? 0 : -ENOMEM;
    size_t size = 0;
    if (rc == 0)
        rc = read_file(compile_commands, &tree.compiled, &size);
    for (size_t i = 0; rc == 0 && i < sizeof roots / sizeof roots[0]; i++)
        rc = walk(&tree, roots[i]);
    if (rc) {
        tidy_tree_finish(&tree);
        return rc;
    }
    qsort(tree.files, tree.count, sizeof *tree.files, compare_paths);
    *ret_tree = tree;
    return 0;
}

void tidy_tree_finish(struct tidy_tree *tree)
{
    for (size_t i = 0; i < tree->count; i++)
        finish_file(&tree->files[i]);
    free(tree->files);
    free(tree->compiled);
    free(tree->root);
}
