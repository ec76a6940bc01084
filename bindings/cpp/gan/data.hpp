// Data sets and loaders: gan/data.h; IDX files: gan/io.h.
//
// SPDX-License-Identifier: MIT
#ifndef GAN_DATA_HPP
#define GAN_DATA_HPP

#include "gan/context.hpp"

namespace gan {

// Images of one size, and perhaps a label for each.
class dataset : public detail::object<gan_dataset, gan_dataset_unref> {
  public:
    dataset() noexcept = default; // empty

    // labels "": none.
    static dataset from_idx(const context &ctx, const std::string &images,
                            const std::string &labels = "",
                            const gan_data_opts &opts = data_opts()) {
        return dataset(ctx.get(), gan_dataset_from_idx, ctx.get(), images.c_str(),
                       labels.empty() ? nullptr : labels.c_str(), &opts);
    }
    static dataset from_folder(const context &ctx, const std::string &folder,
                               const gan_data_opts &opts = data_opts()) {
        return dataset(ctx.get(), gan_dataset_from_folder, ctx.get(), folder.c_str(), &opts);
    }
    static dataset from_pairs(const context &ctx, const std::string &folder,
                              const gan_data_opts &opts = data_opts()) {
        return dataset(ctx.get(), gan_dataset_from_pairs, ctx.get(), folder.c_str(), &opts);
    }
    static dataset from_sheet(const context &ctx, const std::string &path,
                              const gan_sheet_opts &sheet,
                              const gan_data_opts &opts = data_opts()) {
        return dataset(ctx.get(), gan_dataset_from_sheet, ctx.get(), path.c_str(), &sheet, &opts);
    }
    // Copies of images of shape (N,H,W,C), and of N labels or none.
    static dataset from_bytes(const context &ctx, span<const uint8_t> pixels, gan::shape dims,
                              span<const int32_t> labels = {},
                              const gan_data_opts &opts = data_opts()) {
        return dataset(ctx.get(), gan_dataset_from_bytes, ctx.get(), pixels.data(), dims.data(),
                       match(pixels.size(), dims, labels), &opts);
    }
    static dataset from_floats(const context &ctx, span<const float> pixels, gan::shape dims,
                               span<const int32_t> labels = {},
                               const gan_data_opts &opts = data_opts()) {
        return dataset(ctx.get(), gan_dataset_from_floats, ctx.get(), pixels.data(), dims.data(),
                       match(pixels.size(), dims, labels), &opts);
    }
    dataset outlines(double threshold = 0.2) const {
        return dataset(context_handle(), gan_dataset_outlines, get(), threshold);
    }

    std::size_t size() const noexcept { return static_cast<std::size_t>(gan_dataset_size(get())); }
    gan::shape shape() const noexcept { // N, H, W, C
        return {gan_dataset_shape(get()), get() ? std::size_t(4) : 0};
    }
    span<const uint8_t> pixels() const noexcept {
        std::size_t count = get() ? 1 : 0;
        for (int64_t size : shape()) count *= static_cast<std::size_t>(size);
        return {gan_dataset_pixels(get()), count};
    }
    span<const int32_t> labels() const noexcept { // empty: none
        const int32_t *labels = gan_dataset_labels(get());
        return {labels, labels ? size() : 0};
    }
    int64_t class_count() const noexcept { return gan_dataset_class_count(get()); }
    std::string class_name(int64_t label) const { // "": none
        const char *name = gan_dataset_class_name(get(), label);
        return name ? name : "";
    }
    int64_t skipped() const noexcept { return gan_dataset_skipped(get()); }
    dataset pair() const { // or empty
        return dataset(context_handle(), gan_dataset_ref(gan_dataset_pair(get())));
    }
    tensor image(int64_t i) const { return taken(gan_dataset_image(get(), i)); }
    std::vector<int32_t> draw_labels(std::size_t n) const {
        std::vector<int32_t> labels(n);
        check(gan_dataset_draw_labels(get(), labels.data(), static_cast<int64_t>(n)));
        return labels;
    }

  private:
    using object::object;

    // The labels of as many images as the shape says, or NULL.
    static const int32_t *match(std::size_t count, gan::shape dims, span<const int32_t> labels) {
        if (dims.size() != 4) throw error(GAN_EINVAL, "the shape of images is N, H, W, C");
        detail::match(count, dims);
        if (labels.empty()) return nullptr;
        detail::match(labels.size(), {dims[0]});
        return labels.data();
    }
};

// Batches, epoch after epoch. Keeps its data set.
class loader : public detail::object<gan_loader, gan_loader_unref> {
  public:
    struct position {
        int64_t epoch, image;
    };

    loader() noexcept = default; // empty
    explicit loader(const dataset &d, const gan_loader_opts &opts = loader_opts())
        : object(d.context_handle(), gan_loader_create, d.get(), &opts) {
        if (opts.remainder != GAN_REMAINDER_KEEP) count_ = static_cast<std::size_t>(opts.batch);
    }

    tensor next() {
        tensor batch = taken(gan_loader_next(get()));
        count_ = static_cast<std::size_t>(batch.dim(0));
        return batch;
    }
    // Of the last batch, which a trainer may have taken; with GAN_REMAINDER_KEEP, whose last
    // batches are smaller, of the last one of next.
    span<const int32_t> labels() const noexcept {
        const int32_t *labels = gan_loader_labels(get());
        return {labels, labels ? count_ : 0};
    }
    tensor pairs() const { return taken(gan_loader_pairs(get())); }

    position tell() const {
        position at = {};
        check(gan_loader_tell(get(), &at.epoch, &at.image));
        return at;
    }
    void seek(position to) { check(gan_loader_seek(get(), to.epoch, to.image)); }

  private:
    std::size_t count_ = 0; // labels
};

// An IDX file of bytes.
class idx : public detail::object<gan_idx, gan_idx_unref> {
  public:
    idx() noexcept = default; // empty
    idx(const context &ctx, const std::string &path)
        : object(ctx.get(), gan_idx_open, ctx.get(), path.c_str()) {}

    int32_t rank() const noexcept { return gan_idx_rank(get()); }
    int64_t dim(int32_t axis) const noexcept { return gan_idx_dim(get(), axis); }
    span<const uint8_t> data() const noexcept {
        std::size_t count = get() ? 1 : 0;
        for (int32_t axis = 0; axis < rank(); axis++) count *= static_cast<std::size_t>(dim(axis));
        return {gan_idx_data(get()), count};
    }
    // Items as images (n,H,W,1).
    tensor images(span<const int32_t> index, double lo = -1, double hi = 1) const {
        return taken(
            gan_idx_images(get(), index.data(), static_cast<int64_t>(index.size()), lo, hi));
    }
};

} // namespace gan

#endif
