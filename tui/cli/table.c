#include "cli/table.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "text/reply.h"

struct tui_table {
    const char *headings[TUI_TABLE_COLUMNS_MAX];
    size_t n_columns;
    char **cells; // NULL: no memory, shown as nothing
    size_t n_cells, cells_max;
};

struct tui_table *tui_table_create(const char *const *headings)
{
    struct tui_table *table = calloc(1, sizeof(*table));
    if (table == NULL)
        return NULL;
    while (headings[table->n_columns] != NULL && table->n_columns < TUI_TABLE_COLUMNS_MAX) {
        table->headings[table->n_columns] = headings[table->n_columns];
        table->n_columns++;
    }
    return table;
}

static bool grow(struct tui_table *table)
{
    if (table->n_cells < table->cells_max)
        return true;
    size_t max = table->cells_max ? table->cells_max * 2 : 64;
    void *cells = realloc(table->cells, max * sizeof(*table->cells));
    if (cells == NULL)
        return false;
    table->cells = cells;
    table->cells_max = max;
    return true;
}

void tui_table_cell(struct tui_table *table, const char *format, ...)
{
    char text[TUI_TEXT_BYTES], clean[TUI_TEXT_BYTES];
    va_list args;

    if (table == NULL || !grow(table))
        return;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    table->cells[table->n_cells++] = strdup(tui_shown(text, clean, sizeof(clean)));
}

static size_t characters(const char *text)
{
    size_t n = 0;
    for (; *text != '\0'; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}

static void print_row(const struct tui_table *table, const char *const *cells, const size_t *widths)
{
    size_t end = table->n_columns;

    while (end > 1 && cells[end - 1][0] == '\0')
        end--; // no blanks at the end of a line
    for (size_t c = 0; c < end; c++) {
        bool right = table->headings[c][0] == '>';
        bool last = c + 1 == end;
        int pad = (int)(widths[c] - characters(cells[c]));
        printf("%*s%s%*s%s", right ? pad : 0, "", cells[c], right || last ? 0 : pad, "",
               last ? "\n" : "  ");
    }
}

void tui_table_print(struct tui_table *table)
{
    size_t widths[TUI_TABLE_COLUMNS_MAX];
    const char *row[TUI_TABLE_COLUMNS_MAX];

    if (table == NULL)
        return;
    for (size_t c = 0; c < table->n_columns; c++) {
        row[c] = table->headings[c] + (table->headings[c][0] == '>');
        widths[c] = characters(row[c]);
    }
    for (size_t i = 0; i < table->n_cells; i++) {
        size_t *width = &widths[i % table->n_columns];
        size_t n = table->cells[i] != NULL ? characters(table->cells[i]) : 0;
        *width = n > *width ? n : *width;
    }
    print_row(table, row, widths);
    for (size_t i = 0; i + table->n_columns <= table->n_cells; i += table->n_columns) {
        for (size_t c = 0; c < table->n_columns; c++)
            row[c] = table->cells[i + c] != NULL ? table->cells[i + c] : "";
        print_row(table, row, widths);
    }
    for (size_t i = 0; i < table->n_cells; i++)
        free(table->cells[i]);
    free(table->cells);
    free(table);
}

char *tui_format_measured_us(char *out, double us)
{
    return us > 0 ? tui_format_us(out, us) : memcpy(out, "-", 2);
}

char *tui_format_us(char *out, double us)
{
    if (us < 1000)
        snprintf(out, TUI_CELL_BYTES, "%.0f us", us);
    else if (us < 1e6)
        snprintf(out, TUI_CELL_BYTES, "%.*f ms", us < 1e4 ? 2 : 1, us / 1e3);
    else
        snprintf(out, TUI_CELL_BYTES, "%.2f s", us / 1e6);
    return out;
}

char *tui_format_bytes(char *out, double bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    size_t u = 0;
    while (bytes >= 1024 && u + 1 < sizeof(units) / sizeof(units[0])) {
        bytes /= 1024;
        u++;
    }
    snprintf(out, TUI_CELL_BYTES, u == 0 ? "%.0f %s" : "%.1f %s", bytes, units[u]);
    return out;
}

char *tui_format_age(char *out, double ms)
{
    if (ms < 60e3)
        snprintf(out, TUI_CELL_BYTES, "%.1f s", ms / 1e3);
    else if (ms < 3600e3)
        snprintf(out, TUI_CELL_BYTES, ms < 600e3 ? "%.1f m" : "%.0f m", ms / 60e3);
    else if (ms < 48 * 3600e3)
        snprintf(out, TUI_CELL_BYTES, "%.1f h", ms / 3600e3);
    else
        snprintf(out, TUI_CELL_BYTES, "%.1f d", ms / 86400e3);
    return out;
}

char *tui_format_time(char *out, double ms)
{
    struct tm local;
    time_t seconds = (time_t)(ms / 1e3);
    size_t n;

    out[0] = '\0';
    if (ms <= 0 || ms > 1e15 || localtime_r(&seconds, &local) == NULL)
        return memcpy(out, "-", 2);
    n = strftime(out, TUI_CELL_BYTES, "%Y-%m-%d %H:%M:%S", &local);
    snprintf(out + n, TUI_CELL_BYTES - n, ".%03d", (int)((int64_t)ms % 1000));
    return out;
}
