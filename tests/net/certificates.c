#include "tests/net/certificates.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

static void must(int good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "certificates: %s\n", what);
    exit(1);
}

static void add_extension(X509 *cert, int nid, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
    must(extension != NULL && X509_add_ext(cert, extension, -1) == 1, value);
    X509_EXTENSION_free(extension);
}

static FILE *open_file(const char *path, const char *mode)
{
    FILE *file = fopen(path, mode);
    must(file != NULL, path);
    return file;
}

static void sign(X509 *cert, EVP_PKEY *key, const struct certificate *issuer)
{
    X509 *by = cert;
    EVP_PKEY *by_key = key;
    if (issuer != NULL) {
        FILE *file = open_file(issuer->cert, "r");
        by = PEM_read_X509(file, NULL, NULL, NULL);
        fclose(file);
        file = open_file(issuer->key, "r");
        by_key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
        fclose(file);
        must(by != NULL && by_key != NULL, issuer->cert);
    }
    must(X509_set_issuer_name(cert, X509_get_subject_name(by)) == 1, "issuer");
    must(X509_sign(cert, by_key, EVP_sha256()) > 0, "sign");
    if (issuer != NULL) {
        X509_free(by);
        EVP_PKEY_free(by_key);
    }
}

struct certificate certificate_make(const char *folder, const char *name, const char *host,
                                    const struct certificate *issuer, long seconds)
{
    static long serial = 1;
    char alternative[300];
    struct certificate made;
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = X509_new();
    must(key != NULL && cert != NULL, "no memory");
    X509_set_version(cert, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), serial++);
    X509_gmtime_adj(X509_getm_notBefore(cert), seconds < 0 ? 2 * seconds : -60);
    X509_gmtime_adj(X509_getm_notAfter(cert), seconds);
    X509_set_pubkey(cert, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC,
                               (const unsigned char *)name, -1, -1, 0);
    snprintf(alternative, sizeof alternative, "DNS:%s", host);
    add_extension(cert, NID_subject_alt_name, alternative);
    if (issuer == NULL)
        add_extension(cert, NID_basic_constraints, "critical,CA:TRUE");
    sign(cert, key, issuer);
    snprintf(made.cert, sizeof made.cert, "%s/%s.crt", folder, name);
    snprintf(made.key, sizeof made.key, "%s/%s.key", folder, name);
    FILE *file = open_file(made.cert, "w");
    must(PEM_write_X509(file, cert) == 1 && fclose(file) == 0, made.cert);
    file = open_file(made.key, "w");
    must(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) == 1 && fclose(file) == 0,
         made.key);
    X509_free(cert);
    EVP_PKEY_free(key);
    return made;
}
