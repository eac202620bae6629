/* Columns on standard output. Cells are cleaned of control characters; widths count characters. */
#ifndef TUI_CLI_TABLE_H
#define TUI_CLI_TABLE_H

#include <stdint.h>

/* TUI_CELL_BYTES: of a formatted figure; TUI_TEXT_BYTES: the most that a table shows of a text. */
enum { TUI_TABLE_COLUMNS_MAX = 12, TUI_CELL_BYTES = 128, TUI_TEXT_BYTES = 1024 };

struct tui_table;

/* `headings` is a NULL-terminated list; one that begins with '>' is right-aligned. */
struct tui_table *tui_table_create(const char *const *headings);
/* Appends a row: as many printf-made cells as there are headings follow through tui_table_cell. */
void tui_table_cell(struct tui_table *table, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Prints the headings and all rows, then frees the table. */
void tui_table_print(struct tui_table *table);

/* Short human forms; the result lies in `out` (TUI_CELL_BYTES) and is returned. */
char *tui_format_us(char *out, double us);          /* 3.1 ms */
char *tui_format_measured_us(char *out, double us); /* the same, - for 0 */
char *tui_format_bytes(char *out, double bytes);    /* 8.0 GiB */
char *tui_format_age(char *out, double ms);         /* 0.2 s, 1.5 m, 40 m, 3 h */
char *tui_format_time(char *out, double ms);        /* 17:21:44.120, local time */

#endif
