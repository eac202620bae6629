#include "views/picture.h"

#define SMALL_SIDE 32 /* pixels to which smaller pictures are enlarged */

/* The mean of the pixels that a target pixel covers, 0xrrggbb. */
static uint32_t sample(const struct tui_picture *picture, uint32_t x, uint32_t y, uint32_t width,
                       uint32_t height)
{
    uint32_t x0 = x * picture->width / width;
    uint32_t y0 = y * picture->height / height;
    uint32_t x1 = (x + 1) * picture->width / width;
    uint32_t y1 = (y + 1) * picture->height / height;

    /* Of an enlarged one several cover the same pixel. */
    x1 = x1 > x0 ? x1 : x0 + 1;
    y1 = y1 > y0 ? y1 : y0 + 1;
    uint32_t n = (x1 - x0) * (y1 - y0);
    uint32_t sum[3] = {0};

    for (uint32_t py = y0; py < y1; py++) {
        for (uint32_t px = x0; px < x1; px++) {
            const uint8_t *pixel = picture->pixels + 3 * ((size_t)py * picture->width + px);
            for (int c = 0; c < 3; c++)
                sum[c] += pixel[c];
        }
    }
    return sum[0] / n << 16 | sum[1] / n << 8 | sum[2] / n;
}

/* Of ITU-R BT.601's luma, 0 to 255. */
static uint32_t brightness(uint32_t rgb)
{
    return (299 * (rgb >> 16) + 587 * (rgb >> 8 & 0xff) + 114 * (rgb & 0xff)) / 1000;
}

static wchar_t shade(enum tui_glyphs glyphs, uint32_t level)
{
    static const wchar_t ascii[] = L" .:-=+*#%@";
    static const wchar_t blocks[] = L" \x2591\x2592\x2593\x2588";

    return glyphs == TUI_GLYPHS_ASCII ? ascii[level * 10 / 256] : blocks[level * 5 / 256];
}

int tui_picture_draw(struct tui_canvas *canvas, struct tui_rect rect, enum tui_glyphs glyphs,
                     bool colors, const struct tui_picture *picture)
{
    uint32_t width = picture->width;
    uint32_t height = picture->height;
    uint32_t cols = rect.cols > 0 ? (uint32_t)rect.cols : 0;
    uint32_t rows = rect.rows > 0 ? 2 * (uint32_t)rect.rows : 0; /* of pixels */

    if (width == 0 || height == 0 || cols == 0 || rows == 0)
        return 0;
    if (width > cols) {
        height = height * cols / width;
        width = cols;
    }
    if (height > rows) {
        width = width * rows / height;
        height = rows;
    }
    width = width > 0 ? width : 1;
    height = height > 0 ? height : 1;
    /* A digit of 8 x 8 pixels is to be seen, too. */
    uint32_t side = width > height ? width : height;
    uint32_t times = 1;
    while (side * (times + 1) <= SMALL_SIDE && width * (times + 1) <= cols &&
           height * (times + 1) <= rows)
        times++;
    width *= times;
    height *= times;
    for (uint32_t y = 0; y < height; y += 2) {
        for (uint32_t x = 0; x < width; x++) {
            uint32_t upper = sample(picture, x, y, width, height);
            uint32_t lower = y + 1 < height ? sample(picture, x, y + 1, width, height) : 0;
            int row = rect.y + (int)y / 2;
            int col = rect.x + (int)x;
            if (colors && glyphs != TUI_GLYPHS_ASCII)
                tui_canvas_pixels(canvas, row, col, upper, lower);
            else
                tui_canvas_put(canvas, row, col,
                               shade(glyphs, (brightness(upper) + brightness(lower)) / 2),
                               TUI_ROLE_NORMAL);
        }
    }
    return (int)(height + 1) / 2;
}
