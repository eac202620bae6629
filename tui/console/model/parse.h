/* The coordinator's JSON to the structs of fleet.h. Pure; never trusts a byte of it. */
#ifndef TUI_CONSOLE_MODEL_PARSE_H
#define TUI_CONSOLE_MODEL_PARSE_H

#include "model/answer.h"
#include "model/fleet.h"
#include "model/want.h"

enum tui_parse {
    TUI_PARSE_OK,
    TUI_PARSE_MALFORMED, /* not a JSON object, too long, or not of the promised shape */
    TUI_PARSE_REFUSED,   /* well-formed, "ok": false */
    TUI_PARSE_NO_MEMORY,
};

/*
 * Each takes `len` bytes of text (no final zero needed) and, on TUI_PARSE_OK alone, hands over a
 * new object. ret_refusal may be NULL; it is set on TUI_PARSE_REFUSED alone.
 */
enum tui_parse tui_parse_fleet(const char *text, size_t len, struct tui_fleet **ret_fleet);
enum tui_parse tui_parse_events(const char *text, size_t len, struct tui_event_page **ret_page);

/* A reply to a poll, as the struct of its row in feed/polls.def; one block, freed by free(). */
enum tui_parse tui_parse_record(enum tui_poll poll, const char *text, size_t len, void **ret_record,
                                struct tui_refusal *ret_refusal);

/* A refusal is an answer too: TUI_PARSE_OK with `ok` false. */
enum tui_parse tui_parse_answer(const char *text, size_t len, struct tui_answer **ret_answer);

/* The address of the event socket in a reply to `version`; "" if it has none. */
enum tui_parse tui_parse_version(const char *text, size_t len, char ret_events[TUI_ADDRESS_SIZE]);

/* The address that agents dial in a reply to `version`; "" if it has none. */
enum tui_parse tui_parse_agents_address(const char *text, size_t len,
                                        char ret_address[TUI_ADDRESS_SIZE]);

#endif
