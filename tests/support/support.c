#include "support.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- contexts -------------------------------------------------------------------------------- */

gan_context *context_of(const gan_context_opts *opts) {
    gan_context *ctx = NULL;
    assert_int_equal(gan_context_create(opts, &ctx), GAN_OK);
    return ctx;
}

gan_context *context_with(int32_t threads) {
    gan_context_opts opts;
    gan_context_opts_init(&opts, sizeof opts);
    opts.threads = threads;
    opts.seed = 1;
    return context_of(&opts);
}

int setup_context(void **state) {
    *state = context_with(1);
    return 0;
}

int teardown_context(void **state) {
    gan_context *ctx = *state;
    int32_t code = gan_error_code(ctx);
    if (code) print_error("an unread error at the end: %s\n", gan_last_error(ctx));
    gan_context_destroy(ctx);
    temp_remove();
    return code;
}

gan_stats stats_of(gan_context *ctx) {
    gan_stats stats = {.struct_size = sizeof stats};
    assert_int_equal(gan_context_stats(ctx, &stats), GAN_OK);
    return stats;
}

gan_context_opts heap_opts(heap *h) {
    gan_context_opts opts;
    gan_context_opts_init(&opts, sizeof opts);
    opts.alloc = heap_alloc;
    opts.free = heap_free;
    opts.user = h;
    return opts;
}

void *heap_alloc(void *user, size_t bytes) {
    heap *h = user;
    h->calls++;
    if (h->calls >= h->refuse_from && h->calls <= h->refuse_to) {
        h->refused++;
        return NULL;
    }
    void *block = malloc(bytes);
    if (!block) return NULL;
    memset(block, 0xff, bytes); /* NaN, where it is read before it is written */
    h->blocks++;
    return block;
}

void heap_free(void *user, void *block) {
    heap *h = user;
    if (block) h->blocks--;
    free(block);
}

/* ---- tensors --------------------------------------------------------------------------------- */

gan_tensor *values_checked(gan_context *ctx, const double *values, const int64_t *shape,
                           int32_t rank) {
    gan_tensor *t = gan_from_doubles(ctx, values, shape, rank);
    assert_made(ctx, t);
    return t;
}

/* All elements, to be freed. */
static double *elements(gan_tensor *t) {
    int64_t n = gan_tensor_size(t);
    double *all = malloc((size_t)(n + 1) * sizeof *all);
    assert_non_null(all);
    assert_int_equal(gan_tensor_read_doubles(t, all, n), GAN_OK);
    return all;
}

double item(gan_tensor *t) {
    double value = NAN;
    int32_t code = gan_tensor_item(t, &value);
    if (code && t) print_error("%s\n", gan_last_error(gan_tensor_context(t)));
    assert_int_equal(code, GAN_OK);
    return value;
}

double element(gan_tensor *t, int64_t i) {
    assert_in_range(i, 0, gan_tensor_size(t) - 1);
    double *all = elements(t), value = all[i];
    free(all);
    return value;
}

/* ---- assertions ------------------------------------------------------------------------------ */

/* Infinities are near themselves only, NaNs near NaNs. */
static int is_near(double a, double b, double tolerance) {
    if (isnan(a) || isnan(b)) return isnan(a) && isnan(b);
    return a == b || (isfinite(a) && isfinite(b) && fabs(a - b) <= tolerance);
}

/* What float32 allows for. */
static double tolerance_of(double expected) { return 2e-6 * fmax(1, fabs(expected)); }

void near_at(double a, double b, double tolerance, const char *file, int line) {
    if (is_near(a, b, tolerance)) return;
    print_error("%.9g is not within %g of %.9g\n", a, tolerance, b);
    _fail(file, line);
}

static void shape_at(gan_tensor *t, const int64_t *shape, int32_t rank, const char *file,
                     int line) {
    int same = gan_tensor_rank(t) == rank;
    for (int32_t i = 0; i < rank && same; i++) same = gan_tensor_dim(t, i) == shape[i];
    if (same) return;
    print_error("rank %d, shape", gan_tensor_rank(t));
    for (int32_t i = 0; i < gan_tensor_rank(t); i++)
        print_error(" %lld", (long long)gan_tensor_dim(t, i));
    print_error(" is not the expected one\n");
    _fail(file, line);
}

void values_at(const char *file, int line, gan_tensor *t, const double *values, size_t count,
               const int64_t *shape, int32_t rank) {
    if (!t) {
        print_error("NULL instead of a tensor\n");
        _fail(file, line);
        return;
    }
    shape_at(t, shape, rank, file, line);
    if (gan_tensor_size(t) != (int64_t)count) {
        print_error("%lld elements, %zu listed\n", (long long)gan_tensor_size(t), count);
        _fail(file, line);
    }
    double *all = elements(t);
    size_t wrong = 0;
    while (wrong < count && is_near(all[wrong], values[wrong], tolerance_of(values[wrong])))
        wrong++;
    double found = wrong < count ? all[wrong] : 0;
    free(all);
    if (wrong == count) return;
    print_error("element %zu: ", wrong);
    near_at(found, values[wrong], tolerance_of(values[wrong]), file, line);
}

