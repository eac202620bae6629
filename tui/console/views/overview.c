/* The health of the fleet at a glance: panels, as many and as large as the screen has room for. */
#include <string.h>

#include "model/mover.h"
#include "views/panel.h"

#define GRAPHS_MAX 4
#define COMPACT_ROWS 18 /* below that every graph is a line */
#define LIST_COLS 50    /* what a list needs to stand beside another one */

/* Rows of each part; 0: left out. The graphs' include title and times, the lists' their rules. */
struct layout {
    int graphs; /* beside each other */
    int graph_rows, line_rows, alert_rows, mover_rows, agent_rows, news_rows;
};

static int least(int a, int b)
{
    return a < b ? a : b;
}

/* Gives a part more rows, up to `most`. */
static void grow(int *rows, int most, int *spare)
{
    int more = least(most - *rows, *spare);

    if (more > 0) {
        *rows += more;
        *spare -= more;
    }
}

static int graph_count(int cols)
{
    return cols >= 220 ? 4 : cols >= 150 ? 3 : cols >= 80 ? 2 : 1;
}

static int lists_beside(int cols)
{
    return cols >= 2 * LIST_COLS ? 2 : 1;
}

static struct layout layout_of(const struct tui_app *app, struct tui_rect body)
{
    const struct tui_alerts *alerts = &app->model->alerts;
    int agents = (int)app->model->fleet->agent_count;
    bool beside = lists_beside(body.cols) == 2;
    bool compact = body.rows < COMPACT_ROWS;
    struct layout l = {.graphs = graph_count(body.cols)};

    l.graph_rows = compact ? 2 : 6;
    l.line_rows = compact || l.graphs < 3 ? 3 : 2;
    l.alert_rows = 2;
    l.news_rows = 2;
    int spare = body.rows - l.graph_rows - l.line_rows - l.alert_rows - l.news_rows;
    int wanted = alerts->count < 1 ? 2 : (int)alerts->count + 1;
    /* First what a decision needs, then what makes it easier, then everything. */
    grow(&l.alert_rows, least(wanted, 4), &spare);
    if (!compact) {
        grow(&l.graph_rows, 8, &spare);
        grow(&l.news_rows, 3, &spare);
        if (!beside && spare >= 3)
            grow(&l.mover_rows, 3, &spare);
        if (spare >= 4 && agents > 0)
            grow(&l.agent_rows, least(agents + 2, 6), &spare);
        grow(&l.alert_rows, least(wanted * 2, 8), &spare);
        grow(&l.news_rows, 5, &spare);
        grow(&l.graph_rows, 12, &spare);
        if (!beside)
            grow(&l.mover_rows, 6, &spare);
        if (l.agent_rows > 0)
            grow(&l.agent_rows, agents + 2, &spare);
        grow(&l.alert_rows, 2 * (int)alerts->count + 1, &spare);
        grow(&l.graph_rows, 20, &spare);
    }
    l.news_rows += spare;
    return l;
}

typedef void panel(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect rect);

/* Panels beside each other; the column between two is blank. */
static void draw_beside(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect rect,
                        panel *const *panels, int count)
{
    int cols = rect.cols / count;

    for (int i = 0; i < count; i++) {
        struct tui_rect part = {rect.y, rect.x + i * cols, rect.rows, cols - 1};
        if (i == count - 1)
            part.cols = rect.cols - i * cols;
        panels[i](app, canvas, part);
    }
}

/* The next rows of the body. */
static struct tui_rect take(struct tui_rect *body, int rows)
{
    struct tui_rect taken = {body->y, body->x, rows, body->cols};

    body->y += rows;
    body->rows -= rows;
    return taken;
}

static int graph_cols(const struct tui_app *app, struct tui_rect body)
{
    (void)app;
    return body.cols / graph_count(body.cols) - 1 - TUI_PLOT_AXIS_COLS;
}

static void draw_lines(const struct tui_app *app, struct tui_canvas *canvas,
                       const struct layout *layout, struct tui_rect *body)
{
    struct tui_rect lines = take(body, layout->line_rows);

    lines.x++;
    lines.cols -= 2;
    if (layout->line_rows > 2)
        tui_panel_jobs(app, canvas, take(&lines, 1));
    tui_panel_split(app, canvas, take(&lines, 1));
    tui_panel_caches(app, canvas, take(&lines, 1));
}

/* Throughput as a line, and what is left for the latency. */
static void draw_narrow(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect rect)
{
    rect.x++;
    rect.cols -= 2;
    tui_panel_throughput(app, canvas, take(&rect, 1));
    tui_panel_latency(app, canvas, rect);
}

static void draw(const struct tui_app *app, struct tui_canvas *canvas, struct tui_rect body)
{
    static panel *const graphs[GRAPHS_MAX] = {tui_panel_throughput, tui_panel_latency,
                                              tui_panel_jobs, tui_panel_within};
    static panel *const lists[] = {tui_panel_alerts, tui_panel_movers};
    static panel *const tables[] = {tui_panel_agents, tui_panel_models};
    body = tui_plot_banner(app, canvas, body);
    struct layout l = layout_of(app, body);
    int beside = lists_beside(body.cols);

    if (l.graph_rows < 4 || l.graphs == 1)
        draw_narrow(app, canvas, take(&body, l.graph_rows));
    else
        draw_beside(app, canvas, take(&body, l.graph_rows), graphs, l.graphs);
    draw_lines(app, canvas, &l, &body);
    draw_beside(app, canvas, take(&body, l.alert_rows), lists, beside);
    if (l.mover_rows > 1)
        tui_panel_movers(app, canvas, take(&body, l.mover_rows));
    if (l.agent_rows > 2)
        draw_beside(app, canvas, take(&body, l.agent_rows), tables, beside);
    tui_panel_news(app, canvas, body);
}

const struct tui_view_ops tui_view_overview = {
    .graph_cols = graph_cols,
    .draw = draw,
};
