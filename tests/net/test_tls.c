// TLS on all sockets: who is let in, who isn't and what they are told, and a certificate that is
// replaced while connections stand. Certificates are for localhost, which needs no look-up here: it
// is given as the expected name.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "net_client.h"
#include "net_link.h"
#include "net_server.h"
#include "tests/net/certificates.h"
#include "tests/net/support.h"

#define HOUR 3600

struct fixture {
    char folder[64];
    struct certificate ca, serving, client;
    struct net_tls *server_tls, *client_tls;
    struct record coordinator, agent;
    struct net_link_listener *listener;
    struct net_link_dialer *dialer;
    char address[64];
};

static struct net_tls *tls_of(const char *ca, const struct certificate *own, const char *name)
{
    struct net_tls_files files = {
        .ca = ca, .cert = own ? own->cert : NULL, .key = own ? own->key : NULL, .name = name};
    struct net_tls *tls = NULL;
    struct net_error err = {0};
    cr_assert_eq(net_tls_create(&files, &tls, &err), NET_OK, "%s", err.text);
    return tls;
}

static void start(struct fixture *f, bool mutual)
{
    memset(f, 0, sizeof(*f));
    snprintf(f->folder, sizeof(f->folder), "/tmp/stoker-tls-XXXXXX");
    cr_assert_not_null(mkdtemp(f->folder));
    f->ca = certificate_make(f->folder, "ca", "ca.example", NULL, HOUR);
    f->serving = certificate_make(f->folder, "coordinator", "localhost", &f->ca, HOUR);
    f->client = certificate_make(f->folder, "agent", "agent.example", &f->ca, HOUR);
    f->server_tls = tls_of(mutual ? f->ca.cert : NULL, &f->serving, NULL);
    f->client_tls = tls_of(f->ca.cert, mutual ? &f->client : NULL, "localhost");
    record_init(&f->coordinator);
    record_init(&f->agent);
    f->coordinator.welcome = f->agent.greet = true;
    struct net_link_listener_options options = {.address = "tls+tcp://127.0.0.1:0",
                                                .tls = f->server_tls,
                                                .events = record_events(&f->coordinator)};
    struct net_error err = {0};
    cr_assert_eq(net_link_listener_create(&options, &f->listener, &err), NET_OK, "%s", err.text);
    const char *bound = net_link_listener_address(f->listener);
    cr_assert_eq(strncmp(bound, "tls+tcp://127.0.0.1:", 20), 0, "%s", bound);
    snprintf(f->address, sizeof(f->address), "tls+tcp://127.0.0.1:%s", bound + 20);
}

static void dial(struct fixture *f, struct net_tls *tls)
{
    struct net_link_dialer_options options = {.address = f->address,
                                              .tls = tls,
                                              .backoff_ms_min = 10,
                                              .backoff_ms_max = 50,
                                              .on_retry = record_on_retry,
                                              .events = record_events(&f->agent)};
    struct net_error err = {0};
    cr_assert_eq(net_link_dialer_create(&options, &f->dialer, &err), NET_OK, "%s", err.text);
}

static void finish(struct fixture *f)
{
    net_link_dialer_free(f->dialer);
    net_link_listener_free(f->listener);
    net_tls_unref(f->server_tls);
    net_tls_unref(f->client_tls);
    record_finish(&f->coordinator);
    record_finish(&f->agent);
    char command[128];
    snprintf(command, sizeof(command), "rm -r %s", f->folder);
    cr_assert_eq(system(command), 0);
}

Test(tls, a_link_comes_up_and_both_are_known)
{
    struct fixture f;
    start(&f, true);
    dial(&f, f.client_tls);
    cr_assert(WAIT_FOR(&f.agent, f.agent.by_type[NET_MSG_WELCOME] == 1), "%s", f.agent.reason.text);
    finish(&f);
}

// Each is refused, and hears why in words that name the certificate.
static void refused(struct fixture *f, struct net_tls *tls)
{
    dial(f, tls);
    cr_assert(WAIT_FOR(&f->agent, f->agent.retries >= 2));
    cr_expect_eq(f->agent.by_type[NET_MSG_WELCOME], 0);
    cr_expect_eq(f->coordinator.by_type[NET_MSG_HELLO], 0);
    net_tls_unref(tls);
}

