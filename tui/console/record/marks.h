/* What is worth jumping to in a recording: warnings and errors, and what an operator did. */
#ifndef TUI_CONSOLE_RECORD_MARKS_H
#define TUI_CONSOLE_RECORD_MARKS_H

#include "record/format.h"

/* Marks in one record. Events from before `began_wall_ms` are old news, and none. ret_text, which
 * may be NULL, gets the last of them as a line, and is left alone where there is none. */
unsigned int tui_record_marks(const struct tui_record *record, int64_t began_wall_ms,
                              char ret_text[TUI_TEXT_SIZE]);

/* The events in one record. */
size_t tui_record_events(const struct tui_record *record);

#endif
