/* What a certificate is worth: nothing once a byte of it has changed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>
#include <openssl/evp.h>

#include "cli/certificate.h"

static char key_hex[TUI_KEY_HEX + 1];

static void to_hex(const unsigned char *bytes, size_t size, char *hex)
{
    for (size_t i = 0; i < size; i++)
        snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
}

/* Signs as the coordinator does. */
static size_t make(char *text, size_t size)
{
    unsigned char raw[TUI_KEY_HEX / 2], signature[TUI_SIGNATURE_HEX / 2];
    size_t raw_size = sizeof(raw), signature_size = sizeof(signature);
    char hex[TUI_SIGNATURE_HEX + 1];
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    cr_assert_eq(EVP_PKEY_get_raw_public_key(key, raw, &raw_size), 1);
    to_hex(raw, raw_size, key_hex);
    int used = snprintf(text, size,
                        "Stoker certificate 1\ncluster: lab\noperation: 7\nepoch: 3\n"
                        "agent: ember-03\ninstance: 00ff\nfinished_ms: 1780000000000\n"
                        "statement: safe to remove: nothing is left\npublic_key: %s\n",
                        key_hex);
    cr_assert_eq(EVP_DigestSignInit(context, NULL, NULL, NULL, key), 1);
    cr_assert_eq(
        EVP_DigestSign(context, signature, &signature_size, (unsigned char *)text, (size_t)used),
        1);
    to_hex(signature, signature_size, hex);
    used += snprintf(text + used, size - (size_t)used, "signature: %s\n", hex);
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    return (size_t)used;
}

static bool holds(const char *text, size_t len)
{
    struct tui_certificate certificate;
    return tui_certificate_parse(text, len, &certificate) == NULL &&
           tui_certificate_genuine(text, &certificate, certificate.public_key);
}

Test(certificate, says_what_was_signed)
{
    char text[TUI_CERTIFICATE_MAX];
    struct tui_certificate certificate;
    size_t len = make(text, sizeof(text));
    cr_assert_null(tui_certificate_parse(text, len, &certificate));
    cr_assert_str_eq(certificate.cluster, "lab");
    cr_assert_str_eq(certificate.agent, "ember-03");
    cr_assert_str_eq(certificate.statement, "safe to remove: nothing is left");
    cr_assert_eq(certificate.operation, 7);
    cr_assert_eq(certificate.epoch, 3);
    cr_assert_eq(certificate.finished_ms, 1780000000000);
    cr_assert(tui_certificate_genuine(text, &certificate, key_hex));
    char other[TUI_KEY_HEX + 1];
    memset(other, '1', TUI_KEY_HEX);
    other[TUI_KEY_HEX] = '\0';
    cr_assert_not(tui_certificate_genuine(text, &certificate, other));
    cr_assert_not(tui_certificate_genuine(text, &certificate, "12"));
}

Test(certificate, no_byte_can_be_changed_added_or_left_out)
{
    char text[TUI_CERTIFICATE_MAX], changed[TUI_CERTIFICATE_MAX];
    size_t len = make(text, sizeof(text));
    cr_assert(holds(text, len));
    for (size_t i = 0; i < len; i++) {
        memcpy(changed, text, len);
        changed[i] ^= 1;
        cr_assert_not(holds(changed, len), "byte %zu", i);
        cr_assert_not(holds(text, i), "cut at %zu", i);
        memmove(changed + i + 1, text + i, len - i);
        memcpy(changed, text, i);
        changed[i] = '0';
        cr_assert_not(holds(changed, len + 1), "one more at %zu", i);
    }
}

static unsigned dice(void)
{
    static unsigned state = 7;
    state = state * 1103515245 + 12345;
    return state >> 8;
}

Test(certificate, any_bytes_are_safe)
{
    char text[TUI_CERTIFICATE_MAX + 100], noise[TUI_CERTIFICATE_MAX + 100];
    size_t len = make(text, sizeof(text));
    for (int round = 0; round < 20000; round++) {
        size_t size = len;
        memcpy(noise, text, len);
        for (unsigned i = dice() % 6 + 1; i > 0; i--)
            noise[(size_t)dice() % len] = (char)dice();
        if (round % 3 == 0)
            size = (size_t)dice() % len;
        struct tui_certificate certificate;
        char *copy = malloc(size + 1); /* so that a sanitizer sees a byte too far */
        memcpy(copy, noise, size);
        tui_certificate_parse(copy, size, &certificate);
        free(copy);
    }
    memset(noise, 'x', sizeof(noise));
    memcpy(noise, text, len);
    cr_assert_not(holds(noise, sizeof(noise)));
}
