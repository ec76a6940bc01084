/* Results of few channels (conv_folded.c), with the kernel packed once. A unit is a band of lines
 * of one image. */
#include "kernels/frozen.h"

#include "core/threads.h"
#include "kernels/conv_folded.h"

/* Bands are those of a single image. */
static fold_job job_of(const frozen_conv *plan) {
    const conv_pass pass = frozen_pass(plan, &plan->geom);
    return fold_plan(&pass);
}

void frozen_folded_plan(frozen_conv *plan) {
    const fold_job job = job_of(plan);
    plan->kernel = fold_kernel(&job);
    plan->pack_rows = plan->geom.o;
    plan->scratch = slot_size(job.scratch_size);
}

void frozen_folded_pack(const frozen_conv *plan, const real *w, real *kernel) {
    const fold_job job = job_of(plan);
    fold_pack(&job, w, kernel);
}

int64_t frozen_folded_units(const frozen_conv *plan, int64_t images) {
    return images * job_of(plan).bands;
}

typedef struct folded_run {
    const frozen_call *call;
    fold_job job;
    int64_t first;
} folded_run;

static void run_unit(void *arg, int64_t chunk, int worker) {
    const folded_run *run = arg;
    const frozen_call *call = run->call;
    const fold_job *job = &run->job;
    const int64_t unit = run->first + chunk, image = unit / job->bands, band = unit % job->bands;
    fold_band(job, image, band, call->scratch + worker * call->plan->scratch);
    const int64_t begin = band * job->band, end = min_i64(begin + job->band, job->out_h);
    const int64_t first = (image * job->out_h + begin) * job->out_w;
    epilogue_apply_pixels(&(conv_epilogue){call->bias, call->act}, (end - begin) * job->out_w,
                          job->out_c, call->y + first * job->out_c);
}

void frozen_folded_run(gan_context *ctx, const frozen_call *call, int64_t begin, int64_t end) {
    folded_run run = {call, job_of(call->plan), begin};
    run.job.pass.in = call->x;
    run.job.pass.out = call->y;
    run.job.kernel = call->kernel;
    parallel_for(ctx, end - begin, run_unit, &run);
}
