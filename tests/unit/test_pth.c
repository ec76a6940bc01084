/* PyTorch's files, made by hand: those that torch.save writes are in tests/oracle. */
#include "support.h"

#include "archive.h"
#include "io/half.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PICKLE_BYTES = 1024 };

/* ---- pickles --------------------------------------------------------------------------------- */

typedef struct pickle {
    unsigned char bytes[PICKLE_BYTES];
    size_t size;
} pickle;

static void put(pickle *p, const void *bytes, size_t size) {
    assert_true(p->size + size <= sizeof p->bytes);
    memcpy(p->bytes + p->size, bytes, size);
    p->size += size;
}

#define PUT(p, literal) put(p, literal, sizeof literal - 1)

static void put_text(pickle *p, const char *text) {
    unsigned char size[4] = {(unsigned char)strlen(text)};
    PUT(p, "X");
    put(p, size, 4);
    put(p, text, strlen(text));
}

/* LONG1, of 8 bytes. */
static void put_number(pickle *p, int64_t value) {
    PUT(p, "\x8a\x08");
    put(p, &value, 8);
}

static void put_global(pickle *p, const char *lines) {
    PUT(p, "c");
    put(p, lines, strlen(lines));
}

/* A tensor of one axis: that many elements of a storage "0", from one on, a stride apart. With
 * `behind` it has a second axis, of size 1 and this stride. */
typedef struct described {
    const char *type; /* "torch\nFloatStorage\n" */
    const char *key;
    int64_t stored, first, count, stride, behind;
} described;

static const described plain = {"torch\nFloatStorage\n", "0", 4, 0, 2, 1, 0};

static void put_tensor(pickle *p, const described *t) {
    put_global(p, "torch._utils\n_rebuild_tensor_v2\n");
    PUT(p, "((");
    put_text(p, "storage");
    put_global(p, t->type);
    put_text(p, t->key);
    put_text(p, "cpu");
    put_number(p, t->stored);
    PUT(p, "tQ");
    put_number(p, t->first);
    const char *tuple = t->behind ? "\x86" : "\x85"; /* of two numbers, or of one */
    put_number(p, t->count);
    if (t->behind) put_number(p, 1);
    put(p, tuple, 1);
    put_number(p, t->stride);
    if (t->behind) put_number(p, t->behind);
    put(p, tuple, 1);
    PUT(p, "\x89");
    put_global(p, "collections\nOrderedDict\n");
    PUT(p, ")RtR");
}

/* {"a": tensor} */
static pickle pickle_of(const described *t) {
    pickle p = {.size = 0};
    PUT(&p, "\x80\x02}");
    put_text(&p, "a");
    put_tensor(&p, t);
    PUT(&p, "s.");
    return p;
}

/* ---- files ----------------------------------------------------------------------------------- */

static const float storage[4] = {1.5F, -2, 3, 4};

static archive archive_of(const pickle *p, int zip64) {
    archive a = {.zip64 = zip64};
    archive_add(&a, "w/data.pkl", p->bytes, p->size);
    archive_add(&a, "w/data/0", storage, sizeof storage);
    archive_end(&a);
    return a;
}

typedef struct fixture {
    gan_context *ctx;
    gan_module *module; /* with a parameter "a" of two elements */
} fixture;

static int begin(void **state) {
    fixture *f = calloc(1, sizeof *f);
    f->ctx = context_of(NULL);
    assert_ok(f->ctx, gan_module_create(f->ctx, &f->module));
    assert_made(f->ctx, gan_add_parameter(f->module, "a", gan_zeros(f->ctx, SHAPE(2))));
    *state = f;
    return 0;
}

static int end(void **state) {
    fixture *f = *state;
    gan_module_unref(f->module);
    gan_context_destroy(f->ctx);
    temp_remove();
    free(f);
    return 0;
}

/* GAN_OK or GAN_EFORMAT; an error leaves the module. */
static int32_t load(fixture *f, const void *bytes, size_t size) {
    const char *path = temp_file("w.pth");
    write_file(path, bytes, size);
    const float *a = gan_tensor_data(gan_module_find(f->module, "a")), before = a[0];
    int32_t code = gan_module_load(f->module, path);
    if (code) {
        assert_int_equal(code, GAN_EFORMAT);
        assert_true(gan_tensor_data(gan_module_find(f->module, "a"))[0] == before);
        assert_null(strchr(gan_last_error(f->ctx), '\n'));
    }
    return code;
}

static int32_t load_archive(fixture *f, archive *a) {
    int32_t code = load(f, a->bytes, a->size);
    archive_release(a);
    return code;
}

