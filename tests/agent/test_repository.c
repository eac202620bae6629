/* The model repository: what a folder offers, what is wrong with it, and what is served. */
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "agent/repository/repository.h"

static char root[64];
static struct agent_error error;

static void make_root(void)
{
    snprintf(root, sizeof(root), "/tmp/stoker-models-XXXXXX");
    cr_assert_not_null(mkdtemp(root));
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *place)
{
    (void)info;
    (void)kind;
    (void)place;
    return remove(path);
}

static void remove_root(void)
{
    nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

TestSuite(repository, .init = make_root, .fini = remove_root);

/* Writes a file below the root, with its folders. */
static void put(const char *path, const char *text)
{
    char full[512];
    snprintf(full, sizeof(full), "%s/%s", root, path);
    for (char *slash = full + strlen(root) + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = '\0';
        mkdir(full, 0755);
        *slash = '/';
    }
    FILE *file = fopen(full, "w");
    cr_assert_not_null(file, "%s", full);
    fputs(text, file);
    fclose(file);
}

static struct agent_model_set *scan(const struct agent_model_set *previous)
{
    struct agent_model_set *set = NULL;
    cr_assert_eq(agent_repository_scan(root, previous, &set, &error), AGENT_OK, "%s", error.text);
    return set;
}

Test(repository, offers_the_newest_valid_version)
{
    put("net/1/model.onnx", "one");
    put("net/2/model.onnx", "two");
    put("net/10/other.bin", "no graph");
    put("net/01/model.onnx", "not a version");
    put("zoo/3/model.onnx", "z");
    struct agent_model_set *set = scan(NULL);

    cr_assert_eq(agent_model_set_count(set), 4);
    cr_assert_eq(agent_model_set_at(set, 0)->version, 10, "newest first");
    cr_assert_eq(agent_model_set_find(set, "net", 0)->version, 2, "the newest that is valid");
    cr_assert(strstr(agent_model_set_find(set, "net", 10)->error, "model.onnx is missing") != NULL);
    cr_assert_null(agent_model_set_find(set, "net", 3));
    cr_assert_null(agent_model_set_find(set, "nets", 0));
    const struct agent_model *two = agent_model_set_find(set, "net", 2);
    cr_assert_eq(agent_model_set_find_hash(set, two->hash), two);
    agent_model_set_destroy(set);
}

Test(repository, missing_folder_is_empty)
{
    struct agent_model_set *set = NULL;
    cr_assert_eq(agent_repository_scan("/nonexistent/models", NULL, &set, &error), AGENT_OK);
    cr_assert_eq(agent_model_set_count(set), 0);
    agent_model_set_destroy(set);
}

Test(repository, config_and_labels_are_read)
{
    put("net/1/model.onnx", "x");
    put("net/labels.txt", "ant\nbee\n");
    put("net/config.ini",
        "[model]\ndescription = two insects\nmax_batch = 16\n[input]\nname = image\n"
        "[preprocess]\nchannels = 3\nwidth = 224\nheight = 192\nlayout = nhwc\nscale = 0.5\n"
        "mean = 1, 2,3\nstd = 4\n[output]\nlabels = labels.txt\ntop_k = 1\n");
    struct agent_model_set *set = scan(NULL);
    const struct agent_model *model = agent_model_set_find(set, "net", 1);

    cr_assert_str_eq(model->error, "");
    cr_assert_str_eq(model->description, "two insects");
    cr_assert(model->max_batch == 16 && model->top_k == 1 && model->n_labels == 2);
    cr_assert_str_eq(model->labels[1], "bee");
    cr_assert(model->preprocess.given && model->preprocess.nhwc);
    cr_assert(model->preprocess.width == 224 && model->preprocess.height == 192);
    cr_assert(model->preprocess.n_mean == 3 && model->preprocess.mean[2] == 3);
    cr_assert(model->preprocess.n_std == 1 && model->preprocess.std[0] == 4);
    agent_model_set_destroy(set);
}

Test(repository, mistakes_are_named_with_their_line)
{
    static const struct {
        const char *text, *says;
    } bad[] = {
        {"[model]\nmax_batch = 0\n", "config.ini:2: max_batch"},
        {"[schedule]\nhedge = 101\n", "hedge"},
        {"[cache]\nresponses = often\n", "config.ini:2: responses = 'often' is neither yes nor no"},
        {"[cache]\nresponse = yes\n", "[cache] has no key 'response'"},
        {"[model]\n\nmax_batch = many\n", "config.ini:3: max_batch"},
        {"[model]\nmax_batches = 4\n", "config.ini:2: [model] has no key 'max_batches'"},
        {"[preprocess]\nchannels = 2\n", "neither 1 nor 3"},
        {"[preprocess]\nchannels = 1\nwidth = 8\n", "needs channels, width and height"},
        {"[preprocess]\nchannels=3\nwidth=8\nheight=8\nmean=1,2\n", "one for each channel"},
        {"[preprocess]\nlayout = chw\n", "neither nchw nor nhwc"},
        {"[preprocess]\nstd = 1,0\n", "must not be 0"},
        {"[preprocess]\nmean = 1,2,3,4\n", "1 to 3 numbers"},
        {"[preprocess]\nscale = nan\n", "numbers"},
        {"[output]\nlabels = ../../etc/passwd\n", "not a path"},
        {"[output]\nlabels = none.txt\n", "No such file"},
        {"[model]\nnonsense\n", "config.ini:2:"},
    };
    put("net/1/model.onnx", "x");
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        put("net/config.ini", bad[i].text);
        struct agent_model_set *set = scan(NULL);
        const char *text = agent_model_set_find(set, "net", 1)->error;
        cr_assert(strstr(text, bad[i].says) != NULL, "%s -> '%s'", bad[i].text, text);
        cr_assert_null(agent_model_set_find_hash(set, agent_model_set_at(set, 0)->hash));
        agent_model_set_destroy(set);
    }
}

