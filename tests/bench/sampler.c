/* The sampler on DCGAN's generator for 64 x 64 images, as a game meets it: from the file to the
 * first sprite, latency of one and of 64, what a step takes beyond its budget, memory, allocations;
 * or (--rate) what sprites cost that come now and then. The peer peers/ort_sampler.py times
 * onnxruntime on the same network.
 *
 * SPDX-License-Identifier: MIT */
#include "common/options.h"
#include "common/progress.h"
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WIDTH = 64, SIDE = 64, MANY = 64, BUDGET_US = 1000, KIB = 1024, MIB = KIB * KIB };
enum { SECONDS = 3, ROUNDS = 3, FRAMES = 60 }; /* of --rate; FRAMES a second */

/* ---- the model ------------------------------------------------------------------------------- */

/* The model file, and the same as ONNX unless onnx is "". */
static void write_model(const char *path, const char *onnx) {
    bench b = {.batch = 1};
    bench_begin(&b, 1);
    b.g = dcgan_generator(b.ctx, WIDTH);
    gan_module_train(b.g.module, 0);
    gan_tensor *z = gan_track(bench_latents(&b, 4)), *y = gan_forward(b.g.module, z);
    bench_check(&b, gan_module_save_traced(b.g.module, path, z, y, "-1..1"));
    if (*onnx) bench_check(&b, gan_module_save_onnx(b.g.module, onnx, z, y, "-1..1"));
    bench_end(&b);
}

/* n images in a square of so many columns. */
static gan_sampler_request request_of(uint8_t *pixels, int64_t n, int32_t columns) {
    gan_sampler_request r;
    gan_sampler_request_init(&r, sizeof r);
    r.n = n;
    r.rgba = pixels;
    r.width = r.height = columns * SIDE;
    r.pitch = (size_t)r.width * 4;
    return r;
}

static void check(const gan_sampler *s, int32_t status) {
    if (status >= 0) return;
    fprintf(stderr, "sampler: %s: %s\n", gan_status_name(status), gan_sampler_error(s));
    exit(1);
}

/* ---- times ----------------------------------------------------------------------------------- */

static void print_times(const char *name, double *times, int64_t n) {
    qsort(times, (size_t)n, sizeof *times, bench_by_value);
    printf("%-16s median %9.3f ms  min %9.3f ms  p99 %9.3f ms\n", name, times[n / 2] * 1e3,
           times[0] * 1e3, times[n * 99 / 100] * 1e3);
}

static void time_batch(gan_sampler *s, const char *name, int64_t n, int64_t reps, double *times) {
    const int32_t side = SIDE * 8;
    uint8_t *pixels = malloc((size_t)side * (size_t)side * 4);
    for (int64_t i = 0; i < reps; i++) {
        const double before = wall_seconds();
        check(s, gan_sampler_sample_rgba8(s, (uint64_t)i, NULL, n, NULL, pixels, side, side,
                                          (size_t)side * 4));
        times[i] = wall_seconds() - before;
    }
    free(pixels);
    print_times(name, times, reps);
}

/* What steps of one millisecond take beyond it. */
static void time_steps(gan_sampler *s, int64_t reps, double *over) {
    uint8_t pixels[SIDE * SIDE * 4 * 4];
    gan_sampler_request r = request_of(pixels, 4, 2);
    int64_t steps = 0;
    while (steps < reps) {
        r.seed++;
        check(s, gan_sampler_begin(s, &r));
        for (int32_t more = 1; more;) {
            const double before = wall_seconds();
            const int32_t done = gan_sampler_step(s, BUDGET_US);
            const double extra = wall_seconds() - before - BUDGET_US * 1e-6;
            check(s, done);
            if (steps < reps) over[steps++] = extra > 0 ? extra : 0;
            more = !done;
        }
    }
    qsort(over, (size_t)steps, sizeof *over, bench_by_value);
    printf("%-16s median %9.3f ms  p99 %9.3f ms  max %9.3f ms  of %lld steps of 1 ms\n", "over-run",
           over[steps / 2] * 1e3, over[steps * 99 / 100] * 1e3, over[steps - 1] * 1e3,
           (long long)steps);
}

/* ---- from the file --------------------------------------------------------------------------- */

static gan_sampler *load(const char *path, int32_t threads, int32_t background) {
    char text[256];
    gan_sampler_opts o;
    gan_sampler_opts_init(&o, sizeof o);
    o.threads = threads;
    o.background = background;
    o.error = text;
    o.error_bytes = sizeof text;
    gan_sampler *s = NULL;
    if (gan_sampler_load(path, &o, &s) < 0) {
        fprintf(stderr, "sampler: %s\n", text);
        exit(1);
    }
    return s;
}

static gan_sampler *time_load(const char *path, int32_t threads) {
    const double before = wall_seconds();
    gan_sampler *s = load(path, threads, 0);
    const double loaded = wall_seconds();
    uint8_t pixels[SIDE * SIDE * 4];
    check(s, gan_sampler_sample_rgba8(s, 0, NULL, 1, NULL, pixels, SIDE, SIDE, SIDE * 4));
    printf("%-16s %9.3f ms, of which load %.3f ms\n", "first sprite",
           (wall_seconds() - before) * 1e3, (loaded - before) * 1e3);
    return s;
}

static void print_memory(const gan_sampler *s, uint64_t allocs) {
    gan_sampler_info info = {.struct_size = sizeof info};
    struct rusage usage;
    check(s, gan_sampler_describe(s, &info));
    getrusage(RUSAGE_SELF, &usage);
    printf("%-16s held %.1f MiB, of it weights %.1f MiB; peak of the process %.1f MiB\n", "memory",
           (double)info.bytes / MIB, (double)info.weights / MIB, (double)usage.ru_maxrss / KIB);
    printf("%-16s %llu since load\n", "allocations", (unsigned long long)(info.allocs - allocs));
}

