#include "tls.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <nng/supplemental/tls/tls.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "error.h"
#include "tls_context.h"

// What the files hold; made anew by each reload.
struct texts {
    char *ca, *cert, *key; // NULL: not given
    SSL_CTX *serving, *dialing;
    int64_t expires_s;
};

struct net_tls {
    pthread_mutex_t lock;
    unsigned refs;
    char *ca_path, *cert_path, *key_path, *name; // NULL: not given
    struct texts texts;
};

static bool is_given(const char *text)
{
    return text != NULL && text[0] != '\0';
}

bool net_tls_wanted(const struct net_tls_files *files)
{
    return is_given(files->ca) || is_given(files->cert) || is_given(files->key);
}

static enum net_status read_file(const char *path, char **ret_text, struct net_error *err)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return net_fail(err, NET_ERR_INVAL, "%s: %s", path, strerror(errno));
    char *text = malloc(NET_TLS_FILE_BYTES_MAX + 1);
    size_t len = text ? fread(text, 1, NET_TLS_FILE_BYTES_MAX + 1, file) : 0;
    bool failed = ferror(file) != 0;
    fclose(file);
    enum net_status status = NET_OK;
    if (!text)
        status = net_fail(err, NET_ERR_NOMEM, "%s: no memory", path);
    else if (failed)
        status = net_fail(err, NET_ERR_INVAL, "%s: it can't be read", path);
    else if (len > NET_TLS_FILE_BYTES_MAX)
        status = net_fail(err, NET_ERR_INVAL, "%s: over %d bytes", path, NET_TLS_FILE_BYTES_MAX);
    else if (memchr(text, 0, len))
        status = net_fail(err, NET_ERR_INVAL, "%s: not a PEM file", path);
    if (status) {
        free(text);
        return status;
    }
    text[len] = '\0';
    *ret_text = text;
    return NET_OK;
}

