// A link's TLS, by OpenSSL: NNG's streams have it too, but come with two threads in between.
#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "error.h"
#include "tls.h"
#include "tls_context.h"

struct net_tls_session {
    SSL *ssl;
    bool failed; // with `untrusted`, or in another way
    bool untrusted;
};

// ---- the socket: as OpenSSL's own, but a peer that is gone is an error and no SIGPIPE, which
// would end a program that submits from a thread of its own

static BIO_METHOD *quiet;
static pthread_once_t quiet_once = PTHREAD_ONCE_INIT;

static int quiet_write(BIO *bio, const char *data, int len)
{
    int fd = -1;
    BIO_get_fd(bio, &fd);
    BIO_clear_retry_flags(bio);
    errno = 0;
    int n = (int)send(fd, data, (size_t)len, MSG_NOSIGNAL);
    if (n <= 0 && BIO_sock_should_retry(n))
        BIO_set_retry_write(bio);
    return n;
}

static void make_quiet(void)
{
    const BIO_METHOD *socket = BIO_s_socket();
    BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOCKET, "a link's socket");
    if (method && BIO_meth_set_write(method, quiet_write) &&
        BIO_meth_set_read(method, BIO_meth_get_read(socket)) &&
        BIO_meth_set_puts(method, BIO_meth_get_puts(socket)) &&
        BIO_meth_set_ctrl(method, BIO_meth_get_ctrl(socket)) &&
        BIO_meth_set_create(method, BIO_meth_get_create(socket)) &&
        BIO_meth_set_destroy(method, BIO_meth_get_destroy(socket)))
        quiet = method;
    else
        BIO_meth_free(method);
}

static bool use_socket(SSL *ssl, int fd)
{
    pthread_once(&quiet_once, make_quiet);
    BIO *bio = quiet ? BIO_new(quiet) : NULL;
    if (!bio)
        return false;
    BIO_set_fd(bio, fd, BIO_NOCLOSE);
    SSL_set_bio(ssl, bio, bio);
    return true;
}

// ---- sessions

// The peer's certificate must be for this name.
static bool expect_name(SSL *ssl, const char *name)
{
    struct in6_addr any;
    bool number = inet_pton(AF_INET, name, &any) == 1 || inet_pton(AF_INET6, name, &any) == 1;
    if (number)
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name) == 1;
    // What the macro SSL_set_tlsext_host_name does, but for a cast that drops const.
    union {
        const char *in;
        void *out;
    } host = {name};
    return SSL_set1_host(ssl, name) == 1 &&
           SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, host.out) == 1;
}

struct net_tls_session *net_tls_session_new(struct net_tls *tls, const struct net_address *address,
                                            bool serving, int fd)
{
    struct net_tls_session *session = calloc(1, sizeof(*session));
    char name[sizeof(address->host)];
    SSL_CTX *context = net_tls_context(tls, serving, address->host, name, sizeof(name));
    if (session && context)
        session->ssl = SSL_new(context);
    SSL_CTX_free(context);
    if (!session || !session->ssl || !use_socket(session->ssl, fd) ||
        (!serving && !expect_name(session->ssl, name))) {
        ERR_clear_error();
        net_tls_session_free(session);
        return NULL;
    }
    if (serving)
        SSL_set_accept_state(session->ssl);
    else
        SSL_set_connect_state(session->ssl);
    return session;
}

void net_tls_session_free(struct net_tls_session *session)
{
    if (!session)
        return;
    SSL_free(session->ssl);
    free(session);
}

void net_tls_session_close(struct net_tls_session *session)
{
    if (!session || session->failed || !SSL_is_init_finished(session->ssl))
        return;
    ERR_clear_error();
    SSL_shutdown(session->ssl);
}

// What an operation that did not move bytes means, as an errno value; 0: the peer has closed.
static int meaning(struct net_tls_session *session, int rv, bool *ret_other)
{
    int error = errno;
    *ret_other = false;
    switch (SSL_get_error(session->ssl, rv)) {
    case SSL_ERROR_WANT_READ:
        *ret_other = true;
        return EAGAIN;
    case SSL_ERROR_WANT_WRITE:
        return EAGAIN;
    case SSL_ERROR_ZERO_RETURN:
        return 0;
    case SSL_ERROR_SYSCALL:
        session->failed = !SSL_is_init_finished(session->ssl);
        return error ? error : EPROTO;
    default:
        session->failed = true;
        session->untrusted = SSL_get_verify_result(session->ssl) != X509_V_OK;
        return EPROTO;
    }
}

ssize_t net_tls_session_recv(struct net_tls_session *session, void *to, size_t len)
{
    bool other;
    ERR_clear_error();
    errno = 0;
    int n = SSL_read(session->ssl, to, len > INT_MAX ? INT_MAX : (int)len);
    if (n > 0)
        return n;
    int error = meaning(session, n, &other);
    errno = error;
    return error ? -1 : 0;
}

ssize_t net_tls_session_send(struct net_tls_session *session, const void *data, size_t len,
                             bool *ret_stalls)
{
    ERR_clear_error();
    errno = 0;
    *ret_stalls = false;
    int n = SSL_write(session->ssl, data, len > INT_MAX ? INT_MAX : (int)len);
    if (n > 0)
        return n;
    int error = meaning(session, n, ret_stalls);
    errno = error ? error : EPIPE;
    return -1;
}

bool net_tls_session_failed(const struct net_tls_session *session, const char *peer,
                            struct net_error *ret_reason)
{
    if (!session || !session->failed)
        return false;
    if (session->untrusted)
        net_fail(ret_reason, NET_ERR_DENIED, "%s: %s", peer, NET_TLS_UNTRUSTED);
    else
        net_fail(ret_reason, NET_ERR_IO, "%s: %s", peer, NET_TLS_NO_CONNECTION);
    return true;
}
