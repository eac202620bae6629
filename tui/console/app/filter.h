/*
 * The language that lists are filtered by:
 *
 *   yolo lost            words; a row has all of them, in any of its texts
 *   "fan is loud"        a text with blanks
 *   state:ready          a field contains it; state:=ready is it; state:failed,expired one of them
 *   p95:>10ms load:<80%  a field's number is so; queue:5..10 from, to
 *   /ember-0[1-3]$/      a POSIX extended expression; agent:/-01$/ of one field
 *   !term                not that
 *
 * Case doesn't matter. Pure: no state outside of the filter.
 */
#ifndef TUI_CONSOLE_APP_FILTER_H
#define TUI_CONSOLE_APP_FILTER_H

#include "views/view.h"

#define TUI_FILTER_SIZE 160 /* bytes of a filter's text, with the final zero */
#define TUI_FILTER_TERMS_MAX 16
#define TUI_FILTER_TESTS_MAX 32

struct tui_filter; /* a filter that was understood */

/* Why one wasn't. */
struct tui_filter_error {
    size_t at; /* the byte where it begins */
    char text[TUI_TEXT_SIZE];
};

/*
 * Understands `text` for rows with these fields. *ret_filter is NULL for one that lets every row
 * through, otherwise the caller's to destroy. False, with *ret_error set and *ret_filter
 * untouched, when it is wrong.
 */
bool tui_filter_compile(const char *text, const struct tui_field *fields,
                        struct tui_filter **ret_filter, struct tui_filter_error *ret_error);
void tui_filter_destroy(struct tui_filter *filter);

/* Whether a row of a view passes. */
bool tui_filter_match(const struct tui_filter *filter, const struct tui_view_ops *ops,
                      const struct tui_app *app, size_t index);

/*
 * The field of that name, or the only one whose name begins with it: its index. *ret_error (which
 * may be NULL) says what there is when there is none.
 */
bool tui_field_find(const struct tui_field *fields, const char *name, size_t len, size_t *ret_field,
                    struct tui_filter_error *ret_error);

#endif
