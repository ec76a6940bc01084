/* Files of weights and data sets: round trips, and files that are not what they should be. */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

static gan_module *network(gan_context *ctx) {
    gan_module *root = NULL;
    assert_ok(ctx, gan_module_create(ctx, &root));
    gan_module *body = gan_add_sequential(root, "main");
    gan_add_conv2d(body, NULL, 2, 3, 2, NULL);
    gan_add_batch_norm(body, NULL, 3, NULL);
    gan_add_layer_norm(body, NULL, (const int64_t[]){2, 2, 3}, 3, NULL);
    gan_add_flatten(body, NULL);
    assert_made(ctx, gan_add_dense(body, NULL, 12, 2, 1));
    return root;
}

static void same_parameters(gan_module *a, gan_module *b) {
    for (size_t i = 0; i < gan_module_parameter_count(a); i++)
        assert_same_bits(gan_module_parameter(a, i), gan_module_parameter(b, i));
    assert_same_bits(gan_module_find(a, "main.1.running_mean"),
                     gan_module_find(b, "main.1.running_mean"));
    assert_same_bits(gan_module_find(a, "main.1.num_batches_tracked"),
                     gan_module_find(b, "main.1.num_batches_tracked"));
}

static void test_weights_round_trip(void **state) {
    gan_context *ctx = *state;
    gan_module *a = network(ctx), *b = network(ctx);
    gan_forward(gan_module_child(a, "main"), gan_randn(ctx, SHAPE(4, 3, 3, 2)));
    const char *path = temp_file("weights.safetensors");
    assert_ok(ctx, gan_module_save(a, path));
    assert_ok(ctx, gan_module_load(b, path));
    same_parameters(a, b);

    /* PyTorch's layout: kernels (O,I,KH,KW). The header is JSON after eight bytes of length. */
    size_t size;
    unsigned char *bytes = read_file(path, &size);
    const char *header = (const char *)bytes + 8;
    assert_non_null(strstr(header, "\"main.0.weight\""));
    assert_non_null(strstr(header, "[3,2,2,2]"));
    assert_non_null(strstr(header, "[3,2,2]")); /* layer norm: (C,H,W) */
    assert_non_null(strstr(header, "\"I64\""));
    assert_non_null(strstr(header, "gan.format"));
    free(bytes);
    gan_module_unref(a);
    gan_module_unref(b);
}

static void test_another_tree_is_refused(void **state) {
    gan_context *ctx = *state;
    gan_module *a = network(ctx), *more = network(ctx), *other = NULL;
    const char *path = temp_file("weights.safetensors");
    assert_ok(ctx, gan_module_save(a, path));
    gan_add_dense(gan_module_child(more, "main"), "extra", 2, 2, 0);
    assert_status(ctx, gan_module_load(more, path), GAN_EFORMAT, "main.extra.weight", "missing");
    assert_ok(ctx, gan_sequential_create(ctx, &other));
    assert_status(ctx, gan_module_load(other, path), GAN_EFORMAT, "no tensor");
    assert_ok(ctx, gan_module_save(more, path));
    assert_status(ctx, gan_module_load(a, path), GAN_EFORMAT, "main.extra.weight");
    gan_module_unref(a);
    gan_module_unref(more);
    gan_module_unref(other);
}

