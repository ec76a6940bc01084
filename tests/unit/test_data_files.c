/* Data sets from files: every source, and files that are not what they should be. */
#include "datasets.h"

#include <string.h>
#include <unistd.h>
#include <zlib.h>

/* ---- IDX ------------------------------------------------------------------------------------- */

static const unsigned char idx_images[] = {0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0,
                                           1, 0, 0, 0, 2, 1, 2, 3, 4, 5, 6};
static const unsigned char idx_labels[] = {0, 0, 8, 1, 0, 0, 0, 3, 2, 0, 2};

static void test_idx(void **state) {
    gan_context *ctx = *state;
    const char *images = temp_file("images.gz"), *labels = temp_file("labels");
    gzFile gz = gzopen(images, "wb");
    assert_int_equal(gzwrite(gz, idx_images, sizeof idx_images), sizeof idx_images);
    gzclose(gz);
    write_file(labels, idx_labels, sizeof idx_labels);
    gan_dataset *d = NULL;
    assert_ok(ctx, gan_dataset_from_idx(ctx, images, labels, NULL, &d));
    assert_data_shape(d, 3, 1, 2, 1);
    assert_pixels(d, 1, 2, 3, 4, 5, 6);
    assert_memory_equal(gan_dataset_labels(d), ((int32_t[]){2, 0, 2}), 12);
    assert_int_equal(gan_dataset_class_count(d), 3);
    gan_dataset_unref(d);
    gan_data_opts o = data_options();
    o.pad_to = 2;
    o.limit = 1;
    assert_ok(ctx, gan_dataset_from_idx(ctx, images, NULL, &o, &d));
    assert_pixels(d, 1, 2, 0, 0);
    assert_null(gan_dataset_labels(d));
    gan_dataset_unref(d);

    d = NULL;
    assert_status(ctx, gan_dataset_from_idx(ctx, images, images, NULL, &d), GAN_EFORMAT,
                  "images.gz", "3 axes", "labels of 3 images");
    assert_status(ctx, gan_dataset_from_idx(ctx, labels, NULL, NULL, &d), GAN_EFORMAT, "labels",
                  "1 axes");
    assert_status(ctx, gan_dataset_from_idx(ctx, temp_file("none"), NULL, NULL, &d), GAN_EIO,
                  "none");
    assert_status(ctx, gan_dataset_from_idx(ctx, images, temp_file("none"), NULL, &d), GAN_EIO,
                  "none");
    assert_status(ctx, gan_dataset_from_idx(ctx, NULL, NULL, NULL, &d), GAN_EINVAL,
                  "gan_dataset_from_idx");
    /* No images; images without pixels whose other sides are enormous. */
    static const unsigned char none[] = {0, 0, 8, 3, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2};
    static const unsigned char flat[] = {0,    0,    8,    3,    0, 0, 0, 9,
                                         0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0};
    write_file(labels, none, sizeof none);
    assert_status(ctx, gan_dataset_from_idx(ctx, labels, NULL, NULL, &d), GAN_EINVAL, "0 images");
    write_file(labels, flat, sizeof flat);
    assert_status(ctx, gan_dataset_from_idx(ctx, labels, NULL, NULL, &d), GAN_EINVAL, "9 images");
    assert_null(d);
}

/* ---- folders --------------------------------------------------------------------------------- */

static void test_folder(void **state) {
    gan_context *ctx = *state;
    if (without_png()) return;
    const char *in = temp_file("in");
    make_folder(in);
    write_dot(ctx, temp_file("in/c.PNG"), 30);
    write_dot(ctx, temp_file("in/a.png"), 10);
    write_dot(ctx, temp_file("in/b.png"), 20);
    write_dot(ctx, temp_file("in/.hidden.png"), 99);
    write_dot(ctx, temp_file("outside.png"), 99);
    write_file(temp_file("in/notes.txt"), "x", 1);
    make_folder(temp_file("in/folder.png"));
    assert_int_equal(symlink("a.png", temp_file("in/d.png")), 0);
    assert_int_equal(symlink("missing.png", temp_file("in/e.png")), 0);
    assert_int_equal(symlink(temp_file("outside.png"), temp_file("in/f.png")), 0);
    gan_dataset *d = NULL;
    assert_ok(ctx, gan_dataset_from_folder(ctx, in, NULL, &d));
    assert_pixels(d, 10, 20, 30, 10);
    assert_null(gan_dataset_labels(d));
    gan_dataset_unref(d);
    gan_data_opts o = data_options();
    o.limit = 2;
    assert_ok(ctx, gan_dataset_from_folder(ctx, in, &o, &d));
    assert_pixels(d, 10, 20);
    gan_dataset_unref(d);
    d = NULL;
    o = data_options();
    o.byte_limit = 3;
    assert_status(ctx, gan_dataset_from_folder(ctx, in, &o, &d), GAN_ENOMEM,
                  "gan_dataset_from_folder", "4 images", "byte_limit 3");
    assert_status(ctx, gan_dataset_from_folder(ctx, temp_file("in/none"), NULL, &d), GAN_EIO,
                  "none", "No such file");
    assert_status(ctx, gan_dataset_from_folder(ctx, temp_file("in/a.png"), NULL, &d), GAN_EIO,
                  "a.png", "Not a directory");
    assert_status(ctx, gan_dataset_from_folder(ctx, temp_file("in/folder.png"), NULL, &d),
                  GAN_EFORMAT, "folder.png", "no PNG files");
    assert_null(d);
}

