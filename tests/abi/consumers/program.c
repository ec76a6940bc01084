/* A host of libgan: trains a small WGAN-GP for a few steps and looks at what comes out. Plain C99,
 * and only what an installed library and its headers give.
 *
 * SPDX-License-Identifier: MIT */
#include <gan.h>

#include <stdio.h>

/* With HOST_NAMES this program has functions whose names the library uses inside. */
#ifdef HOST_NAMES
int cblas_sgemm(void);
int op_conv2d(void);
int arena_alloc(void);
int openblas_read_env(void);
int cblas_sgemm(void) { return 1; }
int op_conv2d(void) { return 2; }
int arena_alloc(void) { return 3; }
int openblas_read_env(void) { return 4; }
#endif

typedef struct game {
    gan_context *ctx;
    gan_module *critic, *generator;
    gan_optimizer *critic_adam, *generator_adam;
} game;

static gan_module *network(gan_context *ctx, int64_t in, int64_t out) {
    gan_module *m = NULL;
    if (gan_sequential_create(ctx, &m) < 0) return NULL;
    gan_add_dense(m, NULL, in, 16, 1);
    gan_add_leaky_relu(m, NULL, 0.2);
    gan_add_dense(m, NULL, 16, out, 1);
    return m;
}

/* One update of each network; 0 or an error. */
static int32_t step(game *g) {
    const int64_t points[2] = {32, 2};
    gan_penalty_opts p;
    gan_penalty_opts_init(&p, sizeof p);
    p.lambda = 1;
    int64_t mark = gan_scope_begin(g->ctx);
    gan_tensor *real = gan_randn(g->ctx, points, 2);
    gan_tensor *fake = gan_detach(gan_forward(g->generator, gan_randn(g->ctx, points, 2)));
    gan_tensor *loss =
        gan_add(gan_wasserstein_critic(gan_forward(g->critic, real), gan_forward(g->critic, fake)),
                gan_penalty_of(g->critic, gan_interpolate(real, fake), &p));
    int32_t code = gan_optimizer_minimize(g->critic_adam, loss);
    if (!code) {
        fake = gan_forward(g->generator, gan_randn(g->ctx, points, 2));
        code = gan_optimizer_minimize(g->generator_adam,
                                      gan_wasserstein_generator(gan_forward(g->critic, fake)));
    }
    gan_scope_end(g->ctx, mark);
    return code;
}

static int play(game *g) {
    gan_adam_opts a;
    gan_adam_opts_init(&a, sizeof a);
    a.beta1 = 0;
    a.beta2 = 0.9;
    g->critic = network(g->ctx, 2, 1);
    g->generator = network(g->ctx, 2, 2);
    if (gan_error_code(g->ctx) || gan_adam_create(g->critic, &a, &g->critic_adam) < 0 ||
        gan_adam_create(g->generator, &a, &g->generator_adam) < 0)
        return 1;
    gan_stats early, late;
    early.struct_size = late.struct_size = sizeof(gan_stats);
    for (int i = 0; i < 20; i++)
        if (step(g) < 0 || gan_context_stats(g->ctx, i ? &late : &early) < 0) return 1;
    return late.live_bytes != early.live_bytes || late.random_count <= early.random_count;
}

int main(void) {
    game g = {NULL, NULL, NULL, NULL, NULL};
    gan_context_opts o;
    if (gan_abi_version() != GAN_ABI_VERSION) return 2;
    gan_context_opts_init(&o, sizeof o);
    o.threads = 2;
    o.seed = 1;
    if (gan_context_create(&o, &g.ctx) < 0) return 3;
    int failed = play(&g);
    if (failed) fprintf(stderr, "%s\n", gan_last_error(g.ctx));
    gan_optimizer_unref(g.critic_adam);
    gan_optimizer_unref(g.generator_adam);
    gan_module_unref(g.critic);
    gan_module_unref(g.generator);
    gan_context_destroy(g.ctx);
#ifdef HOST_NAMES
    failed |= cblas_sgemm() != 1 || op_conv2d() != 2 || arena_alloc() != 3;
#endif
    if (!failed) printf("libgan %s: trained\n", gan_version());
    return failed;
}