static int32_t load_pickle(fixture *f, const pickle *p) {
    archive a = archive_of(p, 0);
    return load_archive(f, &a);
}

static void assert_refused_for(fixture *f, int32_t code, const char *word) {
    if (code != GAN_EFORMAT || !strstr(gan_last_error(f->ctx), word)) {
        print_error("wanted \"%s\", have %d: %s\n", word, (int)code, gan_last_error(f->ctx));
        fail();
    }
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void test_read(void **state) {
    fixture *f = *state;
    static const struct {
        described tensor;
        float a, b;
    } cases[] = {
        {{"torch\nFloatStorage\n", "0", 4, 0, 2, 1, 0}, 1.5F, -2},
        {{"torch\nFloatStorage\n", "0", 4, 2, 2, 1, 0}, 3, 4},
        {{"torch\nFloatStorage\n", "0", 4, 1, 2, 2, 0}, -2, 4},
    };
    for (int i = 0; i < 2 * COUNT_OF(cases); i++) {
        pickle p = pickle_of(&cases[i / 2].tensor);
        archive a = archive_of(&p, i % 2);
        assert_int_equal(load_archive(f, &a), GAN_OK);
        assert_values(gan_module_find(f->module, "a"), SHAPE(2), (double)cases[i / 2].a,
                      (double)cases[i / 2].b);
    }
}

static void test_tensors_beyond_their_storage(void **state) {
    fixture *f = *state;
    static const struct {
        const char *word;
        described tensor;
    } cases[] = {
        {"beyond", {"torch\nFloatStorage\n", "0", 4, 3, 2, 1, 0}},
        {"beyond", {"torch\nFloatStorage\n", "0", 4, 0, 2, 4, 0}},
        {"beyond", {"torch\nFloatStorage\n", "0", 4, INT64_MAX, 2, 1, 0}},
        {"beyond", {"torch\nFloatStorage\n", "0", 4, 1, 2, INT64_MAX, 0}},
        {"(2, 1)", {"torch\nFloatStorage\n", "0", 4, 0, 2, 2, INT64_MAX}},
        {"0 or more", {"torch\nFloatStorage\n", "0", 4, 0, 2, -1, 0}},
        {"0 or more", {"torch\nFloatStorage\n", "0", 4, 0, -2, 1, 0}},
        {"not described", {"torch\nFloatStorage\n", "0", 4, -1, 2, 1, 0}},
        {"more elements", {"torch\nFloatStorage\n", "0", 4, 0, 5, 0, 0}},
        {"more elements", {"torch\nFloatStorage\n", "0", 4, 0, INT64_MAX, 1, 0}},
        {"another size", {"torch\nFloatStorage\n", "0", 5, 0, 2, 1, 0}},
        {"another size", {"torch\nFloatStorage\n", "0", -4, 0, 2, 1, 0}},
        {"another size", {"torch\nDoubleStorage\n", "0", 4, 0, 2, 1, 0}},
        {"not in the archive", {"torch\nFloatStorage\n", "1", 4, 0, 2, 1, 0}},
        {"not in the archive", {"torch\nFloatStorage\n", "../data.pkl", 4, 0, 2, 1, 0}},
        {"not described", {"collections\nOrderedDict\n", "0", 4, 0, 2, 1, 0}},
        {"I32", {"torch\nIntStorage\n", "0", 4, 0, 2, 1, 0}},
        {"torch.QInt8Storage", {"torch\nQInt8Storage\n", "0", 4, 0, 2, 1, 0}},
    };
    for (int i = 0; i < COUNT_OF(cases); i++) {
        pickle p = pickle_of(&cases[i].tensor);
        assert_refused_for(f, load_pickle(f, &p), cases[i].word);
    }
}

static void test_hostile_pickles(void **state) {
    fixture *f = *state;
    static const struct {
        const char *word, *bytes;
        size_t size;
    } cases[] = {
#define CASE(word, literal) {word, literal, sizeof literal - 1}
        CASE("protocol", ""),
        CASE("protocol", "}."),
        CASE("another protocol", "\x80\x01}."),
        CASE("is missing", "\x80\x02}."),
        CASE("cut off", "\x80\x02}"),
        CASE("os.system", "\x80\x02"
                          "cos\nsystem\n(X\x04\0\0\0evilt\x85R."),
        CASE("builtins.eval", "\x80\x04\x8c\x08"
                              "builtins\x8c\x04"
                              "eval\x93."),
        CASE("without a name", "\x80\x04K\1K\2\x93."),
        CASE("0x81", "\x80\x02)\x81."),
        CASE("0x69", "\x80\x02ios\nsystem\n."),
        CASE("stack is empty", "\x80\x02."),
        CASE("stack is empty", "\x80\x02(."),
        CASE("stack is empty", "\x80\x02s"),
        CASE("stack is empty", "\x80\x02}(s"),
        CASE("stack is empty", "\x80\x02\x87"),
        CASE("stack is empty", "\x80\x02q\0"),
        CASE("stack is empty", "\x80\x02(q\0"),
        CASE("mark is missing", "\x80\x02}u."),
        CASE("key without", "\x80\x02}(K\1u."),
        CASE("than a container", "\x80\x02K\1(K\1K\1u."),
        CASE("than a container", "\x80\x02](K\1K\1u."),
        CASE("left at the end", "\x80\x02}}."),
        CASE("skipped", "\x80\x02}r\xff\xff\xff\x7f."),
        CASE("memo is empty", "\x80\x02h\0."),
        CASE("cut off", "\x80\x02X\xff\xff\xff\xff"
                        "a."),
        CASE("cut off", "\x80\x05\x8d\xff\xff\xff\xff\xff\xff\xff\xff."),
        CASE("than a global", "\x80\x02})R."),
        CASE("no tuple", "\x80\x02K\1Q."),
        CASE("of arguments", "\x80\x02"
                             "ccollections\nOrderedDict\nK\1\x85R."),
        CASE("than a dict", "\x80\x02]}b."),
        CASE("not described", "\x80\x02"
                              "ctorch._utils\n_rebuild_parameter\n)R."),
        CASE("not described", "\x80\x02"
                              "ctorch._utils\n_rebuild_tensor_v2\n)R."),
        CASE("no storage", "\x80\x02"
                           "ctorch._utils\n_rebuild_tensor_v2\n(K\1K\1))tR."),
        CASE("NUL", "\x80\x02}X\1\0\0\0\0Ns."),
        CASE("repeats itself", "\x80\x02}q\0X\1\0\0\0ah\0s."), /* a dict in itself */
#undef CASE
    };
    for (int i = 0; i < COUNT_OF(cases); i++) {
        pickle p = {.size = 0};
        put(&p, cases[i].bytes, cases[i].size);
        assert_refused_for(f, load_pickle(f, &p), cases[i].word);
    }
}

/* Tuples that hold the one before twice: 2^24 ways to a tensor. */
static void test_doubling(void **state) {
    fixture *f = *state;
    pickle p = {.size = 0};
    PUT(&p, "\x80\x02(");
    put_tensor(&p, &plain);
    PUT(&p, "q");
    for (unsigned char i = 0; i < 24; i++) {
        const unsigned char level[] = {i, 'h', i, 'h', i, 0x86, 'q'};
        put(&p, level, sizeof level);
    }
    PUT(&p, "\x18t.");
    assert_refused_for(f, load_pickle(f, &p), "repeats itself");
}

static void test_every_cut_and_change(void **state) {
    fixture *f = *state;
    pickle p = pickle_of(&plain);
    for (int zip64 = 0; zip64 < 2; zip64++) {
        archive a = archive_of(&p, zip64);
        for (size_t cut = 0; cut < a.size; cut++)
            assert_int_equal(load(f, a.bytes, cut), GAN_EFORMAT);
        for (size_t at = 0; at < a.size; at++) {
            static const unsigned char masks[] = {0x01, 0x10, 0x80, 0xff};
            for (int k = 0; k < COUNT_OF(masks); k++) {
                a.bytes[at] ^= masks[k];
                load(f, a.bytes, a.size);
                a.bytes[at] ^= masks[k];
            }
        }
        assert_int_equal(load(f, a.bytes, a.size), GAN_OK);
        archive_release(&a);
    }
    for (size_t at = 0; at < p.size; at++)
        for (int k = 1; k < 256; k <<= 1) {
            p.bytes[at] ^= (unsigned char)k;
            load_pickle(f, &p);
            p.bytes[at] ^= (unsigned char)k;
        }
}

static void test_hostile_archives(void **state) {
    fixture *f = *state;
    pickle p = pickle_of(&plain);
    archive a = {.method = 8};
    archive_add(&a, "w/data.pkl", p.bytes, p.size);
    archive_end(&a);
    assert_refused_for(f, load_archive(f, &a), "compressed");
    a = (archive){.flags = 1};
    archive_add(&a, "w/data.pkl", p.bytes, p.size);
    archive_end(&a);
    assert_refused_for(f, load_archive(f, &a), "encrypted");
    a = (archive){0};
    archive_add(&a, "w/data.pkl", p.bytes, p.size);
    archive_add(&a, "w/data.pkl", p.bytes, p.size);
    archive_end(&a);
    assert_refused_for(f, load_archive(f, &a), "twice");
    a = (archive){0};
    archive_add(&a, "w/other", p.bytes, p.size);
    archive_end(&a);
    assert_refused_for(f, load_archive(f, &a), "data.pkl");
    a = (archive){0};
    archive_add(&a, "w/byteorder", "big", 3);
    archive_add(&a, "w/data.pkl", p.bytes, p.size);
    archive_end(&a);
    assert_refused_for(f, load_archive(f, &a), "big-endian");
    /* Members that share their bytes. */
    a = (archive){0};
    archive_add(&a, "w/data.pkl", p.bytes, p.size);
    for (int i = 1; i < ARCHIVE_MEMBERS; i++, a.members++) {
        memcpy(a.central[i], a.central[0], sizeof a.central[0]);
        a.central_bytes[i] = a.central_bytes[0];
    }
    archive_end(&a);
    assert_refused_for(f, load_archive(f, &a), "overlaps");
    /* The old format's beginning. */
    static const unsigned char legacy[] = {0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46,
                                           0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, '.'};
    assert_refused_for(f, load(f, legacy, sizeof legacy), "old format");
}

static void test_parts(void **state) {
    fixture *f = *state;
    pickle p = {.size = 0};
    PUT(&p, "\x80\x02}");
    put_text(&p, "step");
    PUT(&p, "K\3s");
    put_text(&p, "G");
    PUT(&p, "}");
    put_text(&p, "a");
    put_tensor(&p, &plain);
    PUT(&p, "ss.");
    archive a = archive_of(&p, 0);
    assert_refused_for(f, load(f, a.bytes, a.size), "'G.a' is there");
    const char *path = temp_file("w.pth");
    assert_status(f->ctx, gan_module_load_part(f->module, path, "H"), GAN_EFORMAT, "no part 'H'");
    assert_status(f->ctx, gan_module_load_part(f->module, path, NULL), GAN_EINVAL, "load_part");
    assert_ok(f->ctx, gan_module_load_part(f->module, path, "G"));
    assert_values(gan_module_find(f->module, "a"), SHAPE(2), 1.5, -2.0);
    archive_release(&a);
}

/* Parts of safetensors files, and a file that is no module's. */
static void test_parts_of_safetensors(void **state) {
    fixture *f = *state;
    gan_module *both = NULL;
    const char *path = temp_file("w.safetensors");
    assert_ok(f->ctx, gan_module_create(f->ctx, &both));
    gan_add_parameter(gan_add_module(both, "G"), "a", gan_full(f->ctx, SHAPE(2), 7));
    gan_add_parameter(gan_add_module(both, "GG"), "a", gan_full(f->ctx, SHAPE(2), 8));
    assert_ok(f->ctx, gan_module_save(both, path));
    assert_ok(f->ctx, gan_module_load_part(f->module, path, "GG"));
    assert_values(gan_module_find(f->module, "a"), SHAPE(2), 8, 8);
    assert_ok(f->ctx, gan_module_load_part(both, path, ""));
    gan_module_unref(both);
}

static void test_halves(void **state) {
    (void)state;
    static const struct {
        uint16_t bits;
        float value;
    } cases[] = {{0x3c00, 1},        {0xc000, -2},         {0x7bff, 65504},
                 {0x0001, 0x1p-24F}, {0x03ff, 0x3ffp-24F}, {0x0400, 0x1p-14F},
                 {0x7c00, INFINITY}, {0xfc00, -INFINITY},  {0x0000, 0}};
    for (int i = 0; i < COUNT_OF(cases); i++)
        assert_true(half_from_f16(cases[i].bits) == cases[i].value);
    assert_true(half_from_f16(0x7e00) != half_from_f16(0x7e00));
    assert_true(signbit(half_from_f16(0x8000)));
    assert_true(half_from_bf16(0xc040) == -3);
}

#define FILE_TEST(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void) {
    const struct CMUnitTest tests[] = {
        FILE_TEST(test_read),
        FILE_TEST(test_tensors_beyond_their_storage),
        FILE_TEST(test_hostile_pickles),
        FILE_TEST(test_doubling),
        FILE_TEST(test_every_cut_and_change),
        FILE_TEST(test_hostile_archives),
        FILE_TEST(test_parts),
        FILE_TEST(test_parts_of_safetensors),
        cmocka_unit_test(test_halves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
