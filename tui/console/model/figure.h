/* Numbers as an operator reads them. Each writes at most `size` bytes with the final zero. */
#ifndef TUI_CONSOLE_MODEL_FIGURE_H
#define TUI_CONSOLE_MODEL_FIGURE_H

#include <stddef.h>
#include <stdint.h>

#define TUI_FIGURE_SIZE 32

/* 7, 1,284, 12.3k, 4.5M, 7.1G */
void tui_figure_count(char *ret_text, size_t size, uint64_t count);

/* 0, 0.4, 12.5, 208, 1,284, 12.3k; "-" for NAN */
void tui_figure_rate(char *ret_text, size_t size, double rate);

/* 850 us, 3.1 ms, 21 ms, 1.2 s, 3 min; "-" for NAN */
void tui_figure_us(char *ret_text, size_t size, double us);

/* 0.2s, 4.8s, 12s, 3m, 2h, 4d */
void tui_figure_age(char *ret_text, size_t size, uint64_t ms);

/* 512 B, 1.4 KiB, 15.2 GiB */
void tui_figure_bytes(char *ret_text, size_t size, uint64_t bytes);

/* 97%; "-" for NAN */
void tui_figure_percent(char *ret_text, size_t size, double share);

/* The wall clock, 17:21:31, in the local time zone; "-" for 0. */
void tui_figure_clock(char *ret_text, size_t size, uint64_t epoch_ms);

#endif