static void test_files_that_cannot_be_used(void **state) {
    gan_context *ctx = *state;
    if (without_png()) return;
    write_dot(ctx, temp_file("a.png"), 10);
    write_file(temp_file("b.png"), "not a picture", 13);
    write_png(ctx, temp_file("c.png"), 1, 2, 1, (const uint8_t[]){1, 2});
    write_png(ctx, temp_file("d.png"), 1, 1, 3, (const uint8_t[]){1, 2, 3});
    write_dot(ctx, temp_file("e.png"), 50);
    gan_data_opts o = data_options();
    gan_dataset *d = NULL;
    assert_status(ctx, gan_dataset_from_folder(ctx, temp_folder(), &o, &d), GAN_EFORMAT, "b.png",
                  "PNG");
    unlink(temp_file("b.png"));
    assert_status(ctx, gan_dataset_from_folder(ctx, temp_folder(), &o, &d), GAN_EINVAL, "c.png",
                  "2 x 1 pixels of 1", "1 x 1 of 1");
    unlink(temp_file("c.png"));
    assert_status(ctx, gan_dataset_from_folder(ctx, temp_folder(), &o, &d), GAN_EINVAL, "d.png",
                  "of 3 channels");
    write_file(temp_file("b.png"), "not a picture", 13);
    assert_null(d);
    o.skip_bad = 1;
    assert_ok(ctx, gan_dataset_from_folder(ctx, temp_folder(), &o, &d));
    assert_pixels(d, 10, 50);
    assert_int_equal(gan_dataset_skipped(d), 2);
    assert_int_equal(gan_error_code(ctx), GAN_OK);
    gan_dataset_unref(d);
    assert_null(gan_zeros(ctx, SHAPE(-1))); /* an error that is still to be read changes nothing */
    assert_ok(ctx, gan_dataset_from_folder(ctx, temp_folder(), &o, &d));
    assert_int_equal(gan_dataset_skipped(d), 2);
    assert_int_equal(gan_error_code(ctx), GAN_EINVAL);
    gan_dataset_unref(d);
    d = NULL;
    for (const char *name = "ade"; *name; name++)
        unlink(temp_file((const char[]){*name, '.', 'p', 'n', 'g', 0}));
    assert_status(ctx, gan_dataset_from_folder(ctx, temp_folder(), &o, &d), GAN_EFORMAT,
                  temp_folder(), "none of its 1");
    assert_null(d);
}

/* The channels are the files' own: grey, RGB, RGBA. */
static void test_own_channels(void **state) {
    gan_context *ctx = *state;
    if (without_png()) return;
    for (int64_t c = 1; c <= 4; c++) {
        if (c == 2) continue;
        write_png(ctx, temp_file("a.png"), 1, 1, c, (const uint8_t[]){9, 8, 7, 6});
        gan_dataset *d = NULL;
        assert_ok(ctx, gan_dataset_from_folder(ctx, temp_folder(), NULL, &d));
        assert_data_shape(d, 1, 1, 1, c);
        assert_memory_equal(gan_dataset_pixels(d), ((uint8_t[]){9, 8, 7, 6}), (size_t)c);
        gan_dataset_unref(d);
    }
}

