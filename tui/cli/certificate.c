#include "cli/certificate.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

static const char first_line[] = "Stoker certificate 1\n";

/* The lines behind the first, in their order: each is there once. */
struct line {
    const char *name;
    char *text; /* NULL: a number */
    size_t size;
    uint64_t *number;
};

static bool is_hex(const char *text, size_t digits)
{
    return strlen(text) == digits && strspn(text, "0123456789abcdef") == digits;
}

/* Takes "name: value\n" from *at. */
static bool take_line(const char **at, const char *end, const struct line *line)
{
    size_t name = strlen(line->name);
    const char *stop = memchr(*at, '\n', (size_t)(end - *at));
    if (stop == NULL || (size_t)(stop - *at) < name + 2 || memcmp(*at, line->name, name) != 0 ||
        memcmp(*at + name, ": ", 2) != 0)
        return false;
    const char *value = *at + name + 2;
    size_t len = (size_t)(stop - value);
    char digits[21];
    *at = stop + 1;
    if (memchr(value, '\0', len) != NULL)
        return false;
    if (line->text != NULL) {
        if (len >= line->size)
            return false;
        memcpy(line->text, value, len);
        line->text[len] = '\0';
        return true;
    }
    if (len == 0 || len >= sizeof(digits))
        return false;
    memcpy(digits, value, len);
    digits[len] = '\0';
    if (strspn(digits, "0123456789") != len)
        return false;
    *line->number = strtoull(digits, NULL, 10);
    return true;
}

const char *tui_certificate_parse(const char *text, size_t len,
                                  struct tui_certificate *ret_certificate)
{
    struct tui_certificate *c = ret_certificate;
    const struct line lines[] = {
        {"cluster", c->cluster, sizeof(c->cluster), NULL},
        {"operation", NULL, 0, &c->operation},
        {"epoch", NULL, 0, &c->epoch},
        {"agent", c->agent, sizeof(c->agent), NULL},
        {"instance", c->instance, sizeof(c->instance), NULL},
        {"finished_ms", NULL, 0, &c->finished_ms},
        {"statement", c->statement, sizeof(c->statement), NULL},
        {"public_key", c->public_key, sizeof(c->public_key), NULL},
        {"signature", c->signature, sizeof(c->signature), NULL},
    };
    const char *at = text, *end = text + len;
    if (len > TUI_CERTIFICATE_MAX)
        return "it is too long";
    if (len < sizeof(first_line) - 1 || memcmp(text, first_line, sizeof(first_line) - 1) != 0)
        return "it does not begin like one";
    at += sizeof(first_line) - 1;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        c->signed_bytes = (size_t)(at - text);
        if (!take_line(&at, end, &lines[i]))
            return "a line is missing, changed or in another place";
    }
    if (at != end)
        return "something stands behind its signature";
    if (!is_hex(c->public_key, TUI_KEY_HEX) || !is_hex(c->signature, TUI_SIGNATURE_HEX))
        return "its key or its signature is none";
    return NULL;
}

static void from_hex(const char *hex, uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        char pair[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
        bytes[i] = (uint8_t)strtoul(pair, NULL, 16);
    }
}

bool tui_certificate_genuine(const char *text, const struct tui_certificate *certificate,
                             const char *public_key)
{
    uint8_t key_bytes[TUI_KEY_HEX / 2], signature[TUI_SIGNATURE_HEX / 2];
    if (!is_hex(public_key, TUI_KEY_HEX))
        return false;
    from_hex(public_key, key_bytes, sizeof(key_bytes));
    from_hex(certificate->signature, signature, sizeof(signature));
    EVP_PKEY *key =
        EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key_bytes, sizeof(key_bytes));
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool ok = key != NULL && context != NULL &&
              EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) == 1 &&
              EVP_DigestVerify(context, signature, sizeof(signature), (const uint8_t *)text,
                               certificate->signed_bytes) == 1;
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    return ok;
}