/* In a process of its own, so that this one's memory is the sampler's. */
static int make_model(const char *path, const char *onnx) {
    const pid_t child = fork();
    if (child == 0) {
        write_model(path, onnx);
        _exit(0);
    }
    int status = 1;
    return child < 0 || waitpid(child, &status, 0) < 0 || status != 0;
}

static void measure(const char *path, int32_t threads, int64_t reps) {
    gan_sampler *s = time_load(path, threads);
    gan_sampler_info info = {.struct_size = sizeof info};
    check(s, gan_sampler_describe(s, &info));
    double *times = malloc((size_t)reps * sizeof *times);
    if (!times) exit(1);
    time_batch(s, "sample-64-b1", 1, reps, times);
    time_batch(s, "sample-64-b64", MANY, reps < 20 ? reps : 20, times);
    time_steps(s, reps, times);
    print_memory(s, info.allocs);
    free(times);
    gan_sampler_free(s);
}

/* ---- sprites now and then -------------------------------------------------------------------- */

typedef enum pace { NO_PAUSES, STEPS, BACKGROUND } pace;

static double processor_seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void sleep_until(double seconds) {
    const double left = seconds - wall_seconds();
    const time_t whole = (time_t)left;
    if (left > 0) nanosleep(&(struct timespec){whole, (long)((left - (double)whole) * 1e9)}, NULL);
}

/* Processor seconds of `rate` sprites a second for SECONDS, each asked for when it is due, by a
 * game's frames. */
static double time_frames(gan_sampler *s, pace how, int64_t rate, gan_sampler_request *r) {
    const double before = processor_seconds(), begin = wall_seconds();
    const int64_t sprites = rate * SECONDS;
    r->seed = 0;
    for (int64_t frame = 0, busy = 0; busy || r->seed < (uint64_t)sprites; frame++) {
        sleep_until(begin + (double)frame / FRAMES);
        if (!busy && (int64_t)r->seed * FRAMES <= frame * rate) {
            check(s, how == STEPS ? gan_sampler_begin(s, r) : gan_sampler_start(s, r));
            busy = 1;
            r->seed++;
        }
        if (!busy) continue;
        const int32_t done = how == STEPS ? gan_sampler_step(s, BUDGET_US) : gan_sampler_poll(s);
        check(s, done);
        busy = !done;
    }
    return processor_seconds() - before;
}

static double time_pace(gan_sampler *s, pace how, int64_t rate) {
    uint8_t pixels[SIDE * SIDE * 4];
    gan_sampler_request r = request_of(pixels, 1, 1);
    if (how != NO_PAUSES) return time_frames(s, how, rate, &r);
    const double before = processor_seconds();
    for (int64_t i = 0; i < rate * SECONDS; i++) {
        r.seed = (uint64_t)i;
        check(s, gan_sampler_run(s, &r));
    }
    return processor_seconds() - before;
}

/* Each way in turn, beside the same sprites without pauses. */
static void measure_rate(const char *path, int32_t threads, int64_t rate) {
    static const char *const names[] = {[STEPS] = "steps of 1 ms", [BACKGROUND] = "background"};
    double seconds[3][ROUNDS], ratios[3][ROUNDS];
    gan_sampler *s = load(path, threads, 1);
    time_pace(s, NO_PAUSES, rate);
    for (int round = 0; round < ROUNDS; round++)
        for (pace how = NO_PAUSES; how <= BACKGROUND; how++) {
            seconds[how][round] = time_pace(s, how, rate);
            ratios[how][round] = seconds[how][round] / seconds[NO_PAUSES][round];
        }
    for (pace how = STEPS; how <= BACKGROUND; how++) {
        qsort(ratios[how], ROUNDS, sizeof(double), bench_by_value);
        printf("%-16s %lld sprites a second cost %.2f (%.2f to %.2f) times what they take without "
               "pauses; the last %.1f and %.1f ms of processor time each\n",
               names[how], (long long)rate, ratios[how][ROUNDS / 2], ratios[how][0],
               ratios[how][ROUNDS - 1], seconds[how][ROUNDS - 1] * 1e3 / (double)(rate * SECONDS),
               seconds[NO_PAUSES][ROUNDS - 1] * 1e3 / (double)(rate * SECONDS));
    }
    gan_sampler_free(s);
}

int main(int argc, char **argv) {
    int64_t threads = 2, reps = 200, rate = 0;
    const char *onnx = "";
    char path[] = "/tmp/gan-sampler-XXXXXX";
    const option_row rows[] = {
        {"threads", OPTION_INTEGER, &threads, 0, 256, "threads of the sampler"},
        {"reps", OPTION_INTEGER, &reps, 1, 100000, "timed calls"},
        {"rate", OPTION_INTEGER, &rate, 0, FRAMES,
         "sprites a second, whose cost is measured instead; 0"},
        {"onnx", OPTION_TEXT, &onnx, 0, 0, "file to leave the model in, for the peer"},
    };
    const option_table table = {"sampler", "times the sampler on DCGAN's generator", rows,
                                (int)(sizeof rows / sizeof *rows)};
    const int code = options_read(&table, argc, argv);
    if (code >= 0) return code;
    const int descriptor = mkstemp(path);
    const int bad = descriptor < 0 || make_model(path, onnx);
    if (!bad && rate) measure_rate(path, (int32_t)threads, rate);
    if (!bad && !rate) measure(path, (int32_t)threads, reps);
    if (descriptor >= 0) {
        close(descriptor);
        unlink(path);
    }
    return bad;
}