static void test_classes(void **state) {
    gan_context *ctx = *state;
    if (without_png()) return;
    gan_data_opts o = data_options();
    gan_dataset *d = NULL;
    o.classes = 1;
    assert_status(ctx, gan_dataset_from_folder(ctx, temp_folder(), &o, &d), GAN_EFORMAT,
                  temp_folder(), "no sub-folders");
    make_folder(temp_file("owl"));
    make_folder(temp_file("cat"));
    make_folder(temp_file("dog"));
    assert_status(ctx, gan_dataset_from_folder(ctx, temp_folder(), &o, &d), GAN_EFORMAT,
                  temp_folder(), "no PNG files");
    write_dot(ctx, temp_file("stray.png"), 99);
    write_dot(ctx, temp_file("owl/a.png"), 31);
    write_dot(ctx, temp_file("cat/b.png"), 12);
    write_dot(ctx, temp_file("cat/a.png"), 11);
    assert_null(d);
    assert_ok(ctx, gan_dataset_from_folder(ctx, temp_folder(), &o, &d));
    assert_pixels(d, 11, 12, 31);
    assert_memory_equal(gan_dataset_labels(d), ((int32_t[]){0, 0, 2}), 12);
    assert_int_equal(gan_dataset_class_count(d), 3);
    assert_string_equal(gan_dataset_class_name(d, 0), "cat");
    assert_string_equal(gan_dataset_class_name(d, 1), "dog");
    assert_string_equal(gan_dataset_class_name(d, 2), "owl");
    assert_null(gan_dataset_class_name(d, 3));
    assert_null(gan_dataset_class_name(d, -1));
    gan_dataset_unref(d);
}

/* ---- sprite sheets --------------------------------------------------------------------------- */

/* The pixels of all cells, one after the other. */
static void expect_cells(const gan_dataset *d, const char *pixels) {
    const int64_t *s = gan_dataset_shape(d);
    assert_int_equal(s[0] * s[1] * s[2] * s[3], strlen(pixels));
    for (size_t i = 0; pixels[i]; i++)
        assert_int_equal(gan_dataset_pixels(d)[i], (pixels[i] - '0') * 10);
}

static void test_sheets(void **state) {
    gan_context *ctx = *state;
    if (without_png()) return;
    const char *path = temp_file("sheet.png");
    /* Cells of 2 x 1 with a margin of 1 and a spacing of 1; the second is of one colour, and at the
     * right edge a column is left over. Digits times ten. */
    const char *sheet = "99999999"
                        "91292290"
                        "99999999"
                        "93495690"
                        "99999999";
    double values[40];
    for (int i = 0; i < 40; i++) values[i] = (sheet[i] - '0') * 10;
    gan_tensor *t = gan_from_doubles(ctx, values, SHAPE(1, 5, 8, 1));
    assert_ok(ctx, gan_png_write_grid(t, path, 1, 0, 0, 255));

    gan_dataset *d = NULL;
    gan_sheet_opts o;
    gan_sheet_opts_init(&o, sizeof o);
    assert_status(ctx, gan_dataset_from_sheet(ctx, path, &o, NULL, &d), GAN_EINVAL,
                  "gan_dataset_from_sheet", "cell_width is 0");
    o.cell_width = 2;
    o.cell_height = 1;
    o.margin = o.spacing = 1;
    assert_ok(ctx, gan_dataset_from_sheet(ctx, path, &o, NULL, &d));
    expect_cells(d, "123456");
    gan_dataset_unref(d);
    o.keep_empty = 1;
    assert_ok(ctx, gan_dataset_from_sheet(ctx, path, &o, NULL, &d));
    expect_cells(d, "12223456");
    gan_dataset_unref(d);
    gan_data_opts data;
    gan_data_opts_init(&data, sizeof data);
    data.limit = 2;
    data.size = 2;
    assert_ok(ctx, gan_dataset_from_sheet(ctx, path, &o, &data, &d));
    expect_cells(d, "12002200");
    gan_dataset_unref(d);

    d = NULL;
    o.cell_width = 7;
    assert_status(ctx, gan_dataset_from_sheet(ctx, path, &o, NULL, &d), GAN_EINVAL, "sheet.png",
                  "8 x 5", "7 x 1", "margin 1");
    assert_status(ctx, gan_dataset_from_sheet(ctx, temp_file("none"), &o, NULL, &d), GAN_EIO,
                  "none");
    o.spacing = -1;
    assert_status(ctx, gan_dataset_from_sheet(ctx, path, &o, NULL, &d), GAN_EINVAL,
                  "spacing is -1");
    o.struct_size = 5;
    assert_status(ctx, gan_dataset_from_sheet(ctx, path, &o, NULL, &d), GAN_EINVAL,
                  "struct_size 5");
    /* Transparent in different hidden colours is empty. */
    const double clear[] = {1, 2, 3, 0, 4, 5, 6, 0};
    t = gan_from_doubles(ctx, clear, SHAPE(1, 1, 2, 4));
    assert_ok(ctx, gan_png_write_grid(t, path, 1, 0, 0, 255));
    gan_sheet_opts_init(&o, sizeof o);
    o.cell_width = 2;
    o.cell_height = 1;
    assert_status(ctx, gan_dataset_from_sheet(ctx, path, &o, NULL, &d), GAN_EFORMAT, "sheet.png",
                  "all 1 cells are empty");
    assert_null(d);
}

