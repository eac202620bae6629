// A double of the network: connections of two directions that keep the order of what they carry,
// stand still, break for one side or both, and in harsher times double, mix and repeat messages.
#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim.h"

void sim_network_init(struct sim *sim)
{
    sim_random_init(&sim->network.random, sim->scenario->seed, SIM_OF_NETWORK, 0);
}

void sim_network_finish(struct sim *sim)
{
    for (size_t i = 0; i < sim->network.n_links; i++) {
        for (int d = 0; d < 2; d++) {
            free(sim->network.links[i].pipes[d].messages);
            free(sim->network.links[i].pipes[d].at_us);
        }
    }
    free(sim->network.links);
    free(sim->network.strays);
}

struct sim_link *sim_link_of(struct sim *sim, uint64_t id)
{
    return id > 0 && id <= sim->network.n_links ? &sim->network.links[id - 1] : NULL;
}

static int64_t delay_of(struct sim *sim, uint32_t host)
{
    struct sim_network *network = &sim->network;
    int64_t delay =
        sim_between(&network->random, sim->scenario->delay_us_min, sim->scenario->delay_us_max);
    if (network->late_until_us[host] > sim->now_us)
        delay += sim_between(&network->random, 0, network->late_us[host]);
    return delay;
}

static bool is_stalled(const struct sim *sim, uint32_t host, enum sim_direction direction)
{
    return sim->network.stalled_until_us[host][direction] > sim->now_us;
}

// ---- dialling

static void undialled(struct sim *sim, const struct sim_event *event)
{
    if (sim->hosts[event->a].instance == event->b)
        sim_host_undialled(sim, (uint32_t)event->a);
}

static void dialled(struct sim *sim, const struct sim_event *event)
{
    uint32_t host = (uint32_t)event->a;
    struct sim_network *network = &sim->network;
    if (sim->hosts[host].instance != event->b || !sim->hosts[host].is_up ||
        sim->hosts[host].link != 0)
        return;
    if (!sim->coordinator.is_up || is_stalled(sim, host, SIM_TO_AGENT) ||
        is_stalled(sim, host, SIM_TO_COORDINATOR)) {
        sim_host_undialled(sim, host);
        return;
    }
    network->links = sim_grow(network->links, &network->links_room, network->n_links + 1,
                              sizeof *network->links);
    struct sim_link *link = &network->links[network->n_links++];
    *link = (struct sim_link){.id = network->n_links, .host = host, .is_open = {true, true}};
    sim_trace(sim, "net  %s connects as link %llu", sim->hosts[host].name,
              (unsigned long long)link->id);
    sim_coordinator_opened(sim, link->id);
    sim_host_opened(sim, host, network->n_links);
}

void sim_network_dial(struct sim *sim, uint32_t host)
{
    int64_t delay = delay_of(sim, host) * 2;
    bool is_dark = is_stalled(sim, host, SIM_TO_AGENT) || is_stalled(sim, host, SIM_TO_COORDINATOR);
    if (is_dark)
        sim_at(sim, sim->now_us + 2 * SIM_S, undialled, host, sim->hosts[host].instance, 0);
    else
        sim_at(sim, sim->now_us + delay, dialled, host, sim->hosts[host].instance, 0);
}

// ---- pipes

static void deliver(struct sim *sim, struct sim_link *link, enum sim_direction direction,
                    const struct sim_message *message)
{
    uint64_t id = link->id;
    uint32_t host = link->host;
    if (!link->is_open[direction])
        return;
    if (message->kind == SIM_CLOSED)
        link->is_open[direction] = false;
    if (direction == SIM_TO_AGENT)
        sim_host_message(sim, host, id, message);
    else
        sim_coordinator_message(sim, id, message);
}

static void fire_pipe(struct sim *sim, const struct sim_event *event);

static void schedule(struct sim *sim, struct sim_link *link, enum sim_direction direction)
{
    struct sim_pipe *pipe = &link->pipes[direction];
    if (pipe->is_scheduled || pipe->count == 0 || is_stalled(sim, link->host, direction))
        return;
    pipe->is_scheduled = true;
    sim_at(sim, pipe->at_us[pipe->first], fire_pipe, link->id, direction, 0);
}