Test(repository, hash_follows_content_not_time)
{
    put("net/1/model.onnx", "weights");
    put("net/1/data/weights.bin", "more");
    struct agent_model_set *first = scan(NULL);
    put("net/1/model.onnx", "weights");
    struct agent_model_set *second = scan(first);
    cr_assert(agent_model_set_same(first, second), "written again with the same bytes");
    put("net/1/data/weights.bin", "m0re");
    struct agent_model_set *third = scan(second);
    cr_assert_not(agent_model_set_same(second, third));
    cr_assert_null(agent_model_set_find_hash(third, agent_model_set_at(first, 0)->hash));
    agent_model_set_destroy(first);
    agent_model_set_destroy(second);
    agent_model_set_destroy(third);
}

Test(repository, serves_ranges_by_hash)
{
    uint8_t buffer[16], other[NET_HASH_SIZE] = {1};
    uint32_t got = 0;
    uint64_t total = 0;
    put("net/1/model.onnx", "0123456789");
    struct agent_model_set *set = scan(NULL);
    const struct agent_model_file *file = agent_model_set_at(set, 0)->files;

    cr_assert_eq(agent_model_set_read(set, file->sha256, 4, 16, buffer, &got, &total, &error),
                 AGENT_OK);
    cr_assert(got == 6 && total == 10 && memcmp(buffer, "456789", 6) == 0);
    cr_assert_eq(agent_model_set_read(set, file->sha256, 11, 1, buffer, &got, &total, &error),
                 AGENT_ERR_INVAL);
    cr_assert_eq(agent_model_set_read(set, other, 0, 1, buffer, &got, &total, &error),
                 AGENT_ERR_NOT_FOUND);
    put("net/1/model.onnx", "shorter");
    cr_assert_eq(agent_model_set_read(set, file->sha256, 0, 4, buffer, &got, &total, &error),
                 AGENT_ERR_CORRUPT);
    agent_model_set_destroy(set);
}

Test(repository, manifest_lists_the_files)
{
    struct net_model_manifest manifest;
    put("net/7/model.onnx", "x");
    put("net/7/a.bin", "yy");
    put("net/config.ini", "[model]\nmax_batch = 8\n");
    struct agent_model_set *set = scan(NULL);

    agent_model_manifest(agent_model_set_at(set, 0), &manifest);
    cr_assert(manifest.version == 7 && manifest.n_files == 2);
    cr_assert_eq(strncmp(manifest.files[0].path.data, "a.bin", 5), 0);
    cr_assert_eq(manifest.files[0].size, 2);
    cr_assert_eq(strncmp(manifest.config.data, "{\"max_batch\":8}", manifest.config.len), 0);
    agent_model_set_destroy(set);
}
