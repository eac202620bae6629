/* The certificate of a drain: a text that says of which agent, signed by its coordinator.
 * Everything here is offline. docs/operating.md shows one. */
#ifndef TUI_CLI_CERTIFICATE_H
#define TUI_CLI_CERTIFICATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TUI_CERTIFICATE_MAX = 4096, TUI_KEY_HEX = 64, TUI_SIGNATURE_HEX = 128 };

struct tui_certificate {
    char cluster[64], agent[64], instance[64], statement[256];
    char public_key[TUI_KEY_HEX + 1], signature[TUI_SIGNATURE_HEX + 1];
    uint64_t operation, epoch, finished_ms;
    size_t signed_bytes; /* of the text, from its start */
};

/* Reads `len` bytes (any bytes are safe). NULL, or what is wrong, in a few words (static);
 * *ret_certificate is then undefined. Nothing is said of the signature. */
const char *tui_certificate_parse(const char *text, size_t len,
                                  struct tui_certificate *ret_certificate);

/* Whether the signature is that of `public_key` (64 hex digits) over the text. */
bool tui_certificate_genuine(const char *text, const struct tui_certificate *certificate,
                             const char *public_key);

#endif
