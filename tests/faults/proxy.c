/* A bad network between two real processes: accepts TCP connections, dials one target for each, and
 * passes bytes both ways, unless told otherwise. Commands are lines in a FIFO and hold for all
 * connections, those to come included:
 *
 *   pass                       as a network should; what was held back is delivered
 *   delay MS [up|down]         every byte later
 *   stall [up|down]            accepts bytes and delivers none: half-open, a pulled cable
 *   throttle BYTES [up|down]   a second, each way
 *   reset                      every connection dies now; new ones are fine
 *   refuse                     as reset, and new ones die at once, until `pass`
 *
 * Up is from who dials us to the target.
 *
 *   fault_proxy TARGET_HOST:PORT FIFO     prints proxy=tcp://127.0.0.1:PORT */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { LINKS_MAX = 512, CHUNK_MAX = 65536, HELD_MAX = 64 << 20, UP = 0, DOWN = 1 };

struct chunk {
    struct chunk *next;
    int64_t due_us;
    size_t size, sent;
    char bytes[];
};

struct way {
    struct chunk *first, **last;
    size_t held;
    bool ended; /* nothing more comes */
    int64_t tokens_us;
    double tokens;
};

struct link {
    bool used;
    int fds[2]; /* who dialed, target */
    struct way ways[2];
};

static struct link links[LINKS_MAX];
static int64_t delay_us[2];
static bool stalled[2], refusing;
static double bytes_per_s[2];
static struct addrinfo *target;

