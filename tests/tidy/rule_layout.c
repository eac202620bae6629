/* How long things are, and what a line may hold. */
#include "tidy.h"

#include <string.h>

/* Files that may be longer than TIDY_FILE_LINES_MAX, each with its reason. */
static const char *const long_files[] = {
    NULL,
};

void tidy_rule_function_length(const struct tidy_tree *tree, struct tidy_report *report)
{
    for (size_t f = 0; f < tree->count; f++) {
        const struct tidy_file *file = &tree->files[f];
        struct tidy_scan scan = {0};
        struct tidy_function function;
        while (tidy_is_source(file) && tidy_next_function(file, &scan, &function)) {
            size_t lines = function.close_line - function.open_line + 1;
            if (lines > TIDY_FUNCTION_LINES_MAX)
                tidy_add(report, file, function.open_line, "%s has %zu lines", function.name,
                         lines);
        }
    }
}

static bool may_be_long(const char *path)
{
    for (size_t i = 0; long_files[i]; i++) {
        if (strcmp(path, long_files[i]) == 0)
            return true;
    }
    return false;
}

void tidy_rule_file_length(const struct tidy_tree *tree, struct tidy_report *report)
{
    for (size_t f = 0; f < tree->count; f++) {
        const struct tidy_file *file = &tree->files[f];
        if (tidy_is_source(file) && file->line_count > TIDY_FILE_LINES_MAX &&
            !may_be_long(file->path))
            tidy_add(report, file, TIDY_FILE_LINES_MAX + 1, "a file of %zu lines",
                     file->line_count);
    }
}

/* UTF-8 continuation bytes take no column. */
static size_t columns_of(const struct tidy_file *file, size_t line)
{
    size_t columns = 0;
    for (size_t i = file->line_at[line]; i < file->line_at[line + 1]; i++)
        columns += file->text[i] != '\n' && ((unsigned char)file->text[i] & 0xc0) != 0x80;
    return columns;
}

/* Rows of .def lists are exempt: CMake reads them line by line. */
void tidy_rule_columns(const struct tidy_tree *tree, struct tidy_report *report)
{
    for (size_t f = 0; f < tree->count; f++) {
        const struct tidy_file *file = &tree->files[f];
        for (size_t line = 0; tidy_is_source(file) && line < file->line_count; line++) {
            size_t columns = columns_of(file, line);
            if (columns > TIDY_COLUMNS_MAX)
                tidy_add(report, file, line + 1, "%zu columns", columns);
        }
    }
}

static void check_blanks(const struct tidy_file *file, size_t line, struct tidy_report *report)
{
    size_t from = file->line_at[line], to = file->line_at[line + 1];
    if (memchr(file->text + from, '\t', to - from))
        tidy_add(report, file, line + 1, "a tab");
    if (memchr(file->text + from, '\r', to - from))
        tidy_add(report, file, line + 1, "a carriage return");
    if (file->text[to - 1] != '\n')
        tidy_add(report, file, line + 1, "no newline at the end of the file");
    else if (to - from >= 2 && file->text[to - 2] == ' ')
        tidy_add(report, file, line + 1, "a blank at the end of the line");
}

void tidy_rule_blanks(const struct tidy_tree *tree, struct tidy_report *report)
{
    for (size_t f = 0; f < tree->count; f++) {
        for (size_t line = 0; line < tree->files[f].line_count; line++)
            check_blanks(&tree->files[f], line, report);
    }
}
