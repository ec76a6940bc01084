// The C++ interface: expressions, exceptions, moves, lifetimes, and training.
//
// A plain program: cmocka's assertions jump over destructors.
#include "gan.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <limits>
#include <string>
#include <thread>
#include <type_traits>
#include <unistd.h>
#include <vector>

#define EXPECT(condition)                                                                          \
    do {                                                                                           \
        if (!(condition)) throw std::logic_error(std::to_string(__LINE__) + ": " #condition);      \
    } while (0)

namespace {

// The error that a function throws.
gan::error error_of(const std::function<void()> &function) {
    try {
        function();
    } catch (const gan::error &e) {
        return e;
    }
    throw std::logic_error("no gan::error was thrown");
}

bool has(const gan::error &e, int32_t code, const char *text) {
    if (e.code() == code && std::string(e.what()).find(text) != std::string::npos) return true;
    std::fprintf(stderr, "  %d: %s\n", e.code(), e.what());
    return false;
}

bool equal(const gan::tensor &t, const std::vector<float> &values) {
    const std::vector<float> own = t.to_vector();
    if (own.size() != values.size()) return false;
    for (std::size_t i = 0; i < own.size(); i++)
        if (!(std::fabs(own[i] - values[i]) <= 1e-6f * std::fabs(values[i]))) return false;
    return true;
}

// A file that goes with the object.
struct temporary_file {
    temporary_file() {
        char name[] = "/tmp/gan_cpp_XXXXXX";
        const int fd = mkstemp(name);
        EXPECT(fd >= 0);
        close(fd);
        path = name;
    }
    ~temporary_file() { std::remove(path.c_str()); }
    std::string path;
};

// ---- expressions --------------------------------------------------------------------------------

void test_operators() {
    gan::context ctx(1);
    const std::vector<double> wide = {1, 2, 4};
    const gan::tensor a = ctx.from_doubles(wide, {3}), b = ctx.from_floats({3.f, 5.f, 8.f}, {3});
    EXPECT(equal(a + b * a, {4, 12, 36}));
    EXPECT(equal(2 * a - b / a, {-1, 1.5f, 6}));
    EXPECT(equal(1 - a + 0.5, {0.5f, -0.5f, -2.5f}));
    EXPECT(equal(-(a - 1) / 2, {0, -0.5f, -1.5f}));
    EXPECT(equal(4 / a, {4, 2, 1}));
    EXPECT(equal(gan::maximum(a, ctx.scalar(2)), {2, 2, 4}));
    EXPECT(equal(gan::matmul(gan::reshape(a, {1, 3}), gan::reshape(b, {3, 1})), {45}));
    EXPECT(equal(gan::concat({&a, &b}, 0), {1, 2, 4, 3, 5, 8}));
    EXPECT(equal(gan::gather(a, {2, 0}), {4, 1}));
    EXPECT(equal(gan::slice(a, {1}, {2}), {2, 4}));
    EXPECT(gan::mean(a).item() == 7.0 / 3 || std::fabs(gan::mean(a).item() - 7.0 / 3) < 1e-6);
}

void test_spans() {
    gan::context ctx(1);
    const std::vector<int64_t> dims = {2, 3};
    const int64_t array[] = {3, 2};
    EXPECT(ctx.zeros(dims).size() == 6);
    EXPECT(ctx.zeros(array).dim(-1) == 2);
    EXPECT(ctx.zeros({}).rank() == 0);
    gan::tensor t = ctx.full({2, 2}, 3);
    EXPECT(t.shape().size() == 2 && t.shape()[1] == 2);
    float sum = 0;
    for (float x : t.data()) sum += x;
    EXPECT(sum == 12);
    t.write({1.f, 2.f, 3.f, 4.f});
    float copy[4];
    t.read(copy);
    EXPECT(copy[3] == 4);
    EXPECT(equal(gan::sum(t, {0}), {4, 6}));
    EXPECT(gan::sum(t, {1}, true).rank() == 2);
}

void test_derivatives() {
    gan::context ctx(1);
    const gan::tensor x = gan::track(ctx.from_floats({1.f, 2.f, 3.f}, {3}));
    const gan::tensor y = gan::sum(x * x * x);
    const gan::tensor first = gan::grad(y, x, GAN_GRAD_CREATE_GRAPH);
    EXPECT(equal(first, {3, 12, 27}));
    EXPECT(equal(gan::grad(gan::sum(first), x), {6, 12, 18}));
    const gan::tensor z = gan::track(ctx.full({3}, 2));
    const std::vector<gan::tensor> both = gan::grad(gan::sum(x * z), {&x, &z});
    EXPECT(equal(both[0], {2, 2, 2}) && equal(both[1], {1, 2, 3}));
    EXPECT(equal(gan::vjp(x * z, x, {&x})[0], {2, 4, 6}));
}

// ---- exceptions ---------------------------------------------------------------------------------

void test_exceptions() {
    gan::context ctx(1);
    const gan::tensor a = ctx.zeros({2, 3}), b = ctx.zeros({4, 5});
    EXPECT(has(error_of([&] { gan::exp(gan::matmul(a, b)); }), GAN_EINVAL, "gan_matmul"));
    EXPECT(gan::sum(a + 1).item() == 6); // nothing is pending
    EXPECT(has(error_of([&] { ctx.from_floats({1.f, 2.f}, {3}); }), GAN_EINVAL, "2 values"));
    EXPECT(has(error_of([&] { ctx.zeros({-1}); }), GAN_EINVAL, "gan_"));
    EXPECT(has(error_of([&] { gan::transpose(a, {0}); }), GAN_EINVAL, "1 entries"));
    EXPECT(has(error_of([&] { a.item(); }), GAN_EINVAL, "gan_tensor_item"));
    EXPECT(has(error_of([&] { gan::sequential(ctx).load("/nonexistent/file"); }), GAN_EIO,
               "/nonexistent/file"));

    gan::context_opts opts;
    opts.threads = -1;
    EXPECT(has(error_of([&] { gan::context refused(opts); }), GAN_EINVAL, "gan_context_create"));
    opts = gan::context_opts();
    opts.byte_limit = 1 << 20;
    gan::context small(opts);
    EXPECT(has(error_of([&] { small.zeros({1 << 20}); }), GAN_ENOMEM, ""));

    const std::exception &base = gan::error(GAN_EIO, "text");
    EXPECT(std::string(base.what()) == "text");
}

void test_refused_update() {
    gan::context ctx(1);
    gan::module net = gan::sequential(ctx);
    net.add_dense(2, 1);
    const std::vector<float> before = net.find("0.weight").to_vector();
    gan::optimizer sgd = gan::sgd(net);
    const float infinite = std::numeric_limits<float>::infinity();
    const gan::tensor x = ctx.from_floats({infinite, 1.f}, {1, 2});
    EXPECT(has(error_of([&] { sgd.minimize(gan::sum(net(x))); }), GAN_ENONFINITE, "0.weight"));
    EXPECT(equal(net.find("0.weight"), before));
    net.add_batch_norm(1);
    EXPECT(has(error_of([&] { gan::penalty_of(net, ctx.zeros({4, 2})); }), GAN_EMIXED, ""));
}

// ---- moves and lifetimes ------------------------------------------------------------------------

template <class T> constexpr bool moves_only() {
    return std::is_nothrow_move_constructible_v<T> && std::is_nothrow_move_assignable_v<T> &&
           !std::is_copy_constructible_v<T> && !std::is_copy_assignable_v<T>;
}
static_assert(moves_only<gan::context>() && moves_only<gan::tensor>() &&
              moves_only<gan::module>() && moves_only<gan::optimizer>() &&
              moves_only<gan::dataset>() && moves_only<gan::loader>() &&
              moves_only<gan::trainer>() && moves_only<gan::sampler>() && moves_only<gan::idx>());
static_assert(!std::is_move_constructible_v<gan::scope>);

void test_moves() {
    gan::context first(1);
    gan::tensor a = first.full({2}, 3), b = std::move(a);
    EXPECT(!a && b && a.rank() == 0);
    EXPECT(has(error_of([&] { a + b; }), GAN_EINVAL, "NULL"));
    EXPECT(has(error_of([&] { b + a; }), GAN_EINVAL, "NULL"));
    EXPECT(has(error_of([&] { gan::wasserstein_critic(a, b); }), GAN_EINVAL, "NULL"));
    EXPECT(has(error_of([&] { first.png_read("nowhere.png"); }), GAN_EIO, "nowhere.png"));
    EXPECT(has(error_of([&] { a.item(); }), GAN_EINVAL, "empty"));
    a = std::move(b);
    EXPECT(equal(a.share() + a, {6, 6}));

    gan::module net = gan::sequential(first);
    const gan::module_ref layer = net.add_dense(2, 1);
    gan::module moved = std::move(net);
    EXPECT(!net && moved && layer);
    EXPECT(has(error_of([&] { net(a); }), GAN_EINVAL, "NULL"));
    EXPECT(moved(gan::reshape(a, {1, 2})).size() == 1);
    moved = gan::sequential(first);
    EXPECT(moved && moved.parameter_count() == 0);
    moved = std::move(net);
    EXPECT(!moved);

    const gan::context second = std::move(first);
    EXPECT(!first.get());
    EXPECT(has(error_of([&] { first.zeros({1}); }), GAN_EINVAL, "empty"));
    EXPECT(equal(a + second.full({2}, 1), {4, 4}));
    EXPECT(!gan::optimizer() && !gan::dataset() && !gan::loader() && !gan::trainer());
    EXPECT(has(error_of([] { gan::trainer().step(); }), GAN_EINVAL, "empty"));
}

// Not with the text of what failed before.
void test_errors_of_empty_objects() {
    gan::context ctx(1);
    gan::module net = gan::sequential(ctx);
    net.add_dense(2, 1);
    gan::optimizer adam = gan::adam(net);
    const gan::optimizer moved = std::move(adam);
    gan::dataset data = gan::dataset::from_bytes(ctx, std::vector<uint8_t>(4), {1, 2, 2, 1},
                                                 std::vector<int32_t>(1));
    gan::loader_opts whole;
    whole.batch = 1;
    gan::loader batches(data, whole);
    const gan::loader other = std::move(batches);
    const gan::dataset kept = std::move(data);
    EXPECT(has(error_of([&] { ctx.png_read("nowhere.png"); }), GAN_EIO, "nowhere.png"));
    const std::function<void()> uses[] = {[&] { net.find_module("nope").freeze(); },
                                          [&] { adam.set_lr(1); },
                                          [&] { data.outlines(); },
                                          [&] { data.draw_labels(1); },
                                          [&] {
                                              batches.seek({0, 0});
                                          },
                                          [&] { batches.tell(); },
                                          [&] { gan::loader{data}; }};
    for (const auto &use : uses) EXPECT(has(error_of(use), GAN_EINVAL, "empty object"));
}

// A loop that goes on from a file makes the steps of one that was not stopped.
void test_checkpoint() {
    struct loop {
        gan::context ctx;
        gan::module net = gan::sequential(ctx);
        gan::optimizer adam;
        gan::loader batches;
        gan::checkpoint all;

        explicit loop(uint64_t seed) : ctx(seed), all(ctx) {
            net.add_dense(4, 1);
            adam = gan::adam(net);
            gan::loader_opts opts;
            opts.batch = 2;
            opts.seed = seed;
            batches = gan::loader(
                gan::dataset::from_bytes(ctx, std::vector<uint8_t>(20, 9), {5, 2, 2, 1}), opts);
            all.add("net", net);
            all.add("adam", adam);
            all.add("data", batches);
        }
        double train(int steps) {
            double loss = 0;
            for (int i = 0; i < steps; i++) {
                const gan::tensor x = gan::reshape(batches.next(), {2, 4});
                const gan::tensor l = gan::mean(net(x) * ctx.randn({2, 1}));
                adam.minimize(l);
                loss = l.item();
            }
            return loss;
        }
    };
    const temporary_file file;
    loop whole(1), first(1), then(2);
    const double wanted = whole.train(7);
    first.train(4);
    first.all.set("step", 4);
    first.all.save(file.path);
    then.all.load(file.path);
    EXPECT(then.all.number("step") == 4);
    EXPECT(then.train(3) == wanted);
    EXPECT(has(error_of([&] { then.all.number("other"); }), GAN_EINVAL, "other"));
    EXPECT(has(error_of([&] { then.all.load("nowhere"); }), GAN_EIO, "nowhere"));
    EXPECT(has(error_of([&] { then.all.add("net", then.net); }), GAN_EINVAL, "already"));
    EXPECT(has(error_of([&] { gan::checkpoint().save(file.path); }), GAN_EINVAL, "empty"));
}

void test_results_are_freed() {
    gan::context ctx(1);
    const gan::tensor x = gan::track(ctx.randn({4, 3}));
    const gan_stats before = ctx.stats();
    {
        const gan::tensor y = gan::sum(gan::tanh(x * x + 2 * x));
        EXPECT(ctx.stats().live_tensors ==
               before.live_tensors + 1); // temporaries are gone, their graph is not
        gan::grad(y, x);
    }
    EXPECT(ctx.stats().live_tensors == before.live_tensors);
    EXPECT(ctx.stats().live_nodes == before.live_nodes);
}

void test_scopes_end_with_exceptions() {
    gan::context ctx(1);
    const gan::tensor x = gan::track(ctx.randn({4}));
    gan::tensor y;
    error_of([&] {
        const gan::scope step(ctx);
        y = gan::sum(x * x);
        throw gan::error(0, "");
    });
    EXPECT(has(error_of([&] { gan::grad(y, x); }), GAN_ESTATE, "")); // the tape was cut
    EXPECT(y.item() > 0);
    const gan::tensor constant = gan::without_graph(ctx, [&] { return x * x; });
    EXPECT(!constant.is_tracked() && (x * x).is_tracked());
}

void test_objects_outlive_their_context() {
    gan::tensor t;
    gan::module net;
    gan::optimizer adam;
    {
        gan::context ctx(1);
        t = ctx.full({2, 3}, 7);
        net = gan::sequential(ctx);
        net.add_dense(3, 1);
        adam = gan::adam(net);
    }
    EXPECT(t.data()[5] == 7); // the elements go with their tensor
    EXPECT(has(error_of([&] { t + t; }), GAN_ESTATE, "destroyed"));
    EXPECT(has(error_of([&] { net(t); }), GAN_ESTATE, "destroyed"));
    EXPECT(has(error_of([&] { adam.minimize(t); }), GAN_ESTATE, "destroyed"));
    std::thread([gone = std::move(t)] {}).join();
    net = gan::module();
    EXPECT(adam.parameter_count() == 2);
}

void test_an_optimizer_keeps_its_parameters() {
    gan::context ctx(1);
    gan::optimizer adam;
    {
        gan::module net = gan::sequential(ctx);
        net.add_dense(3, 1);
        adam = gan::adam(net);
    }
    const gan::tensor w = adam.parameter(0);
    const std::vector<float> before = w.to_vector();
    adam.minimize(gan::sum(gan::square(w)));
    EXPECT(!equal(w, before) && adam.grad_norm() > 0);
}

// ---- training -----------------------------------------------------------------------------------

// WGAN-GP (Gulrajani et al. 2017), Algorithm 1, lines 4 to 9. Returns -(its estimate of the
// distance).
double critic_step(gan::context &ctx, gan::module_ref G, gan::module_ref D, gan::optimizer &adam) {
    gan::scope step(ctx);
    gan::tensor real = ctx.randn({64, 2}) * 0.1 + 2;
    gan::tensor fake = gan::without_graph(ctx, [&] { return G(ctx.randn({64, 2})); });
    gan::tensor x = gan::interpolate(real, fake);
    gan::tensor gap = gan::mean(D(fake)) - gan::mean(D(real));
    adam.minimize(gap + gan::penalty(D(x), x));
    return gap.item();
}

double generator_step(gan::context &ctx, gan::module_ref G, gan::module_ref D,
                      gan::optimizer &adam) {
    gan::scope step(ctx);
    gan::tensor loss = -gan::mean(D(G(ctx.randn({64, 2}))));
    adam.minimize(loss);
    return loss.item();
}

gan::module network(const gan::context &ctx, int64_t in, int64_t out) {
    gan::module net = gan::sequential(ctx);
    net.add_dense(in, 32);
    net.add_leaky_relu(0.2);
    net.add_dense(32, out);
    return net;
}

// How far generated points are from (2, 2) on average.
double train(int32_t threads) {
    gan::context_opts opts;
    opts.seed = 3;
    opts.threads = threads;
    gan::context ctx(opts);
    gan::module G = network(ctx, 2, 2), D = network(ctx, 2, 1);
    gan::adam_opts rates;
    rates.lr = 1e-2;
    rates.beta1 = 0.5;
    gan::optimizer adam_G = gan::adam(G, rates), adam_D = gan::adam(D, rates);
    uint64_t live = 0;
    for (int step = 0; step < 60; step++) {
        for (int i = 0; i < 3; i++) EXPECT(std::isfinite(critic_step(ctx, G, D, adam_D)));
        EXPECT(std::isfinite(generator_step(ctx, G, D, adam_G)));
        if (step == 1) live = ctx.stats().live_bytes;
    }
    EXPECT(ctx.stats().live_bytes == live);
    G.eval();
    return gan::mean(gan::l2_norm(G(ctx.randn({256, 2})) - 2)).item();
}

void test_training() {
    const double distance = train(1);
    EXPECT(distance < 1);
    EXPECT(distance == train(2));
}

void test_modules() {
    gan::context ctx(1);
    gan::module net(ctx);
    gan::conv2d_opts half;
    half.stride_h = half.stride_w = 2;
    half.pad_top = half.pad_bottom = half.pad_left = half.pad_right = 1;
    const gan::module_ref main = net.add_sequential("main");
    main.add_conv2d(3, 4, 4, half);
    main.add_layer_norm({4, 4, 4});
    main.add_flatten();
    main.add_dense(64, 2, false, "last");
    net.init(GAN_INIT_NORMAL, 0.02);
    EXPECT(std::string(net.parameter_name(0)) == "main.0.weight");
    EXPECT(net.parameter_count() == 5 && net.state_count() == 5);
    EXPECT(net.find_module("main.last") && !net.find_module("other") && !net.find("other"));
    EXPECT(main(ctx.randn({2, 8, 8, 3})).size() == 4);

    const temporary_file file;
    const std::vector<float> weights = net.find("main.last.weight").to_vector();
    net.save(file.path);
    net.init(GAN_INIT_NORMAL, 1);
    EXPECT(!equal(net.find("main.last.weight"), weights));
    net.load(file.path);
    EXPECT(equal(net.find("main.last.weight"), weights));

    net.init(GAN_INIT_NORMAL, 1);
    const gan::module_ref last = net.find_module("main.last");
    last.load_part(file.path, "main.last");
    EXPECT(equal(net.find("main.last.weight"), weights));
    EXPECT(has(error_of([&] { last.load_part(file.path, "other"); }), GAN_EFORMAT, "other"));
    const gan::tensor x = gan::track(ctx.randn({1, 64}));
    last.save_onnx(file.path, x, last(x));
    EXPECT(has(error_of([&] { last.save_onnx(file.path, x, ctx.zeros({1})); }), GAN_EINVAL,
               "gan_module_save_onnx"));

    const gan::tensor gain = net.add_parameter("gain", ctx.full({2}, 3));
    EXPECT(gain.is_tracked());
    net.freeze();
    EXPECT(!gain.is_tracked());
}

void test_trainer() {
    gan::context ctx(1);
    std::vector<uint8_t> pixels(6 * 8 * 8);
    for (std::size_t i = 0; i < pixels.size(); i++) pixels[i] = static_cast<uint8_t>(i * 37);
    gan::loader batches;
    gan::trainer_opts opts("cgan");
    opts.width = opts.batch = 2;
    opts.average = 0.9;
    {
        const gan::dataset images =
            gan::dataset::from_bytes(ctx, pixels, {6, 8, 8, 1}, {0, 1, 2, 0, 1, 2});
        EXPECT(images.size() == 6 && images.labels()[5] == 2 && images.pixels().size() == 384);
        EXPECT(images.class_count() == 3 && !images.pair() && images.outlines().pair());
        EXPECT(images.draw_labels(5).size() == 5);
        batches = gan::loader(images, opts.loader_opts()); // keeps the images
    }
    EXPECT(batches.next().dim(0) == 2 && batches.labels().size() == 2);
    EXPECT(batches.tell().image == 2);
    batches.seek({0, 0});

    const temporary_file file;
    gan::trainer trainer(ctx, opts, batches);
    EXPECT(trainer.options().side == 8);
    gan::loader other_batches(
        gan::dataset::from_bytes(ctx, pixels, {6, 8, 8, 1}, {0, 1, 2, 0, 1, 2}),
        opts.loader_opts());
    EXPECT(other_batches.labels().empty());
    gan::trainer(ctx, opts, other_batches).step();
    EXPECT(other_batches.labels().size() == 2); // of the batch that the trainer took
    EXPECT(trainer.step().step == 1);
    trainer.save_onnx(file.path);
    trainer.save(file.path);
    const double loss = trainer.step().d_loss;
    EXPECT(std::isfinite(loss) && trainer.steps() == 2);
    const gan::tensor images = trainer.sample(trainer.latents(3), {0, 1, 2});
    EXPECT(images.shape()[1] == 8 && trainer.averaged());
    EXPECT(trainer.score(images, {}, {0, 1, 2}).dim(0) == 3);
    EXPECT(has(error_of([&] { trainer.sample(trainer.latents(3), {0}); }), GAN_EINVAL,
               "1 labels for 3"));

    gan::context other(9);
    gan::trainer sampler(other, gan::trainer_opts::load(other, file.path), gan::loader());
    sampler.load(file.path);
    EXPECT(sampler.steps() == 1 && sampler.sample(sampler.latents(1), {1}).size() == 64);
    trainer.load(file.path);
    EXPECT(trainer.step().d_loss == loss);

    EXPECT(has(error_of([&] { gan::trainer_opts("vae").loader_opts(); }), GAN_EINVAL, "system"));
    EXPECT(has(error_of([&] {
                   gan::dataset::from_bytes(ctx, pixels, {7, 8, 8, 1});
               }),
               GAN_EINVAL, "384 values"));
}

// ---- the sampler --------------------------------------------------------------------------------

enum : int { SIDE = 16, PITCH = 4 * SIDE };

// Writes the generator of a system that has not trained.
void write_model(const std::string &path, const char *system) {
    gan::context ctx(1);
    gan::trainer_opts opts(system);
    opts.side = SIDE;
    opts.channels = opts.input_channels = 3;
    opts.classes = std::string(system) == "cgan" ? 3 : 0;
    opts.width = 4;
    gan::trainer(ctx, opts, gan::loader()).save_model(path);
}

void test_sampler() {
    const temporary_file file;
    write_model(file.path, "cgan");
    gan::sampler_opts opts;
    opts.threads = opts.images = opts.background = 1;
    std::vector<float> images(3 * SIDE * SIDE * 3), again(images.size());
    const std::vector<int32_t> labels = {2, 0, 1};
    gan::sampler sprites(file.path, opts);
    const gan_sampler_info info = sprites.info();
    EXPECT(info.height == SIDE && info.channels == 3 && info.classes == 3);
    const std::vector<float> wanted = sprites.sample_float(5, 3, labels);

    gan::sampler_request r;
    r.n = 3;
    r.seed = 5;
    r.labels = labels.data();
    r.floats = images.data();
    sprites.run(r);
    EXPECT(images == wanted && sprites.progress() == 1);
    r.floats = again.data();
    sprites.begin(r);
    EXPECT(has(error_of([&] { sprites.run(r); }), GAN_ESTATE, "on its way"));
    int steps = 1;
    while (!sprites.step(0)) steps++;
    EXPECT(steps > 1 && again == wanted);
    std::fill(again.begin(), again.end(), 0.f);
    sprites.start(r);
    sprites.wait();
    EXPECT(sprites.poll() && again == wanted);
    sprites.begin(r);
    sprites.cancel();
    EXPECT(has(error_of([&] { sprites.step(0); }), GAN_ESTATE, "begun"));

    // The latents by hand.
    std::vector<float> z = sprites.latent(5);
    EXPECT(z.size() == static_cast<std::size_t>(info.latent));
    EXPECT(gan::latent_slerp(z, sprites.latent(6), 0) == z);
    r.n = 1;
    r.input = z.data();
    sprites.run(r);
    EXPECT(std::equal(wanted.begin(), wanted.begin() + SIDE * SIDE * 3, again.begin()));

    sprites = gan::sampler();
    EXPECT(has(error_of([&] { sprites.run(r); }), GAN_EINVAL, "empty"));
    EXPECT(has(error_of([] { gan::sampler("/nonexistent/file"); }), GAN_EIO, "/nonexistent/file"));
}

void test_pixels() {
    const temporary_file file;
    write_model(file.path, "pix2pix");
    gan::sampler painter(file.path);
    std::vector<uint8_t> bytes;
    std::FILE *stream = std::fopen(file.path.c_str(), "rb");
    EXPECT(stream);
    for (int c; (c = std::fgetc(stream)) != EOF;) bytes.push_back(static_cast<uint8_t>(c));
    std::fclose(stream);
    std::vector<uint8_t> source(SIDE * PITCH), painted(SIDE * PITCH), again(SIDE * (PITCH + 1));
    for (std::size_t i = 0; i < source.size(); i++) source[i] = static_cast<uint8_t>(i * 29);
    painter.translate_rgba8(source, PITCH, painted, SIDE, SIDE, PITCH);
    gan::sampler(bytes).translate_rgba8(source, PITCH, again, SIDE, SIDE, PITCH + 1);
    for (std::size_t y = 0; y < SIDE; y++)
        EXPECT(
            std::equal(&painted[PITCH * y], &painted[PITCH * y] + PITCH, &again[(PITCH + 1) * y]));
    const gan::span<const uint8_t> less(source.data(), source.size() - 1);
    EXPECT(has(error_of([&] { painter.translate_rgba8(less, PITCH, painted, SIDE, SIDE, PITCH); }),
               GAN_EINVAL, "1023 bytes for 16 rows of 16 pixels"));

    write_model(file.path, "cgan");
    gan::sampler sprites(file.path);
    std::vector<uint8_t> sheet(2 * SIDE * PITCH), other(SIDE * PITCH);
    gan::sampler_request below;
    below.columns = 1;
    sprites.sample_rgba8(5, 2, sheet, SIDE, 2 * SIDE, PITCH, {1, 2}, below);
    sprites.sample_rgba8(6, 1, other, SIDE, SIDE, PITCH, {2});
    EXPECT(std::equal(other.begin(), other.end(), sheet.begin() + SIDE * PITCH));
    EXPECT(has(error_of([&] { sprites.sample_rgba8(5, 2, sheet, SIDE, 2 * SIDE + 1, PITCH); }),
               GAN_EINVAL, "2048 bytes for 33 rows"));
    EXPECT(has(error_of([&] { sprites.sample_rgba8(5, 2, sheet, 2 * SIDE, SIDE, 2 * PITCH, {1}); }),
               GAN_EINVAL, "1 values for a shape of 2"));
    EXPECT(has(error_of([&] { sprites.sample_float(5, 0); }), GAN_EINVAL, "n is 0"));
}

void test_idx() {
    gan::context ctx(1);
    const temporary_file file;
    std::vector<uint8_t> bytes = {0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 0, 255, 51, 102};
    std::FILE *stream = std::fopen(file.path.c_str(), "wb");
    EXPECT(stream && std::fwrite(bytes.data(), 1, bytes.size(), stream) == bytes.size());
    std::fclose(stream);
    const gan::idx images(ctx, file.path);
    EXPECT(images.rank() == 3 && images.dim(0) == 2 && images.dim(2) == 2);
    EXPECT(images.data().size() == 4 && images.data()[3] == 102);
    EXPECT(equal(images.images({1, 0}, 0, 5), {1, 2, 0, 5}));
    EXPECT(gan::idx().data().empty());
    EXPECT(has(error_of([] { gan::idx().images({0}); }), GAN_EINVAL, "empty"));
    EXPECT(has(error_of([&] { gan::idx(ctx, "/nonexistent/file"); }), GAN_EIO, "nonexistent"));
}

// ---- metrics ------------------------------------------------------------------------------------

bool near(double a, double b) { return std::fabs(a - b) <= 1e-5 * std::fabs(b); }

// Two rows of two, and the same moved by (3, 4).
const std::vector<float> here = {-1, 0, 1, 0}, there = {2, 4, 4, 4};

void test_distances() {
    gan::context ctx(1);
    const gan::rows a(here, 2), b(there, 2);
    EXPECT(a.count() == 2 && a.columns() == 2);
    EXPECT(near(gan::frechet_distance(ctx, a, b), 25));
    const gan::feature_moments reference = gan::feature_statistics(ctx, a);
    EXPECT(reference.mean == std::vector<double>({0, 0}));
    EXPECT(reference.cov == std::vector<double>({2, 0, 0, 0}));
    EXPECT(near(gan::frechet_distance(ctx, reference, gan::feature_statistics(ctx, b)), 25));
    gan::kernel_opts once;
    once.subsets = 1;
    const gan::estimate kid = gan::kernel_distance(ctx, a, b, once);
    EXPECT(kid.value > 0 && kid.standard_error == 0);

    EXPECT(has(error_of([] { gan::rows(here, 3); }), GAN_EINVAL, "4 values for rows of 3"));
    EXPECT(has(error_of([] { gan::rows(here, 0); }), GAN_EINVAL, "rows of 0"));
    const gan::rows wide(there, 4);
    EXPECT(has(error_of([&] { gan::frechet_distance(ctx, a, wide); }), GAN_EINVAL,
               "rows of 2 and of 4"));
    EXPECT(has(error_of([&] { gan::feature_statistics(ctx, wide); }), GAN_EINVAL, "n is 1"));
    const std::vector<float> long_row(2049);
    EXPECT(has(error_of([&] { gan::feature_statistics(ctx, gan::rows(long_row, 2049)); }),
               GAN_EINVAL, "2049"));
    EXPECT(has(error_of([&] { gan::frechet_distance(ctx, reference, {}); }), GAN_EINVAL,
               "0 values for a shape of 2"));
}

void test_sets() {
    gan::context ctx(1);
    const gan::rows a(here, 2), b(there, 2);
    const gan_prdc same = gan::precision_recall(ctx, a, a, 1);
    EXPECT(same.precision == 1 && same.recall == 1 && same.coverage == 1);
    EXPECT(gan::precision_recall(ctx, a, b, 1).precision == 0);

    const gan_modes modes = gan::mode_statistics(ctx, a, b, 1);
    EXPECT(modes.found == 0 && modes.high_quality == 0);
    EXPECT(gan::mode_statistics(ctx, a, a, 1).found == 2);
    const std::vector<int32_t> labels = {0, 0, 2, 2};
    EXPECT(gan::histogram_statistics(ctx, labels, 4).present == 2);
    EXPECT(near(gan::histogram_statistics(ctx, labels, 4).kl, std::log(2)));
    EXPECT(gan::histogram_statistics(ctx, labels, 3, {0.5, 0, 0.5}).total_variation == 0);
    EXPECT(has(error_of([&] {
                   gan::histogram_statistics(ctx, labels, 3, {0.5, 0.5});
               }),
               GAN_EINVAL, "2 values for a shape of 3"));

    // One Gaussian at 0 for d 1, of width 1.
    const std::vector<float> zero = {0};
    const gan::rows middle(zero, 1);
    const gan_parzen alone = gan::parzen_log_likelihood(ctx, middle, middle, 1.0);
    EXPECT(near(alone.log_likelihood, -0.5 * std::log(2 * std::acos(-1.0))));
    EXPECT(gan::parzen_log_likelihood(ctx, middle, middle, middle, {0.5, 0.25}).sigma == 0.25);
    EXPECT(near(gan::parzen_log_likelihood(ctx, middle, middle, middle).sigma, 0.1));
}

void test_neighbours() {
    gan::context ctx(1);
    const gan::rows a(here, 2), b(there, 2);
    const gan::neighbours found = gan::nearest_neighbours(ctx, a, b);
    EXPECT(found.index == std::vector<int64_t>({1, 1}));
    EXPECT(near(found.distance[0], std::sqrt(17)) && near(found.distance[1], 5));
    EXPECT(gan::nearest_neighbour_error(ctx, a, {7, 8}, b, {8, 7}) == 0.5);
    EXPECT(has(error_of([&] {
                   gan::nearest_neighbour_error(ctx, a, {7}, b, {8, 7});
               }),
               GAN_EINVAL, "1 values for a shape of 2"));
}

} // namespace

int main() {
    const struct {
        const char *name;
        void (*run)();
    } tests[] = {
        {"operators", test_operators},
        {"spans", test_spans},
        {"derivatives", test_derivatives},
        {"exceptions", test_exceptions},
        {"a refused update", test_refused_update},
        {"moves", test_moves},
        {"errors of empty objects", test_errors_of_empty_objects},
        {"checkpoint", test_checkpoint},
        {"results are freed", test_results_are_freed},
        {"scopes end with exceptions", test_scopes_end_with_exceptions},
        {"objects outlive their context", test_objects_outlive_their_context},
        {"an optimizer keeps its parameters", test_an_optimizer_keeps_its_parameters},
        {"training", test_training},
        {"modules", test_modules},
        {"trainer", test_trainer},
        {"idx", test_idx},
        {"sampler", test_sampler},
        {"pixels", test_pixels},
        {"distances", test_distances},
        {"sets", test_sets},
        {"neighbours", test_neighbours},
    };
    int failed = 0;
    for (const auto &test : tests) {
        try {
            test.run();
            std::printf("ok      %s\n", test.name);
        } catch (const std::exception &e) {
            failed++;
            std::printf("FAILED  %s: %s\n", test.name, e.what());
        }
    }
    return failed != 0;
}
