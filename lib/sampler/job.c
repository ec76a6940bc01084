/* How a request is run: at once, in steps, or by the sampler's own thread. */
#include "sampler/sampler.h"

#include "core/context.h"
#include "core/error.h"
#include "core/threads.h"

#include <unistd.h>

static const int64_t BUDGET_MOST = (int64_t)1 << 40; /* microseconds: two weeks */

int32_t job_run(gan_sampler *s, const char *function, const gan_sampler_request *r) {
    int32_t code = request_take(s, function, r);
    if (code) return code;
    run_begin(s, s->images);
    return run_on(s, 0);
}

int32_t job_begin(gan_sampler *s, const gan_sampler_request *r) {
    int32_t code = request_take(s, "gan_sampler_begin", r);
    if (code) return code;
    run_begin(s, s->images < FROZEN_STEPPED ? s->images : FROZEN_STEPPED);
    s->state = SAMPLER_STEPPING;
    s->started_code = GAN_ESTATE; /* of an earlier job there is nothing to tell any more */
    return GAN_OK;
}

int32_t job_step(gan_sampler *s, int64_t budget_us) {
    const int64_t begin = clock_ns();
    int32_t code = context_enter(s->ctx);
    if (!code && s->state != SAMPLER_STEPPING)
        code = error_set(s->ctx, GAN_ESTATE, "gan_sampler_step: no request was begun");
    if (code) return code;
    if (budget_us < 0) budget_us = 0;
    if (budget_us > BUDGET_MOST) budget_us = BUDGET_MOST;
    code = run_on(s, begin + 1000 * budget_us);
    if (code) s->state = SAMPLER_IDLE;
    return code;
}

/* On the runner's thread. */
static void run_started(void *arg) {
    gan_sampler *s = arg;
    s->started_code = run_on(s, 0);
}

int32_t job_start(gan_sampler *s, const gan_sampler_request *r) {
    int32_t code = context_enter(s->ctx);
    if (!code && !s->runner)
        code = error_set(s->ctx, GAN_ESTATE,
                         "gan_sampler_start: the sampler was loaded without `background`");
    if (!code) code = request_take(s, "gan_sampler_start", r);
    if (code) return code;
    atomic_store(&s->cancelled, 0);
    run_begin(s, s->images);
    s->state = SAMPLER_STARTED;
    runner_start(s->runner, run_started, s);
    return GAN_OK;
}

/* In a forked child the thread is not there, and its mark stays for ever. */
int job_is_running(const gan_sampler *s) {
    return s->state == SAMPLER_STARTED && s->ctx->process == getpid() && runner_busy(s->runner);
}

int32_t job_poll(gan_sampler *s) {
    if (job_is_running(s)) return 0;
    int32_t code = context_enter(s->ctx);
    s->state = s->state == SAMPLER_STARTED ? SAMPLER_IDLE : s->state;
    if (!code && s->started_code == GAN_ESTATE)
        code = error_set(s->ctx, GAN_ESTATE, "nothing was started, or it was cancelled");
    return code ? code : s->started_code;
}

int32_t job_wait(gan_sampler *s) {
    int32_t code = context_enter(s->ctx);
    if (code) return code;
    if (s->state == SAMPLER_STARTED) runner_wait(s->runner);
    return job_poll(s);
}

void job_cancel(gan_sampler *s) {
    if (s->state == SAMPLER_STARTED && !context_enter(s->ctx)) {
        atomic_store(&s->cancelled, 1);
        runner_wait(s->runner);
        atomic_store(&s->cancelled, 0);
        error_put_aside(s->ctx); /* how the job failed: nobody will ask */
    }
    s->started_code = GAN_ESTATE;
    s->state = SAMPLER_IDLE;
}