Test(tls, a_server_of_another_ca_is_not_trusted)
{
    struct fixture f;
    start(&f, false);
    struct certificate other = certificate_make(f.folder, "other", "other.example", NULL, HOUR);
    refused(&f, tls_of(other.cert, NULL, "localhost"));
    cr_expect(strstr(f.agent.reason.text, "certificate") != NULL, "%s", f.agent.reason.text);
    finish(&f);
}

Test(tls, a_server_of_another_name_is_not_trusted)
{
    struct fixture f;
    start(&f, false);
    refused(&f, tls_of(f.ca.cert, NULL, "coordinator.example"));
    finish(&f);
}

// Unless told otherwise, the name is the address's host.
Test(tls, a_server_must_be_who_was_dialled)
{
    struct fixture f;
    start(&f, false);
    refused(&f, tls_of(f.ca.cert, NULL, NULL));
    finish(&f);
}

Test(tls, an_agent_without_a_certificate_is_not_let_in)
{
    struct fixture f;
    start(&f, true);
    refused(&f, tls_of(f.ca.cert, NULL, "localhost"));
    finish(&f);
}

Test(tls, an_agent_of_another_ca_is_not_let_in)
{
    struct fixture f;
    start(&f, true);
    struct certificate other = certificate_make(f.folder, "other", "other.example", NULL, HOUR);
    struct certificate forged = certificate_make(f.folder, "forged", "a.example", &other, HOUR);
    refused(&f, tls_of(f.ca.cert, &forged, "localhost"));
    finish(&f);
}

// The link that stands goes on; the next one meets the new certificate, which here is for another
// name, so that it can be told apart.
Test(tls, a_replaced_certificate_is_used_by_the_next_connection)
{
    struct fixture f;
    struct net_error err = {0};
    start(&f, false);
    dial(&f, f.client_tls);
    cr_assert(WAIT_FOR(&f.agent, f.agent.by_type[NET_MSG_WELCOME] == 1));
    certificate_make(f.folder, "coordinator", "renewed.example", &f.ca, 2 * HOUR);
    int64_t before = net_tls_expires_s(f.server_tls);
    cr_assert_eq(net_tls_reload(f.server_tls, &err), NET_OK, "%s", err.text);
    cr_assert_gt(net_tls_expires_s(f.server_tls), before + HOUR / 2);
    cr_assert_eq(send_heartbeat(f.agent.link, 1), NET_OK);
    cr_assert(WAIT_FOR(&f.coordinator, f.coordinator.by_type[NET_MSG_HEARTBEAT] == 1));
    cr_assert_eq(f.agent.closed, 0);

    struct record second;
    struct net_link_dialer *dialer;
    struct net_tls *renewed = tls_of(f.ca.cert, NULL, "renewed.example");
    record_init(&second);
    second.greet = true;
    struct net_link_dialer_options options = {
        .address = f.address, .tls = renewed, .events = record_events(&second)};
    cr_assert_eq(net_link_dialer_create(&options, &dialer, NULL), NET_OK);
    cr_assert(WAIT_FOR(&second, second.by_type[NET_MSG_WELCOME] + second.closed >= 1));
    cr_expect_eq(second.by_type[NET_MSG_WELCOME], 1, "%s", second.reason.text);
    net_link_dialer_free(dialer);
    record_finish(&second);
    net_tls_unref(renewed);
    finish(&f);
}

static void echo(void *user, struct net_request *request, const char *text, size_t len)
{
    (void)user;
    net_server_reply(request, text, len);
}

Test(tls, control_requests)
{
    struct fixture f;
    struct net_error err = {0};
    struct net_server *server;
    struct net_client *client;
    char address[64], *reply;
    size_t len;
    start(&f, true);
    struct net_server_options options = {
        .address = "tls+tcp://127.0.0.1:0", .tls = f.server_tls, .on_request = echo};
    cr_assert_eq(net_server_create(&options, &server, &err), NET_OK, "%s", err.text);
    snprintf(address, sizeof(address), "tls+tcp://127.0.0.1:%s", net_server_address(server) + 20);
    cr_assert_eq(net_client_open(address, f.client_tls, &client, &err), NET_OK, "%s", err.text);
    for (int i = 0; i < 3; i++) { // of which the later ones use the first one's connection
        cr_assert_eq(net_client_request(client, "{}", 2, WAIT_MS, &reply, &len, &err), NET_OK, "%s",
                     err.text);
        cr_assert_str_eq(reply, "{}");
        free(reply);
    }
    net_client_close(client);
    net_server_free(server);
    finish(&f);
}