static void test_missing_and_unwritable(void **state) {
    gan_context *ctx = *state;
    gan_module *m = network(ctx);
    gan_idx *idx = NULL;
    assert_status(ctx, gan_module_load(m, temp_file("none")), GAN_EIO, "none", "No such file");
    assert_status(ctx, gan_module_save(m, temp_file("no/such/folder")), GAN_EIO, "no/such/folder");
    assert_status(ctx, gan_idx_open(ctx, temp_file("none"), &idx), GAN_EIO, "none");
    assert_status(ctx, gan_idx_open(ctx, temp_folder(), &idx), GAN_EIO, temp_folder());
    assert_status(ctx, gan_module_load(m, NULL), GAN_EINVAL, "gan_module_load");
    assert_null(idx);
    /* A file keeps its permissions, whatever the umask. */
    const char *shared = temp_file("shared");
    struct stat info;
    assert_ok(ctx, gan_module_save(m, shared));
    assert_int_equal(chmod(shared, 0664), 0);
    mode_t mask = umask(022);
    assert_ok(ctx, gan_module_save(m, shared));
    umask(mask);
    assert_int_equal(stat(shared, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0664);
    /* A failed save leaves the target as it was, and no temporary file. */
    const char *path = temp_file("folder");
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(gan_module_save(m, path), GAN_EIO);
    assert_int_equal(rmdir(path), 0);
    gan_module_unref(m);
}

/* ---- hostile safetensors --------------------------------------------------------------------- */

/* Loading gives GAN_OK or GAN_EFORMAT, and on an error leaves the module. Returns the code. */
static int32_t load_bytes(gan_context *ctx, gan_module *m, const char *path,
                          const unsigned char *bytes, size_t size) {
    write_file(path, bytes, size);
    float before = gan_tensor_data(gan_module_parameter(m, 0))[0];
    int32_t code = gan_module_load(m, path);
    if (code != GAN_OK) {
        assert_int_equal(code, GAN_EFORMAT);
        assert_true(gan_tensor_data(gan_module_parameter(m, 0))[0] == before);
        assert_null(strchr(gan_last_error(ctx), '\n'));
    }
    return code;
}

static void test_broken_weights(void **state) {
    gan_context *ctx = *state;
    gan_module *m = NULL;
    assert_ok(ctx, gan_sequential_create(ctx, &m));
    gan_add_dense(m, NULL, 2, 2, 1);
    const char *path = temp_file("w");
    assert_ok(ctx, gan_module_save(m, path));
    size_t size;
    unsigned char *bytes = read_file(path, &size);

    for (size_t cut = 0; cut < size; cut++)
        assert_int_equal(load_bytes(ctx, m, path, bytes, cut), GAN_EFORMAT);
    /* Every byte of the header's length and the header, changed in four ways. */
    uint64_t header = 0;
    memcpy(&header, bytes, sizeof header);
    for (size_t at = 0; at < 8 + header; at++) {
        static const unsigned char masks[] = {0x01, 0x10, 0x80, 0xff};
        for (int k = 0; k < COUNT_OF(masks); k++) {
            bytes[at] ^= masks[k];
            load_bytes(ctx, m, path, bytes, size);
            bytes[at] ^= masks[k];
        }
    }
    assert_int_equal(load_bytes(ctx, m, path, bytes, size), GAN_OK);
    free(bytes);
    gan_module_unref(m);
}

/* The header's line for tensor "a". */
#define ENTRY(dtype, shape, offsets)                                                               \
    "\"a\":{\"dtype\":\"" dtype "\",\"shape\":[" shape "],\"data_offsets\":[" offsets "]}"

static void test_hostile_headers(void **state) {
    gan_context *ctx = *state;
    gan_module *m = NULL;
    assert_ok(ctx, gan_module_create(ctx, &m));
    gan_add_parameter(m, "a", gan_zeros(ctx, SHAPE(2)));
    static const char *const headers[] = {
        "",
        "[]",
        "{",
        "{\"a\":5}",
        "{" ENTRY("F32", "2", "0,4") "}",
        "{" ENTRY("F32", "2", "8,0") "}",
        "{" ENTRY("F32", "2", "1,9") "}",
        "{" ENTRY("F32", "-2", "0,8") "}",
        "{" ENTRY("F32", "4611686018427387905", "0,8") "}",
        "{" ENTRY("F32", "2", "0,18446744073709551615") "}",
        "{" ENTRY("X9", "2", "0,8") "}",
        "{" ENTRY("I32", "2", "0,8") "}",
        "{" ENTRY("F32", "2", "0,8") "," ENTRY("F32", "2", "0,8") "}",
        "{" ENTRY("F32", "1e9", "0,8") "}",
        "{" ENTRY("F32", "1,2", "0,8") "}",
        "{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}",
    };
    unsigned char file[512];
    for (int i = 0; i < COUNT_OF(headers); i++) {
        uint64_t length = strlen(headers[i]);
        memcpy(file, &length, 8);
        memcpy(file + 8, headers[i], length);
        memset(file + 8 + length, 0, 8);
        if (load_bytes(ctx, m, temp_file("w"), file, 8 + length + 8) == GAN_OK) {
            print_error("accepted: %s\n", headers[i]);
            fail();
        }
    }
    /* A header of nothing but brackets: no recursion without end. */
    size_t deep = 1 << 20;
    unsigned char *brackets = malloc(deep + 8);
    memset(brackets, '[', deep + 8);
    uint64_t length = deep;
    memcpy(brackets, &length, 8);
    assert_int_equal(load_bytes(ctx, m, temp_file("w"), brackets, deep + 8), GAN_EFORMAT);
    free(brackets);
    gan_module_unref(m);
}

static void test_float64_files_are_read(void **state) {
    gan_context *ctx = *state;
    gan_module *m = NULL;
    assert_ok(ctx, gan_module_create(ctx, &m));
    gan_add_parameter(m, "a", gan_zeros(ctx, SHAPE(2)));
    const char *header = "{" ENTRY("F64", "2", "0,16") "}";
    const double values[2] = {1.5, -3};
    unsigned char file[256];
    uint64_t length = strlen(header);
    memcpy(file, &length, 8);
    memcpy(file + 8, header, length);
    memcpy(file + 8 + length, values, 16);
    assert_int_equal(load_bytes(ctx, m, temp_file("w"), file, 8 + length + 16), GAN_OK);
    assert_values(gan_module_find(m, "a"), SHAPE(2), 1.5, -3);
    gan_module_unref(m);
}

static void test_traced_graph(void **state) {
    gan_context *ctx = *state;
    gan_module *m = NULL;
    assert_ok(ctx, gan_sequential_create(ctx, &m));
    gan_add_dense(m, NULL, 3, 2, 1);
    assert_made(ctx, gan_add_tanh(m, NULL));
    assert_ok(ctx, gan_module_train(m, 0));
    const char *path = temp_file("g");
    gan_tensor *z = gan_track(gan_randn(ctx, SHAPE(1, 3))), *y = gan_forward(m, z);
    assert_ok(ctx, gan_module_save_traced(m, path, z, y, "-1..1"));
    size_t size;
    unsigned char *bytes = read_file(path, &size);
    static const char *const words[] = {"gan.graph", "matmul", "tanh", "0.weight", "-1..1"};
    for (int i = 0; i < COUNT_OF(words); i++)
        assert_non_null(strstr((const char *)bytes + 8, words[i]));
    free(bytes);
    assert_ok(ctx, gan_module_load(m, path));
    assert_status(ctx, gan_module_save_traced(m, path, z, y, "0..2"), GAN_EINVAL,
                  "gan_module_save_traced", "range", "0..2");
    gan_tensor *constant = gan_randn(ctx, SHAPE(1, 3));
    assert_status(ctx, gan_module_save_traced(m, path, constant, y, ""), GAN_EINVAL, "tracked");

    /* ONNX: what the model holds is tested in tests/oracle. */
    assert_ok(ctx, gan_module_save_onnx(m, path, z, y, "-1..1"));
    assert_status(ctx, gan_module_save_onnx(m, path, constant, y, ""), GAN_EINVAL,
                  "gan_module_save_onnx", "tracked");
    assert_status(ctx, gan_module_save_onnx(m, path, z, y, "x"), GAN_EINVAL, "range");
    assert_status(ctx, gan_module_save_onnx(m, path, z, gan_gather(y, (const int32_t[]){0}, 1), ""),
                  GAN_ENOTSUP, "'gather'");
    gan_module_unref(m);
}

/* What holds for the recorded samples only is refused by both writers. */
static void test_traced_choices(void **state) {
    gan_context *ctx = *state;
    gan_module *m = NULL;
    assert_ok(ctx, gan_sequential_create(ctx, &m));
    gan_add_maxout(m, NULL, 4, 3, 2);
    assert_made(ctx, gan_add_batch_norm(m, "norm", 3, NULL));
    const char *path = temp_file("model");
    gan_tensor *x = gan_track(gan_randn(ctx, SHAPE(2, 4))), *y = gan_forward(m, x);
    assert_status(ctx, gan_module_save_traced(m, path, x, y, ""), GAN_ESTATE,
                  "gan_module_save_traced", "norm (batch_norm)", "training");
    assert_status(ctx, gan_module_save_onnx(m, path, x, y, ""), GAN_ESTATE, "gan_module_save_onnx",
                  "norm (batch_norm)", "training");
    assert_ok(ctx, gan_module_train(m, 0));
    y = gan_forward(m, x);
    assert_status(ctx, gan_module_save_traced(m, path, x, y, ""), GAN_ENOTSUP, "'gather'");
    assert_status(ctx, gan_module_save_onnx(m, path, x, y, ""), GAN_ENOTSUP, "'gather'");
    y = gan_dropout(x, 0.5);
    assert_status(ctx, gan_module_save_traced(m, path, x, y, ""), GAN_ENOTSUP, "'dropout'");
    assert_null(read_file(path, &(size_t){0}));
    gan_module_unref(m);
}

/* A lookup that a sweep went over has let go of its positions: the model cannot be written. */
static void test_swept_graph(void **state) {
    gan_context *ctx = *state;
    gan_module *m = NULL;
    assert_ok(ctx, gan_module_create(ctx, &m));
    gan_module *dense = gan_add_dense(m, "dense", 3, 3, 1);
    gan_module *embedding = gan_add_embedding(m, "embedding", 4, 3);
    gan_tensor *table = gan_module_parameter(embedding, 0), *g = NULL;
    gan_tensor *x = gan_track(gan_randn(ctx, SHAPE(2, 3)));
    gan_tensor *y =
        gan_add(gan_forward(dense, x), gan_forward_labels(embedding, (const int32_t[]){1, 2}, 2));
    const char *path = temp_file("model");
    assert_ok(ctx, gan_module_save_onnx(m, path, x, y, ""));
    assert_ok(ctx, gan_grad(gan_sum_all(y), &table, 1, 0, &g));
    assert_status(ctx, gan_module_save_onnx(m, path, x, y, ""), GAN_ESTATE, "gan_module_save_onnx",
                  "'gather'", "consumed");
    gan_tensor_unref(g);
    gan_module_unref(m);
}

/* ---- IDX ------------------------------------------------------------------------------------- */

static const unsigned char idx_file[] = {0, 0, 8, 3, 0, 0, 0,   3,  0,   0,   0,
                                         1, 0, 0, 0, 2, 0, 255, 51, 102, 153, 204};

static void check_idx(gan_context *ctx, const char *path) {
    gan_idx *idx = NULL;
    assert_ok(ctx, gan_idx_open(ctx, path, &idx));
    assert_int_equal(gan_idx_rank(idx), 3);
    assert_int_equal(gan_idx_dim(idx, 0), 3);
    assert_int_equal(gan_idx_dim(idx, 2), 2);
    assert_int_equal(gan_idx_data(idx)[1], 255);
    const int32_t index[] = {2, 0}, bad[] = {3};
    assert_values(gan_idx_images(idx, index, 2, 0, 1), SHAPE(2, 1, 2, 1), 0.6, 0.8, 0, 1);
    assert_values(gan_idx_images(idx, index, 1, -1, 1), SHAPE(1, 1, 2, 1), 0.2, 0.6);
    assert_refused(ctx, gan_idx_images(idx, bad, 1, 0, 1), GAN_EINVAL, "gan_idx_images", "3");
    gan_idx_unref(idx);
}

static void test_idx(void **state) {
    gan_context *ctx = *state;
    write_file(temp_file("plain"), idx_file, sizeof idx_file);
    check_idx(ctx, temp_file("plain"));
    gzFile gz = gzopen(temp_file("packed.gz"), "wb");
    assert_int_equal(gzwrite(gz, idx_file, sizeof idx_file), sizeof idx_file);
    gzclose(gz);
    check_idx(ctx, temp_file("packed.gz"));

    /* Truncated, plain and packed; too long; every byte of the header changed. */
    const char *path = temp_file("broken");
    gan_idx *idx = NULL;
    size_t size;
    unsigned char *packed = read_file(temp_file("packed.gz"), &size);
    for (size_t cut = 0; cut < sizeof idx_file; cut++) {
        write_file(path, idx_file, cut);
        assert_status(ctx, gan_idx_open(ctx, path, &idx), GAN_EFORMAT, "broken");
    }
    for (size_t cut = 0; cut < size; cut++) {
        write_file(path, packed, cut);
        assert_status(ctx, gan_idx_open(ctx, path, &idx), GAN_EFORMAT, "broken");
    }
    free(packed);
    for (size_t at = 0; at < 16; at++) {
        unsigned char changed[sizeof idx_file];
        memcpy(changed, idx_file, sizeof changed);
        changed[at] ^= 0xa5;
        write_file(path, changed, sizeof changed);
        assert_int_equal(gan_idx_open(ctx, path, &idx), GAN_EFORMAT);
    }
    assert_null(idx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CONTEXT_TEST(test_weights_round_trip),     CONTEXT_TEST(test_another_tree_is_refused),
        CONTEXT_TEST(test_missing_and_unwritable), CONTEXT_TEST(test_broken_weights),
        CONTEXT_TEST(test_hostile_headers),        CONTEXT_TEST(test_float64_files_are_read),
        CONTEXT_TEST(test_traced_graph),           CONTEXT_TEST(test_swept_graph),
        CONTEXT_TEST(test_traced_choices),         CONTEXT_TEST(test_idx),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
