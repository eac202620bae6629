// Certificates for tests, made on the spot.
#ifndef TESTS_NET_CERTIFICATES_H
#define TESTS_NET_CERTIFICATES_H

struct certificate {
    char cert[256], key[256]; // paths
};

// Writes FOLDER/NAME.crt and .key: for DNS name `host`, signed by `issuer` (NULL: by itself, and
// fit to sign others), good from now for `seconds`, which may be negative. Exits on a failure.
struct certificate certificate_make(const char *folder, const char *name, const char *host,
                                    const struct certificate *issuer, long seconds);

#endif
