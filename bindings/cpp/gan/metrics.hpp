// How good and how varied samples are: gan/metrics.h, with arrays in and numbers out.
//
// SPDX-License-Identifier: MIT
#ifndef GAN_METRICS_HPP
#define GAN_METRICS_HPP

#include "gan/context.hpp"

#include <vector>

namespace gan {

// A set: whole rows of `columns` numbers, samples or features of them. Does not own.
class rows {
  public:
    rows(span<const float> values, int64_t columns) : values_(values), columns_(columns) {
        if (columns < 1 || values.size() % static_cast<std::size_t>(columns))
            throw error(GAN_EINVAL, std::to_string(values.size()) + " values for rows of " +
                                        std::to_string(columns));
    }
    const float *data() const noexcept { return values_.data(); }
    int64_t count() const noexcept { return static_cast<int64_t>(values_.size()) / columns_; }
    int64_t columns() const noexcept { return columns_; }

  private:
    span<const float> values_;
    int64_t columns_;
};

namespace detail {

// C takes one number of columns for all sets of a call.
inline int64_t columns_of(const rows &a, const rows &b) {
    if (a.columns() != b.columns())
        throw error(GAN_EINVAL, "rows of " + std::to_string(a.columns()) + " and of " +
                                    std::to_string(b.columns()));
    return a.columns();
}

inline const int32_t *labels_of(const rows &set, span<const int32_t> labels) {
    match(labels.size(), {set.count()});
    return labels.data();
}

} // namespace detail

// ---- distances between distributions ------------------------------------------------------------

// Of a set: to keep, where it is a reference that does not change.
struct feature_moments {
    std::vector<double> mean, cov; // (d), (d, d)
};

inline feature_moments feature_statistics(const context &ctx, const rows &x) {
    if (x.columns() > 2048) // as C does, which comes after the vectors
        throw error(GAN_EINVAL, "gan_feature_statistics: d is " + std::to_string(x.columns()) +
                                    ", must be from 1 to 2048");
    const std::size_t d = static_cast<std::size_t>(x.columns());
    feature_moments out = {std::vector<double>(d), std::vector<double>(d * d)};
    ctx.check(gan_feature_statistics(ctx.get(), x.data(), x.count(), x.columns(), out.mean.data(),
                                     out.cov.data()));
    return out;
}

inline double frechet_distance(const context &ctx, const feature_moments &a,
                               const feature_moments &b) {
    const int64_t d = static_cast<int64_t>(a.mean.size());
    detail::match(b.mean.size(), {d});
    detail::match(a.cov.size(), {d, d});
    detail::match(b.cov.size(), {d, d});
    double out = 0;
    ctx.check(gan_frechet_from_statistics(ctx.get(), a.mean.data(), a.cov.data(), b.mean.data(),
                                          b.cov.data(), d, &out));
    return out;
}

inline double frechet_distance(const context &ctx, const rows &a, const rows &b) {
    double out = 0;
    ctx.check(gan_frechet_distance(ctx.get(), a.data(), a.count(), b.data(), b.count(),
                                   detail::columns_of(a, b), &out));
    return out;
}

struct estimate {
    double value, standard_error;
};

inline estimate kernel_distance(const context &ctx, const rows &a, const rows &b,
                                const gan_kernel_opts &opts = kernel_opts()) {
    estimate out = {};
    ctx.check(gan_kernel_distance(ctx.get(), a.data(), a.count(), b.data(), b.count(),
                                  detail::columns_of(a, b), &opts, &out.value,
                                  &out.standard_error));
    return out;
}

// ---- fidelity and diversity ---------------------------------------------------------------------

inline gan_prdc precision_recall(const context &ctx, const rows &real, const rows &fake,
                                 int32_t k = 5) {
    gan_prdc out = detail::sized<gan_prdc>();
    ctx.check(gan_precision_recall(ctx.get(), real.data(), real.count(), fake.data(), fake.count(),
                                   detail::columns_of(real, fake), k, &out));
    return out;
}

// ---- likelihood ---------------------------------------------------------------------------------

namespace detail {

// validation: `count` rows of as many columns.
inline gan_parzen parzen(const context &ctx, const rows &samples, const float *validation,
                         int64_t count, const rows &test, span<const double> sigmas) {
    gan_parzen out = sized<gan_parzen>();
    ctx.check(gan_parzen_log_likelihood(ctx.get(), samples.data(), samples.count(), validation,
                                        count, test.data(), test.count(), columns_of(samples, test),
                                        sigmas.data(), count_of(sigmas.size()), &out));
    return out;
}

} // namespace detail

// The width is chosen from sigmas, or from C's ten, by what the validation rows like best.
inline gan_parzen parzen_log_likelihood(const context &ctx, const rows &samples,
                                        const rows &validation, const rows &test,
                                        span<const double> sigmas = {}) {
    detail::columns_of(samples, validation);
    return detail::parzen(ctx, samples, validation.data(), validation.count(), test, sigmas);
}

inline gan_parzen parzen_log_likelihood(const context &ctx, const rows &samples, const rows &test,
                                        double sigma) {
    return detail::parzen(ctx, samples, nullptr, 0, test, {sigma});
}

// ---- modes --------------------------------------------------------------------------------------

inline gan_modes mode_statistics(const context &ctx, const rows &x, const rows &centres,
                                 double deviation, double radius = 3) {
    gan_modes out = detail::sized<gan_modes>();
    ctx.check(gan_mode_statistics(ctx.get(), x.data(), x.count(), detail::columns_of(x, centres),
                                  centres.data(), centres.count(), deviation, radius, &out));
    return out;
}

// reference: a probability a class, or none for uniform.
inline gan_histogram histogram_statistics(const context &ctx, span<const int32_t> labels,
                                          int64_t classes, span<const double> reference = {}) {
    if (!reference.empty()) detail::match(reference.size(), {classes});
    gan_histogram out = detail::sized<gan_histogram>();
    ctx.check(gan_histogram_statistics(ctx.get(), labels.data(),
                                       static_cast<int64_t>(labels.size()), classes,
                                       reference.data(), &out));
    return out;
}

// ---- nearest neighbours -------------------------------------------------------------------------

struct neighbours {
    std::vector<int64_t> index; // of each row's nearest reference row
    std::vector<double> distance;
};

inline neighbours nearest_neighbours(const context &ctx, const rows &reference, const rows &x) {
    const std::size_t n = static_cast<std::size_t>(x.count());
    neighbours out = {std::vector<int64_t>(n), std::vector<double>(n)};
    ctx.check(gan_nearest_neighbours(ctx.get(), reference.data(), reference.count(), x.data(),
                                     x.count(), detail::columns_of(reference, x), out.index.data(),
                                     out.distance.data()));
    return out;
}

// A label a row of each set.
inline double nearest_neighbour_error(const context &ctx, const rows &reference,
                                      span<const int32_t> reference_labels, const rows &x,
                                      span<const int32_t> labels) {
    double out = 0;
    ctx.check(gan_nearest_neighbour_error(
        ctx.get(), reference.data(), detail::labels_of(reference, reference_labels),
        reference.count(), x.data(), detail::labels_of(x, labels), x.count(),
        detail::columns_of(reference, x), nullptr, nullptr, &out));
    return out;
}

} // namespace gan

#endif