static int64_t seconds_of(const ASN1_TIME *when)
{
    struct tm tm;
    return ASN1_TIME_to_tm(when, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

// mbedTLS takes a pair that doesn't fit and fails at each handshake: better to hear of it here.
static enum net_status check_pair(const struct net_tls *tls, struct texts *texts,
                                  struct net_error *err)
{
    enum net_status status = NET_OK;
    BIO *cert_bio = BIO_new_mem_buf(texts->cert, -1);
    BIO *key_bio = BIO_new_mem_buf(texts->key, -1);
    X509 *cert = cert_bio ? PEM_read_bio_X509(cert_bio, NULL, NULL, NULL) : NULL;
    // An empty password: never ask the terminal for one.
    EVP_PKEY *key = key_bio ? PEM_read_bio_PrivateKey(key_bio, NULL, NULL, (char[]){""}) : NULL;
    if (cert)
        texts->expires_s = seconds_of(X509_get0_notAfter(cert));
    if (!cert)
        status = net_fail(err, NET_ERR_INVAL, "%s: no PEM certificate in it", tls->cert_path);
    else if (!key)
        status = net_fail(err, NET_ERR_INVAL, "%s: no PEM key in it, or one with a password",
                          tls->key_path);
    else if (X509_check_private_key(cert, key) != 1)
        status = net_fail(err, NET_ERR_INVAL, "%s is not the key of the certificate in %s",
                          tls->key_path, tls->cert_path);
    else if (texts->expires_s <= (int64_t)time(NULL))
        status = net_fail(err, NET_ERR_INVAL, "%s: the certificate has expired", tls->cert_path);
    X509_free(cert);
    EVP_PKEY_free(key);
    BIO_free(cert_bio);
    BIO_free(key_bio);
    return status;
}

// A configuration of NNG's for a client; `name` is the peer's.
static int make_config(const struct texts *texts, const char *name, nng_tls_config **ret_config)
{
    nng_tls_config *config;
    int rv = nng_tls_config_alloc(&config, NNG_TLS_MODE_CLIENT);
    if (rv)
        return rv;
    if (texts->ca)
        rv = nng_tls_config_ca_chain(config, texts->ca, NULL);
    if (!rv && texts->cert)
        rv = nng_tls_config_own_cert(config, texts->cert, texts->key, NULL);
    if (!rv)
        rv = nng_tls_config_auth_mode(config, texts->ca ? NNG_TLS_AUTH_MODE_REQUIRED
                                                        : NNG_TLS_AUTH_MODE_NONE);
    if (!rv && name)
        rv = nng_tls_config_server_name(config, name);
    if (rv)
        nng_tls_config_free(config);
    else
        *ret_config = config;
    return rv;
}

// Each certificate in the text, to the store and, where `chain`, to what is shown behind ours.
static bool add_certificates(SSL_CTX *context, const char *text, bool chain)
{
    BIO *bio = BIO_new_mem_buf(text, -1);
    bool ok = bio != NULL, first = true;
    X509 *cert;
    while (ok && (cert = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
        if (!chain)
            ok = X509_STORE_add_cert(SSL_CTX_get_cert_store(context), cert) == 1;
        else if (first)
            ok = SSL_CTX_use_certificate(context, cert) == 1;
        else
            ok = SSL_CTX_add1_chain_cert(context, cert) == 1;
        first = false;
        X509_free(cert);
    }
    BIO_free(bio);
    return ok && !first;
}

static bool add_key(SSL_CTX *context, const char *text)
{
    BIO *bio = BIO_new_mem_buf(text, -1);
    EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, (char[]){""}) : NULL;
    bool ok = key && SSL_CTX_use_PrivateKey(context, key) == 1;
    EVP_PKEY_free(key);
    BIO_free(bio);
    return ok;
}

// For links' sessions.
static SSL_CTX *make_context(const struct texts *texts, bool serving)
{
    SSL_CTX *context = SSL_CTX_new(serving ? TLS_server_method() : TLS_client_method());
    bool ok = context != NULL && SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1;
    if (ok && texts->ca)
        ok = add_certificates(context, texts->ca, false);
    if (ok && texts->cert)
        ok = add_certificates(context, texts->cert, true) && add_key(context, texts->key);
    ERR_clear_error();
    if (!ok) {
        SSL_CTX_free(context);
        return NULL;
    }
    SSL_CTX_set_verify(
        context, texts->ca ? SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT : SSL_VERIFY_NONE,
        NULL);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    // Frames have a length of their own: an end without a farewell cuts nothing off unnoticed.
    SSL_CTX_set_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    return context;
}

static void texts_finish(struct texts *texts)
{
    free(texts->ca);
    free(texts->cert);
    free(texts->key);
    SSL_CTX_free(texts->serving);
    SSL_CTX_free(texts->dialing);
}

static enum net_status read_all(const struct net_tls *tls, struct texts *ret_texts,
                                struct net_error *err)
{
    struct texts texts = {0};
    nng_tls_config *probe = NULL;
    enum net_status status = NET_OK;
    if (tls->ca_path)
        status = read_file(tls->ca_path, &texts.ca, err);
    if (!status && tls->cert_path)
        status = read_file(tls->cert_path, &texts.cert, err);
    if (!status && tls->key_path)
        status = read_file(tls->key_path, &texts.key, err);
    if (!status && texts.cert)
        status = check_pair(tls, &texts, err);
    bool usable = !status && make_config(&texts, NULL, &probe) == 0;
    if (usable)
        texts.dialing = make_context(&texts, false);
    if (usable && texts.cert)
        texts.serving = make_context(&texts, true);
    if (!status && (!texts.dialing || (texts.cert && !texts.serving)))
        status = net_fail(err, NET_ERR_INVAL, "%s: no usable PEM certificate in it",
                          tls->ca_path ? tls->ca_path : tls->cert_path);
    if (probe)
        nng_tls_config_free(probe);
    if (status)
        texts_finish(&texts);
    else
        *ret_texts = texts;
    return status;
}

static bool copy(char **slot, const char *text)
{
    *slot = is_given(text) ? strdup(text) : NULL;
    return *slot != NULL || !is_given(text);
}

enum net_status net_tls_create(const struct net_tls_files *files, struct net_tls **ret_tls,
                               struct net_error *err)
{
    if (is_given(files->cert) != is_given(files->key))
        return net_fail(err, NET_ERR_INVAL,
                        "a certificate and its key belong together: %s is alone",
                        is_given(files->cert) ? files->cert : files->key);
    struct net_tls *tls = calloc(1, sizeof(*tls));
    if (!tls)
        return net_fail(err, NET_ERR_NOMEM, "no memory for certificates");
    pthread_mutex_init(&tls->lock, NULL);
    tls->refs = 1;
    bool copied = copy(&tls->ca_path, files->ca) && copy(&tls->cert_path, files->cert) &&
                  copy(&tls->key_path, files->key) && copy(&tls->name, files->name);
    enum net_status status = copied ? read_all(tls, &tls->texts, err)
                                    : net_fail(err, NET_ERR_NOMEM, "no memory for certificates");
    if (status)
        net_tls_unref(tls);
    else
        *ret_tls = tls;
    return status;
}

enum net_status net_tls_reload(struct net_tls *tls, struct net_error *err)
{
    struct texts texts;
    enum net_status status = read_all(tls, &texts, err);
    if (status)
        return status;
    pthread_mutex_lock(&tls->lock);
    struct texts old = tls->texts;
    tls->texts = texts;
    pthread_mutex_unlock(&tls->lock);
    texts_finish(&old); // whoever uses its contexts holds them
    return NET_OK;
}

int64_t net_tls_expires_s(struct net_tls *tls)
{
    pthread_mutex_lock(&tls->lock);
    int64_t expires_s = tls->texts.expires_s;
    pthread_mutex_unlock(&tls->lock);
    return expires_s;
}

struct net_tls *net_tls_ref(struct net_tls *tls)
{
    if (!tls)
        return NULL;
    pthread_mutex_lock(&tls->lock);
    tls->refs++;
    pthread_mutex_unlock(&tls->lock);
    return tls;
}

void net_tls_unref(struct net_tls *tls)
{
    if (!tls)
        return;
    pthread_mutex_lock(&tls->lock);
    bool last = --tls->refs == 0;
    pthread_mutex_unlock(&tls->lock);
    if (!last)
        return;
    texts_finish(&tls->texts);
    free(tls->ca_path);
    free(tls->cert_path);
    free(tls->key_path);
    free(tls->name);
    pthread_mutex_destroy(&tls->lock);
    free(tls);
}

enum net_status net_tls_fits(const struct net_tls *tls, const struct net_address *address,
                             bool listening, struct net_error *err)
{
    if (address->scheme != NET_SCHEME_TLS)
        return NET_OK;
    if (listening && (!tls || !tls->cert_path))
        return net_fail(err, NET_ERR_NEEDS_TLS, "%s: it needs a certificate and its key",
                        address->text);
    if (!listening && (!tls || !tls->ca_path))
        return net_fail(err, NET_ERR_NEEDS_TLS, "%s: it needs the certificate of a CA to trust",
                        address->text);
    return NET_OK;
}

int net_tls_use_dialer(struct net_tls *tls, const struct net_address *address,
                       nng_stream_dialer *dialer)
{
    nng_tls_config *config;
    if (address->scheme != NET_SCHEME_TLS)
        return 0;
    // One for each attempt: NNG freezes a configuration with its first use, and so the name in it.
    pthread_mutex_lock(&tls->lock);
    int rv = make_config(&tls->texts, tls->name ? tls->name : address->host, &config);
    pthread_mutex_unlock(&tls->lock);
    if (rv)
        return rv;
    rv = nng_stream_dialer_set_ptr(dialer, NNG_OPT_TLS_CONFIG, config);
    nng_tls_config_free(config);
    return rv;
}

SSL_CTX *net_tls_context(struct net_tls *tls, bool serving, const char *host, char *ret_name,
                         size_t size)
{
    pthread_mutex_lock(&tls->lock);
    SSL_CTX *context = serving ? tls->texts.serving : tls->texts.dialing;
    if (context)
        SSL_CTX_up_ref(context);
    snprintf(ret_name, size, "%s", tls->name ? tls->name : host);
    pthread_mutex_unlock(&tls->lock);
    return context;
}
