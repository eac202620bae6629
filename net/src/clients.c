#include "clients.h"

#include <stdlib.h>

static void on_pipe(nng_pipe pipe, nng_pipe_ev event, void *arg)
{
    struct net_clients *clients = arg;
    int id = nng_pipe_id(pipe);
    bool gone = false;
    pthread_mutex_lock(&clients->lock);
    if (event == NNG_PIPE_EV_ADD_PRE) {
        if (clients->count < clients->max)
            clients->pipes[clients->count++] = id;
        else
            nng_pipe_close(pipe);
    } else {
        for (size_t i = 0; i < clients->count && !gone; i++) {
            gone = clients->pipes[i] == id;
            if (gone)
                clients->pipes[i] = clients->pipes[--clients->count];
        }
    }
    pthread_mutex_unlock(&clients->lock);
    if (gone && clients->on_gone)
        clients->on_gone(clients->user, id);
}

int net_clients_init(struct net_clients *clients, nng_socket socket, size_t max)
{
    *clients = (struct net_clients){.max = max};
    clients->pipes = malloc(max * sizeof(*clients->pipes));
    if (!clients->pipes)
        return NNG_ENOMEM;
    pthread_mutex_init(&clients->lock, NULL);
    int rv = nng_pipe_notify(socket, NNG_PIPE_EV_ADD_PRE, on_pipe, clients);
    return rv ? rv : nng_pipe_notify(socket, NNG_PIPE_EV_REM_POST, on_pipe, clients);
}

void net_clients_finish(struct net_clients *clients)
{
    if (!clients->pipes)
        return;
    pthread_mutex_destroy(&clients->lock);
    free(clients->pipes);
    clients->pipes = NULL;
}

bool net_clients_has(struct net_clients *clients, int pipe)
{
    bool found = false;
    pthread_mutex_lock(&clients->lock);
    for (size_t i = 0; i < clients->count && !found; i++)
        found = clients->pipes[i] == pipe;
    pthread_mutex_unlock(&clients->lock);
    return found;
}