static void fire_pipe(struct sim *sim, const struct sim_event *event)
{
    enum sim_direction direction = (enum sim_direction)event->b;
    sim_link_of(sim, event->a)->pipes[direction].is_scheduled = false;
    for (;;) {
        // Looked up each time: what is delivered may open links.
        struct sim_link *link = sim_link_of(sim, event->a);
        struct sim_pipe *pipe = &link->pipes[direction];
        if (pipe->count == 0 || pipe->at_us[pipe->first] > sim->now_us ||
            is_stalled(sim, link->host, direction))
            break;
        struct sim_message message = pipe->messages[pipe->first];
        pipe->first = (pipe->first + 1) % pipe->room;
        pipe->count--;
        deliver(sim, link, direction, &message);
    }
    schedule(sim, sim_link_of(sim, event->a), direction);
}

static void push(struct sim *sim, struct sim_link *link, enum sim_direction direction,
                 const struct sim_message *message, int64_t delay_us)
{
    struct sim_pipe *pipe = &link->pipes[direction];
    if (pipe->count == pipe->room) {
        size_t room = pipe->room == 0 ? 16 : pipe->room * 2;
        struct sim_message *messages = calloc(room, sizeof *messages);
        int64_t *at_us = calloc(room, sizeof *at_us);
        if (messages == NULL || at_us == NULL)
            exit(2);
        for (size_t i = 0; i < pipe->count; i++) {
            messages[i] = pipe->messages[(pipe->first + i) % pipe->room];
            at_us[i] = pipe->at_us[(pipe->first + i) % pipe->room];
        }
        free(pipe->messages);
        free(pipe->at_us);
        pipe->messages = messages;
        pipe->at_us = at_us;
        pipe->first = 0;
        pipe->room = room;
    }
    int64_t at = sim->now_us + delay_us;
    if (at < pipe->last_us)
        at = pipe->last_us;
    pipe->last_us = at;
    size_t place = (pipe->first + pipe->count++) % pipe->room;
    pipe->messages[place] = *message;
    pipe->at_us[place] = at;
    schedule(sim, link, direction);
}

// Those whose sense doesn't hang on what came before or after: they carry the job, its attempt and
// the epoch, by which the cores must know them.
static bool is_fenced(enum sim_message_kind kind)
{
    return kind == SIM_DISPATCH || kind == SIM_CANCEL || kind == SIM_STARTED || kind == SIM_RESULT;
}

// Beside the stream, as a message that was doubled or overtook others.
static void fire_stray(struct sim *sim, const struct sim_event *event)
{
    struct sim_link *link = sim_link_of(sim, event->a);
    enum sim_direction direction = (enum sim_direction)event->b;
    struct sim_message message = sim->network.strays[event->c];
    // Nothing of the kind comes before the first word of the connection.
    bool is_early = direction == SIM_TO_AGENT && !sim->hosts[link->host].is_welcome;
    if (link->is_open[direction] && (is_early || is_stalled(sim, link->host, direction)))
        sim_at(sim, sim->now_us + 20 * SIM_MS, fire_stray, event->a, event->b, event->c);
    else
        deliver(sim, link, direction, &message);
}

static void stray(struct sim *sim, uint64_t link, enum sim_direction direction,
                  const struct sim_message *message, bool is_double, int64_t delay_us)
{
    struct sim_network *network = &sim->network;
    network->strays = sim_grow(network->strays, &network->strays_room, network->n_strays + 1,
                               sizeof *network->strays);
    network->strays[network->n_strays] = *message;
    network->strays[network->n_strays].is_stray = is_double;
    sim_at(sim, sim->now_us + delay_us, fire_stray, link, direction, network->n_strays++);
}

static void remember(struct sim *sim, uint32_t host, enum sim_direction direction,
                     const struct sim_message *message)
{
    uint32_t place = sim->network.n_last[host][direction]++ % 8;
    sim->network.last[host][direction][place] = *message;
}

bool sim_send(struct sim *sim, uint64_t id, enum sim_direction direction,
              const struct sim_message *message)
{
    struct sim_link *link = sim_link_of(sim, id);
    struct sim_network *network = &sim->network;
    if (link->is_half || !link->is_open[direction] || link->pipes[direction].is_dead)
        return true; // into the void
    // The agent keeps what its buffer doesn't take; the coordinator doesn't.
    if (direction == SIM_TO_AGENT && link->pipes[direction].count >= sim->scenario->buffer_max)
        return false;
    uint32_t host = link->host;
    int64_t delay = delay_of(sim, host);
    if (!is_fenced(message->kind)) {
        push(sim, link, direction, message, delay);
        return true;
    }
    remember(sim, host, direction, message);
    struct sim_random *random = &network->random;
    if (network->double_until_us[host] > sim->now_us && sim_chance(random, 3) == 0)
        stray(sim, id, direction, message, true, sim_between(random, 0, 100 * SIM_MS));
    // In mixed times a message may be held up a little while later ones go on: it goes beside the
    // stream. A connection that ends meanwhile swallows it, as all that is on its way.
    if (network->mixed_until_us[host] > sim->now_us && sim_chance(random, 3) == 0)
        stray(sim, id, direction, message, false, delay + sim_between(random, 0, 150 * SIM_MS));
    else
        push(sim, link, direction, message, delay);
    return true;
}