void same_bits_at(gan_tensor *a, gan_tensor *b, const char *file, int line) {
    assert_non_null(a);
    assert_non_null(b);
    shape_at(a, gan_tensor_shape(b), gan_tensor_rank(b), file, line);
    double *x = elements(a), *y = elements(b);
    int64_t n = gan_tensor_size(a), differs = -1;
    for (int64_t i = 0; i < n && differs < 0; i++)
        if (memcmp(&x[i], &y[i], sizeof x[i]) != 0) differs = i;
    if (differs >= 0)
        print_error("element %lld: %.17g and %.17g\n", (long long)differs, x[differs], y[differs]);
    free(x);
    free(y);
    if (differs >= 0) _fail(file, line);
}

void made_at(gan_context *ctx, const void *t, const char *file, int line) {
    if (t) return;
    print_error("NULL: %s\n", gan_last_error(ctx));
    _fail(file, line);
}

void ok_at(gan_context *ctx, int32_t code, const char *file, int line) {
    if (code == GAN_OK) return;
    print_error("%s: %s\n", gan_status_name(code), gan_last_error(ctx));
    _fail(file, line);
}

void status_at(gan_context *ctx, int32_t got, int32_t code, const char *const *texts,
               const char *file, int line) {
    const char *text = gan_last_error(ctx);
    if (got != code) {
        print_error("%s instead of %s: %s\n", gan_status_name(got), gan_status_name(code), text);
        _fail(file, line);
    }
    if (strchr(text, '\n')) {
        print_error("more than one line: %s\n", text);
        _fail(file, line);
    }
    for (; *texts; texts++) {
        if (strstr(text, *texts)) continue;
        print_error("'%s' is not in: %s\n", *texts, text);
        _fail(file, line);
    }
}

void refused_at(gan_context *ctx, const void *t, int32_t code, const char *const *texts,
                const char *file, int line) {
    if (t) {
        print_error("a result instead of %s\n", gan_status_name(code));
        _fail(file, line);
    }
    status_at(ctx, gan_error_code(ctx), code, texts, file, line);
}

/* ---- files ----------------------------------------------------------------------------------- */

typedef struct temp_name {
    struct temp_name *next;
    char path[]; /* <folder>/<name> */
} temp_name;

static char *folder; /* NULL: none yet */
static temp_name *names;

const char *temp_folder(void) {
    static char path[64];
    if (folder) return folder;
    snprintf(path, sizeof path, "/tmp/gan-test-XXXXXX");
    folder = mkdtemp(path);
    assert_non_null(folder);
    return folder;
}

const char *temp_file(const char *name) {
    const size_t before = strlen(temp_folder()) + 1, size = before + strlen(name) + 1;
    for (temp_name *n = names; n; n = n->next)
        if (strcmp(n->path + before, name) == 0) return n->path;
    temp_name *n = malloc(sizeof *n + size);
    assert_non_null(n);
    snprintf(n->path, size, "%s/%s", folder, name);
    n->next = names;
    names = n;
    return n->path;
}

/* Removes what is in a folder, and then the folder. */
static void remove_tree(const char *path) {
    DIR *d = opendir(path);
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d));) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) continue;
        char inner[512];
        snprintf(inner, sizeof inner, "%s/%s", path, e->d_name);
        struct stat info;
        assert_int_equal(lstat(inner, &info), 0);
        if (S_ISDIR(info.st_mode))
            remove_tree(inner);
        else
            unlink(inner);
    }
    closedir(d);
    assert_int_equal(rmdir(path), 0);
}

void temp_remove(void) {
    for (temp_name *n; (n = names);) {
        names = n->next;
        free(n);
    }
    if (folder) remove_tree(folder);
    folder = NULL;
}

int teardown_files(void **state) {
    (void)state;
    temp_remove();
    return 0;
}

void write_file(const char *path, const void *bytes, size_t count) {
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, count, f), count);
    assert_int_equal(fclose(f), 0);
}

unsigned char *read_file(const char *path, size_t *count) {
    FILE *f = fopen(path, "rb");
    if (!f) return NULL;
    assert_int_equal(fseek(f, 0, SEEK_END), 0);
    *count = (size_t)ftell(f);
    rewind(f);
    unsigned char *bytes = malloc(*count + 1);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, *count, f), *count);
    bytes[*count] = 0;
    fclose(f);
    return bytes;
}
