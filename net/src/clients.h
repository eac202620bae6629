// The connections of a listening NNG socket: how many, and which are still there.
#ifndef NET_SRC_CLIENTS_H
#define NET_SRC_CLIENTS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <nng/nng.h>

struct net_clients {
    pthread_mutex_t lock;
    int *pipes; // ids of those that are up
    size_t count;
    size_t max;
    // One has gone; on a thread of NNG. May be NULL.
    void (*on_gone)(void *user, int pipe);
    void *user;
};

// Watches `socket`, and closes connections over `max` as they come. Call before it listens. The
// socket must be closed before net_clients_finish. Returns an NNG error.
int net_clients_init(struct net_clients *clients, nng_socket socket, size_t max);
void net_clients_finish(struct net_clients *clients);
bool net_clients_has(struct net_clients *clients, int pipe);

#endif