void sim_close(struct sim *sim, uint64_t id, enum sim_direction direction, bool is_told,
               uint32_t lost)
{
    struct sim_link *link = sim_link_of(sim, id);
    enum sim_direction other = direction == SIM_TO_AGENT ? SIM_TO_COORDINATOR : SIM_TO_AGENT;
    if (!link->is_open[direction])
        return;
    link->is_open[direction] = false;
    link->pipes[direction].count = 0;
    struct sim_pipe *pipe = &link->pipes[other];
    pipe->count -= lost < pipe->count ? lost : pipe->count;
    if (is_told && !link->is_half && !pipe->is_dead)
        push(sim, link, other, &(struct sim_message){.kind = SIM_CLOSED, .text = ""},
             delay_of(sim, link->host));
    else
        link->is_half = true;
    pipe->is_dead = true;
}

// ---- faults

static struct sim_link *link_of_host(struct sim *sim, uint32_t host)
{
    return sim_link_of(sim, sim->hosts[host].link);
}

static void close_for(struct sim *sim, struct sim_link *link, enum sim_direction direction,
                      uint32_t lost)
{
    struct sim_pipe *pipe = &link->pipes[direction];
    pipe->count -= lost < pipe->count ? lost : pipe->count;
    if (link->is_open[direction])
        push(sim, link, direction, &(struct sim_message){.kind = SIM_CLOSED, .text = "reset"},
             delay_of(sim, link->host));
    pipe->is_dead = true;
}

void sim_network_drop(struct sim *sim, uint32_t host)
{
    struct sim_link *link = link_of_host(sim, host);
    if (link == NULL)
        return;
    close_for(sim, link, SIM_TO_AGENT, sim_chance(&sim->network.random, 4));
    close_for(sim, link, SIM_TO_COORDINATOR, sim_chance(&sim->network.random, 4));
}

void sim_network_half(struct sim *sim, uint32_t host, bool agent_knows)
{
    struct sim_link *link = link_of_host(sim, host);
    if (link == NULL)
        return;
    close_for(sim, link, agent_knows ? SIM_TO_AGENT : SIM_TO_COORDINATOR, 0);
    link->is_half = true;
}

static void fire_unstall(struct sim *sim, const struct sim_event *event)
{
    for (size_t i = 0; i < sim->network.n_links; i++) {
        struct sim_link *link = &sim->network.links[i];
        if (link->host != event->a)
            continue;
        schedule(sim, link, SIM_TO_AGENT);
        schedule(sim, link, SIM_TO_COORDINATOR);
    }
}

void sim_network_stall(struct sim *sim, uint32_t host, uint32_t directions, int64_t us)
{
    for (int d = 0; d < 2; d++) {
        if ((directions >> d & 1) != 0)
            sim->network.stalled_until_us[host][d] = sim->now_us + us;
    }
    sim_at(sim, sim->now_us + us, fire_unstall, host, 0, 0);
}

// What was said before is heard again, whatever link there is now.
void sim_network_replay(struct sim *sim, uint32_t host)
{
    struct sim_network *network = &sim->network;
    if (sim->hosts[host].link == 0)
        return;
    for (uint64_t d = 0; d < 2; d++) {
        uint32_t n = network->n_last[host][d] < 8 ? network->n_last[host][d] : 8;
        for (uint64_t i = 0; i < n; i++)
            stray(sim, sim->hosts[host].link, (enum sim_direction)d, &network->last[host][d][i],
                  true, sim_between(&network->random, 0, 50 * SIM_MS));
    }
}

void sim_network_heal(struct sim *sim)
{
    struct sim_network *network = &sim->network;
    for (uint32_t i = 0; i < SIM_HOSTS_MAX; i++) {
        network->late_until_us[i] = network->double_until_us[i] = network->mixed_until_us[i] = 0;
        network->stalled_until_us[i][0] = network->stalled_until_us[i][1] = 0;
        fire_unstall(sim, &(struct sim_event){.a = i});
    }
}