/* ---- pairs ----------------------------------------------------------------------------------- */

static void test_pairs(void **state) {
    gan_context *ctx = *state;
    if (without_png()) return;
    gan_data_opts o = data_options();
    gan_dataset *d = NULL;
    assert_status(ctx, gan_dataset_from_pairs(ctx, temp_folder(), &o, &d), GAN_EIO, "/A");
    make_folder(temp_file("A"));
    make_folder(temp_file("B"));
    assert_status(ctx, gan_dataset_from_pairs(ctx, temp_folder(), &o, &d), GAN_EFORMAT, "/A",
                  "no PNG");
    write_dot(ctx, temp_file("A/1.png"), 10);
    write_dot(ctx, temp_file("A/2.png"), 20);
    write_png(ctx, temp_file("B/1.png"), 1, 1, 3, (const uint8_t[]){1, 2, 3});
    assert_status(ctx, gan_dataset_from_pairs(ctx, temp_folder(), &o, &d), GAN_EFORMAT, "/B",
                  "2.png", "missing");
    write_png(ctx, temp_file("B/2.png"), 1, 1, 3, (const uint8_t[]){4, 5, 6});
    assert_null(d);
    assert_ok(ctx, gan_dataset_from_pairs(ctx, temp_folder(), &o, &d));
    assert_pixels(d, 10, 20);
    assert_pixels(gan_dataset_pair(d), 1, 2, 3, 4, 5, 6);
    gan_dataset_unref(d);
    d = NULL;

    write_file(temp_file("B/1.png"), "broken", 6);
    write_dot(ctx, temp_file("B/0.png"), 7);
    write_dot(ctx, temp_file("A/3.png"), 7);
    assert_status(ctx, gan_dataset_from_pairs(ctx, temp_folder(), &o, &d), GAN_EFORMAT, "/A",
                  "0.png");
    assert_null(d);
    o.skip_bad = 1; /* neither half of a pair stays alone */
    assert_ok(ctx, gan_dataset_from_pairs(ctx, temp_folder(), &o, &d));
    assert_pixels(d, 20);
    assert_pixels(gan_dataset_pair(d), 4, 5, 6);
    assert_int_equal(gan_dataset_skipped(d), 3);
    gan_dataset_unref(d);

    /* the sizes are those of the first pair that is whole */
    write_png(ctx, temp_file("A/1.png"), 1, 2, 1, (const uint8_t[]){8, 9});
    assert_ok(ctx, gan_dataset_from_pairs(ctx, temp_folder(), &o, &d));
    assert_data_shape(d, 1, 1, 1, 1);
    assert_pixels(d, 20);
    gan_dataset_unref(d);
}

/* A side may be a link, but not to somewhere else. */
static void test_pairs_from_elsewhere(void **state) {
    gan_context *ctx = *state;
    if (without_png()) return;
    const char *in = temp_file("in"), *other = temp_file("other");
    make_folder(in);
    make_folder(other);
    make_folder(temp_file("in/B"));
    write_dot(ctx, temp_file("in/B/1.png"), 10);
    write_dot(ctx, temp_file("other/1.png"), 20);
    gan_dataset *d = NULL;
    assert_int_equal(symlink(other, temp_file("in/A")), 0);
    assert_status(ctx, gan_dataset_from_pairs(ctx, in, NULL, &d), GAN_EIO, "/A", "leads out");
    unlink(temp_file("in/A"));
    assert_int_equal(symlink("B", temp_file("in/A")), 0);
    assert_ok(ctx, gan_dataset_from_pairs(ctx, in, NULL, &d));
    assert_pixels(d, 10);
    gan_dataset_unref(d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CONTEXT_TEST(test_idx),
        CONTEXT_TEST(test_folder),
        CONTEXT_TEST(test_files_that_cannot_be_used),
        CONTEXT_TEST(test_own_channels),
        CONTEXT_TEST(test_classes),
        CONTEXT_TEST(test_sheets),
        CONTEXT_TEST(test_pairs),
        CONTEXT_TEST(test_pairs_from_elsewhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