Test(tls, an_address_says_what_it_lacks)
{
    struct fixture f;
    struct net_error err = {0};
    struct net_client *client;
    struct net_link_listener *listener;
    start(&f, false);
    cr_assert_eq(net_client_open(f.address, f.server_tls, &client, &err), NET_ERR_NEEDS_TLS);
    cr_assert(strstr(err.text, "CA") != NULL, "%s", err.text);
    struct net_link_listener_options options = {.address = "tls+tcp://127.0.0.1:0",
                                                .tls = f.client_tls};
    cr_assert_eq(net_link_listener_create(&options, &listener, &err), NET_ERR_NEEDS_TLS);
    cr_assert(strstr(err.text, "certificate and its key") != NULL, "%s", err.text);
    finish(&f);
}

static void bad_files(const char *ca, const char *cert, const char *key, const char *expected)
{
    struct net_tls_files files = {.ca = ca, .cert = cert, .key = key};
    struct net_tls *tls = NULL;
    struct net_error err = {0};
    cr_expect_eq(net_tls_create(&files, &tls, &err), NET_ERR_INVAL, "%s", expected);
    cr_expect(strstr(err.text, expected) != NULL, "'%s' in: %s", expected, err.text);
    cr_expect_null(tls);
}

// Signals are the program's: a write to a peer that is gone must not raise SIGPIPE, which would end
// it. Nobody runs the link's loop meanwhile, so that it has not heard of the end.
Test(tls, sending_to_a_peer_that_is_gone_is_an_error_and_no_signal)
{
    struct fixture f;
    struct net_loop *loop = NULL;
    start(&f, false);
    net_link_listener_free(f.listener);
    cr_assert_eq(net_loop_create(&loop, NULL), NET_OK);
    struct net_link_listener_options options = {.address = "tls+tcp://127.0.0.1:0",
                                                .tls = f.server_tls,
                                                .loop = loop,
                                                .events = record_events(&f.coordinator)};
    cr_assert_eq(net_link_listener_create(&options, &f.listener, NULL), NET_OK);
    snprintf(f.address, sizeof(f.address), "tls+tcp://127.0.0.1:%s",
             net_link_listener_address(f.listener) + 20);
    dial(&f, f.client_tls);
    while (f.coordinator.by_type[NET_MSG_HELLO] == 0)
        net_loop_run(loop, 10000);
    net_link_dialer_free(f.dialer);
    f.dialer = NULL;
    enum net_status status = NET_OK;
    for (int i = 0; i < 1000 && status == NET_OK; i++)
        status = send_heartbeat(f.coordinator.link, 1);
    cr_assert_eq(status, NET_ERR_CLOSED);
    net_link_listener_free(f.listener);
    f.listener = NULL;
    net_loop_free(loop);
    finish(&f);
}

Test(tls, bad_files_are_named)
{
    struct fixture f;
    char junk[128], missing[128];
    start(&f, false);
    struct certificate old = certificate_make(f.folder, "old", "localhost", &f.ca, -HOUR);
    snprintf(junk, sizeof(junk), "%s/junk.pem", f.folder);
    snprintf(missing, sizeof(missing), "%s/none.pem", f.folder);
    FILE *file = fopen(junk, "w");
    cr_assert_not_null(file);
    fputs("-----BEGIN CERTIFICATE-----\nnonsense\n", file);
    fclose(file);
    bad_files(missing, NULL, NULL, missing);
    bad_files(junk, NULL, NULL, junk);
    bad_files("/", NULL, NULL, "/: ");
    bad_files(NULL, f.serving.cert, NULL, "belong together");
    bad_files(NULL, junk, f.serving.key, junk);
    bad_files(NULL, f.serving.cert, junk, junk);
    bad_files(NULL, f.serving.cert, f.client.key, "is not the key of the certificate");
    bad_files(NULL, old.cert, old.key, "has expired");
    // A reload that fails changes nothing.
    struct net_error err = {0};
    cr_assert_eq(rename(junk, f.serving.cert), 0);
    cr_assert_eq(net_tls_reload(f.server_tls, &err), NET_ERR_INVAL);
    dial(&f, f.client_tls);
    cr_assert(WAIT_FOR(&f.agent, f.agent.by_type[NET_MSG_WELCOME] == 1), "%s", f.agent.reason.text);
    finish(&f);
}
