#include "theme/color.h"

#include <math.h>
#include <string.h>

/* xterm's own; other terminals differ, which is why a theme may name one of the 16 itself. */
static const uint32_t ansi_rgb[16] = {
    0x000000, 0xcd0000, 0x00cd00, 0xcdcd00, 0x0000ee, 0xcd00cd, 0x00cdcd, 0xe5e5e5,
    0x7f7f7f, 0xff0000, 0x00ff00, 0xffff00, 0x5c5cff, 0xff00ff, 0x00ffff, 0xffffff,
};
static const char *const ansi_names[8] = {"black", "red",     "green", "yellow",
                                          "blue",  "magenta", "cyan",  "white"};

static double linear(uint32_t channel)
{
    double c = (double)channel / 255;

    return c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4);
}

static double luminance(uint32_t rgb)
{
    return 0.2126 * linear(rgb >> 16 & 0xff) + 0.7152 * linear(rgb >> 8 & 0xff) +
           0.0722 * linear(rgb & 0xff);
}

double tui_color_contrast(uint32_t a, uint32_t b)
{
    double x = luminance(a) + 0.05;
    double y = luminance(b) + 0.05;

    return x > y ? x / y : y / x;
}

struct lab {
    double l, a, b;
};

static double lab_root(double t)
{
    return t > 216.0 / 24389 ? cbrt(t) : (24389.0 / 27 * t + 16) / 116;
}

static struct lab to_lab(uint32_t rgb)
{
    double r = linear(rgb >> 16 & 0xff);
    double g = linear(rgb >> 8 & 0xff);
    double b = linear(rgb & 0xff);
    /* White of D65. */
    double x = lab_root((0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / 0.95047);
    double y = lab_root(0.2126729 * r + 0.7151522 * g + 0.0721750 * b);
    double z = lab_root((0.0193339 * r + 0.1191920 * g + 0.9503041 * b) / 1.08883);

    return (struct lab){116 * y - 16, 500 * (x - y), 200 * (y - z)};
}

static double lab_distance(struct lab x, struct lab y)
{
    double l = x.l - y.l;
    double a = x.a - y.a;
    double b = x.b - y.b;

    return sqrt(l * l + a * a + b * b);
}

double tui_color_distance(uint32_t a, uint32_t b)
{
    return lab_distance(to_lab(a), to_lab(b));
}

uint32_t tui_color_xterm(int number)
{
    static const uint32_t levels[6] = {0, 95, 135, 175, 215, 255};
    uint32_t n = (uint32_t)number & 0xff;

    if (n < 16)
        return ansi_rgb[n];
    if (n >= 232) {
        uint32_t grey = 8 + 10 * (n - 232);
        return grey << 16 | grey << 8 | grey;
    }
    n -= 16;
    return levels[n / 36] << 16 | levels[n / 6 % 6] << 8 | levels[n % 6];
}

/* The nearest of the palette's colours `first` to `last`. */
static int nearest(uint32_t rgb, int first, int last)
{
    struct lab wanted = to_lab(rgb);
    int best = first;
    double least = INFINITY;

    for (int i = first; i <= last; i++) {
        uint32_t candidate = tui_color_xterm(i);
        if (candidate == rgb)
            return i;
        double distance = lab_distance(wanted, to_lab(candidate));
        if (distance < least) {
            least = distance;
            best = i;
        }
    }
    return best;
}

int tui_color_pixel(uint32_t rgb, enum tui_depth depth)
{
    /* The cube's steps are 0, 95, 135, 175, 215, 255. */
    int number = 0;

    if (depth == TUI_DEPTH_TRUE)
        return (int)rgb;
    if (depth < TUI_DEPTH_256)
        return TUI_COLOR_DEFAULT;
    for (int shift = 16; shift >= 0; shift -= 8) {
        int value = (int)(rgb >> shift & 0xff);
        number = number * 6 + (value < 48 ? 0 : value < 115 ? 1 : (value - 35) / 40);
    }
    return 16 + number;
}

int tui_color_at(const struct tui_color *color, enum tui_depth depth)
{
    if (!color->set || depth == TUI_DEPTH_NONE)
        return TUI_COLOR_DEFAULT;
    if (depth == TUI_DEPTH_TRUE)
        return (int)color->rgb;
    /* The first 16 are whatever the operator has made of them: never taken for an exact colour. */
    if (depth == TUI_DEPTH_256)
        return nearest(color->rgb, 16, 255);
    return depth == TUI_DEPTH_16 ? color->ansi : color->ansi % 8;
}

static bool is(const char *text, size_t len, const char *word)
{
    return strlen(word) == len && memcmp(text, word, len) == 0;
}

static bool parse_name(const char *text, size_t len, int *ret_number)
{
    static const char bright[] = "bright-";
    int add = 0;

    if (len > sizeof(bright) - 1 && memcmp(text, bright, sizeof(bright) - 1) == 0) {
        text += sizeof(bright) - 1;
        len -= sizeof(bright) - 1;
        add = 8;
    }
    for (int i = 0; i < 8; i++) {
        if (is(text, len, ansi_names[i])) {
            *ret_number = i + add;
            return true;
        }
    }
    return false;
}

static bool parse_rgb(const char *text, uint32_t *ret_rgb)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    uint32_t rgb = 0;

    for (size_t i = 0; i < 6; i++) {
        const char *digit = memchr(digits, text[i], sizeof(digits) - 1);
        if (!digit)
            return false;
        rgb = rgb << 4 | (uint32_t)((digit - digits) % 16);
    }
    *ret_rgb = rgb;
    return true;
}

bool tui_color_parse(const char *text, size_t len, struct tui_color *ret_color)
{
    struct tui_color color = {.set = true};

    if (is(text, len, "default")) {
        *ret_color = (struct tui_color){0};
        return true;
    }
    if (len == 0 || text[0] != '#') {
        if (!parse_name(text, len, &color.ansi))
            return false;
        color.rgb = ansi_rgb[color.ansi];
    } else {
        if (len < 7 || !parse_rgb(text + 1, &color.rgb))
            return false;
        if (len == 7)
            color.ansi = nearest(color.rgb, 0, 15);
        else if (text[7] != '/' || !parse_name(text + 8, len - 8, &color.ansi))
            return false;
    }
    *ret_color = color;
    return true;
}
