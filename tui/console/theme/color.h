/* Colours as numbers, and how far apart eyes see them. */
#ifndef TUI_CONSOLE_THEME_COLOR_H
#define TUI_CONSOLE_THEME_COLOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How many colours a terminal shows. */
enum tui_depth { TUI_DEPTH_NONE, TUI_DEPTH_8, TUI_DEPTH_16, TUI_DEPTH_256, TUI_DEPTH_TRUE };

#define TUI_COLOR_DEFAULT (-1) /* the terminal's own */

/* A colour as a theme names it. */
struct tui_color {
    bool set;     /* false: the terminal's own */
    uint32_t rgb; /* 0xrrggbb */
    int ansi;     /* of the 16 named ones, where no more are to be had */
};

/*
 * Reads "default", "#rrggbb", "#rrggbb/NAME" or NAME: black, red, green, yellow, blue, magenta,
 * cyan, white, each with "bright-" before it, too. Without a NAME the nearest is taken. False, with
 * nothing set, for anything else.
 */
bool tui_color_parse(const char *text, size_t len, struct tui_color *ret_color);

/* The number that says this colour at a depth: TUI_COLOR_DEFAULT, 0-7, 0-15, 0-255 or 0xrrggbb. */
int tui_color_at(const struct tui_color *color, enum tui_depth depth);

/* As tui_color_at for a picture's pixel: quick, by the cube of xterm's palette where that is all.
 */
int tui_color_pixel(uint32_t rgb, enum tui_depth depth);

/* What xterm shows for a colour of its palette of 256. */
uint32_t tui_color_xterm(int number);

/* The ratio of contrast of WCAG 2.1, 1 to 21. */
double tui_color_contrast(uint32_t a, uint32_t b);

/* How different two colours look: the distance in CIELAB (CIE 1976), 2.3 is just noticeable. */
double tui_color_distance(uint32_t a, uint32_t b);

#endif