static int64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void die(const char *what)
{
    fprintf(stderr, "fault_proxy: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void link_end(struct link *link, bool reset)
{
    struct linger now = {.l_onoff = 1, .l_linger = 0};
    for (int i = 0; i < 2; i++) {
        if (reset)
            setsockopt(link->fds[i], SOL_SOCKET, SO_LINGER, &now, sizeof now);
        close(link->fds[i]);
        for (struct chunk *chunk = link->ways[i].first, *next; chunk != NULL; chunk = next) {
            next = chunk->next;
            free(chunk);
        }
    }
    memset(link, 0, sizeof *link);
}

static void accept_one(int listener)
{
    struct linger now = {.l_onoff = 1, .l_linger = 0};
    int one = 1, from = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    struct link *link = links;
    if (from < 0)
        return;
    while (link < links + LINKS_MAX && link->used)
        link++;
    int to = refusing || link == links + LINKS_MAX
                 ? -1
                 : socket(target->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (to < 0 || connect(to, target->ai_addr, target->ai_addrlen) != 0) {
        setsockopt(from, SOL_SOCKET, SO_LINGER, &now, sizeof now);
        close(from);
        if (to >= 0)
            close(to);
        return;
    }
    *link = (struct link){.used = true, .fds = {from, to}};
    for (int i = 0; i < 2; i++) {
        setsockopt(link->fds[i], IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        fcntl(link->fds[i], F_SETFL, O_NONBLOCK);
        link->ways[i].last = &link->ways[i].first;
        link->ways[i].tokens_us = now_us();
    }
}

/* False: the connection is over. */
static bool way_read(struct link *link, int which)
{
    struct way *way = &link->ways[which];
    struct chunk *chunk = malloc(sizeof *chunk + CHUNK_MAX);
    if (chunk == NULL)
        die("memory");
    ssize_t n = read(link->fds[which], chunk->bytes, CHUNK_MAX);
    if (n <= 0) {
        free(chunk);
        way->ended = n == 0;
        return n == 0 || errno == EAGAIN || errno == EINTR;
    }
    *chunk = (struct chunk){.due_us = now_us() + delay_us[which], .size = (size_t)n};
    *way->last = chunk;
    way->last = &chunk->next;
    way->held += (size_t)n;
    return true;
}

static size_t allowance(struct way *way, int which, size_t wanted)
{
    if (bytes_per_s[which] <= 0)
        return wanted;
    int64_t now = now_us();
    way->tokens += (double)(now - way->tokens_us) * bytes_per_s[which] / 1e6;
    way->tokens_us = now;
    if (way->tokens > bytes_per_s[which] / 10)
        way->tokens = bytes_per_s[which] / 10;
    return way->tokens < 1 ? 0 : way->tokens < (double)wanted ? (size_t)way->tokens : wanted;
}

/* What is due goes on. False: the connection is over. */
static bool way_write(struct link *link, int which)
{
    struct way *way = &link->ways[which];
    struct chunk *chunk;
    while (!stalled[which] && (chunk = way->first) != NULL && chunk->due_us <= now_us()) {
        size_t size = allowance(way, which, chunk->size - chunk->sent);
        if (size == 0)
            return true;
        ssize_t n = send(link->fds[!which], chunk->bytes + chunk->sent, size, MSG_NOSIGNAL);
        if (n < 0)
            return errno == EAGAIN || errno == EINTR;
        way->tokens -= (double)n;
        chunk->sent += (size_t)n;
        way->held -= (size_t)n;
        if (chunk->sent < chunk->size)
            continue;
        way->first = chunk->next;
        if (way->first == NULL)
            way->last = &way->first;
        free(chunk);
    }
    /* An end goes on only when everything before it has, as with a real network. */
    return !(way->ended && way->first == NULL && !stalled[which]);
}

static void reset_all(void)
{
    for (struct link *link = links; link < links + LINKS_MAX; link++)
        if (link->used)
            link_end(link, true);
}

static void obey(const char *line)
{
    char verb[16] = "", a[16] = "", b[16] = "";
    sscanf(line, "%15s %15s %15s", verb, a, b);
    bool is_number = a[0] >= '0' && a[0] <= '9';
    const char *side = is_number ? b : a;
    for (int i = 0; i < 2; i++) {
        bool meant = side[0] == '\0' || strcmp(side, i == UP ? "up" : "down") == 0;
        if (strcmp(verb, "pass") == 0) {
            stalled[i] = false;
            delay_us[i] = 0;
            bytes_per_s[i] = 0;
        } else if (meant && strcmp(verb, "delay") == 0) {
            delay_us[i] = strtol(a, NULL, 10) * 1000;
        } else if (meant && strcmp(verb, "stall") == 0) {
            stalled[i] = true;
        } else if (meant && strcmp(verb, "throttle") == 0) {
            bytes_per_s[i] = strtod(a, NULL);
        }
    }
    refusing = strcmp(verb, "refuse") == 0 || (refusing && strcmp(verb, "pass") != 0);
    if (strcmp(verb, "reset") == 0 || strcmp(verb, "refuse") == 0)
        reset_all();
}

static void commands_take(int fifo)
{
    static char text[4096];
    static size_t used;
    ssize_t n = read(fifo, text + used, sizeof text - 1 - used);
    if (n <= 0)
        return;
    used += (size_t)n;
    text[used] = '\0';
    for (char *end; (end = strchr(text, '\n')) != NULL;) {
        *end = '\0';
        obey(text);
        used -= (size_t)(end + 1 - text);
        memmove(text, end + 1, used + 1);
    }
    if (used == sizeof text - 1)
        used = 0; /* no command is so long */
}

static void links_serve(const struct pollfd *fds)
{
    for (int i = 0; i < LINKS_MAX; i++) {
        struct link *link = &links[i];
        bool alive = true;
        for (int which = 0; which < 2 && link->used && alive; which++) {
            const struct pollfd *fd = &fds[2 + 2 * i + which];
            if (fd->fd == link->fds[which] && (fd->revents & (POLLIN | POLLHUP | POLLERR)) &&
                !link->ways[which].ended && link->ways[which].held < HELD_MAX)
                alive = way_read(link, which);
            if (alive)
                alive = way_write(link, which);
        }
        if (!alive)
            link_end(link, false);
    }
}

static int wait_ms(void)
{
    for (int i = 0; i < LINKS_MAX; i++)
        for (int which = 0; which < 2 && links[i].used; which++)
            if (links[i].ways[which].first != NULL && !stalled[which])
                return 1;
    return 1000;
}

static void serve(int listener, int fifo)
{
    static struct pollfd fds[2 + 2 * LINKS_MAX];
    for (;;) {
        fds[0] = (struct pollfd){.fd = listener, .events = POLLIN};
        fds[1] = (struct pollfd){.fd = fifo, .events = POLLIN};
        for (int i = 0; i < LINKS_MAX; i++)
            for (int which = 0; which < 2; which++) {
                bool reads = links[i].used && !links[i].ways[which].ended &&
                             links[i].ways[which].held < HELD_MAX;
                fds[2 + 2 * i + which] =
                    (struct pollfd){.fd = reads ? links[i].fds[which] : -1, .events = POLLIN};
            }
        if (poll(fds, 2 + 2 * LINKS_MAX, wait_ms()) < 0 && errno != EINTR)
            die("poll");
        if (fds[1].revents != 0)
            commands_take(fifo);
        if (fds[0].revents != 0)
            accept_one(listener);
        links_serve(fds);
    }
}

int main(int argc, char **argv)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    char host[256];
    const char *colon = argc == 3 ? strrchr(argv[1], ':') : NULL;
    if (colon == NULL || (size_t)(colon - argv[1]) >= sizeof host) {
        fprintf(stderr, "usage: fault_proxy TARGET_HOST:PORT FIFO\n");
        return 2;
    }
    snprintf(host, sizeof host, "%.*s", (int)(colon - argv[1]), argv[1]);
    struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
    if (getaddrinfo(host, colon + 1, &hints, &target) != 0)
        die(argv[1]);
    signal(SIGPIPE, SIG_IGN);
    if (mkfifo(argv[2], 0600) != 0 && errno != EEXIST)
        die(argv[2]);
    int fifo = open(argv[2], O_RDWR | O_NONBLOCK | O_CLOEXEC);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fifo < 0 || listener < 0 || bind(listener, (struct sockaddr *)&address, size) != 0 ||
        listen(listener, 128) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &size) != 0)
        die("listen");
    printf("proxy=tcp://127.0.0.1:%d\n", ntohs(address.sin_port));
    fflush(stdout);
    serve(listener, fifo);
}
