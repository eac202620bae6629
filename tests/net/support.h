// Helpers of the net tests: link owners that record what happens, and waiting for conditions.
#ifndef TESTS_NET_SUPPORT_H
#define TESTS_NET_SUPPORT_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net_link.h"
#include "net_msg.h"

#define WAIT_MS 10000

// What one side of links has seen. Frames are counted by type and not kept, unless `keep` is set:
// then batches wait in the queue until record_take.
struct record {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool keep;
    bool welcome;          // answer each HELLO with a WELCOME
    bool greet;            // send a HELLO from on_open
    const char *name;      // in the HELLO
    struct net_link *link; // the newest
    unsigned opened;
    unsigned closed;
    unsigned retries;
    unsigned frames;
    unsigned by_type[128];
    struct net_error reason; // of the last close or retry
    struct net_batch *first, *last;
    unsigned out_of_order; // callbacks that broke the promised order
};

void record_init(struct record *record);
void record_finish(struct record *record); // frees the kept batches
struct net_link_events record_events(struct record *record);
void record_on_retry(void *user, const struct net_error *reason, uint32_t retry_ms);
// The oldest kept batch, or NULL.
struct net_batch *record_take(struct record *record);

// Waits until the expression holds, at most WAIT_MS; false when it does not.
#define WAIT_FOR(record, condition)                                                         \
    __extension__({                                                                         \
        bool met_;                                                                          \
        struct timespec until_ = wait_deadline(WAIT_MS);                                    \
        pthread_mutex_lock(&(record)->lock);                                                \
        while (!(met_ = (condition)) &&                                                     \
               pthread_cond_timedwait(&(record)->changed, &(record)->lock, &until_) == 0) { \
        }                                                                                   \
        pthread_mutex_unlock(&(record)->lock);                                              \
        met_;                                                                               \
    })

struct timespec wait_deadline(unsigned ms);

enum net_status send_hello(struct net_link *link, const char *name);
enum net_status send_welcome(struct net_link *link);
enum net_status send_heartbeat(struct net_link *link, uint64_t seq);

// A path in a fresh folder under /tmp, as an ipc:// address; the folder goes at exit.
const char *temp_ipc_address(void);

#endif
