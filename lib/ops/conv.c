/* Convolution as one trilinear form T(x, w, g) = <conv(x, w), g> (kernels.h). conv, its data
 * gradient and its weight gradient are the three partial derivatives of T, so the derivative of
 * each in each argument is again one of the three:
 *
 *                  d/first            d/second
 *   conv(x,w)      data_grad(g,w)     weight_grad(x,g)
 *   data_grad(g,w) conv(u,w)          weight_grad(u,g)        u: the gradient that comes in
 *   weight_grad(x,g) data_grad(g,u)   conv(x,u)
 *
 * One geometry, with all three shapes in it, serves all. conv_bias_act is the fused form of a
 * layer, whose derivatives are made of these. */
#include "ops/table.h"

#include "core/error.h"

#include <string.h>

/* ---- constructors over a geometry ------------------------------------------------------------ */

static shape image_shape(const conv_geom *m) { return shape_4(m->n, m->h, m->w, m->c); }
static shape kernel_shape(const conv_geom *m) { return shape_4(m->o, m->kh, m->kw, m->c); }
static shape output_shape(const conv_geom *m) { return shape_4(m->n, m->ho, m->wo, m->o); }

_Static_assert(sizeof(conv_geom) == 15 * sizeof(int64_t) &&
                   sizeof(conv_geom) <= sizeof(int64_t) * ATTR_INTS,
               "conv_geom is stored as integer attributes");

static op_attr attr_of(const conv_geom *m) {
    op_attr attr = {0};
    memcpy(attr.i, m, sizeof *m);
    return attr;
}

static conv_geom geom_of(const op_attr *attr) {
    conv_geom m;
    memcpy(&m, attr->i, sizeof m);
    return m;
}

static gan_tensor *apply(int32_t op, gan_tensor *a, gan_tensor *b, const conv_geom *m, shape out) {
    if (!OP_READY("convolution", a, b)) return NULL;
    op_attr attr = attr_of(m);
    return op_apply_2(op, a, b, &attr, &out);
}

gan_tensor *op_conv(gan_tensor *x, gan_tensor *w, const conv_geom *m) {
    return apply(OP_conv, x, w, m, output_shape(m));
}

static gan_tensor *op_conv_bias_act(gan_tensor *x, gan_tensor *w, gan_tensor *bias,
                                    const conv_geom *m, activation act) {
    op_attr attr = attr_of(m);
    attr.f[0] = act.kind;
    attr.f[1] = act.number;
    shape out = output_shape(m);
    return op_apply(OP_conv_bias_act, 3, (gan_tensor *[]){x, w, bias}, &attr, NULL, &out);
}

gan_tensor *op_conv_data_grad(gan_tensor *g, gan_tensor *w, const conv_geom *m) {
    return apply(OP_conv_data_grad, g, w, m, image_shape(m));
}

gan_tensor *op_conv_weight_grad(gan_tensor *x, gan_tensor *g, const conv_geom *m) {
    return apply(OP_conv_weight_grad, x, g, m, kernel_shape(m));
}

/* ---- forward --------------------------------------------------------------------------------- */

int32_t forward_conv(const op_call *c) {
    conv_geom m = geom_of(c->attr);
    return conv_forward(c->ctx, &m, NULL, c->in[0], c->in[1], c->out);
}

int32_t forward_conv_bias_act(const op_call *c) {
    conv_geom m = geom_of(c->attr);
    const conv_epilogue epilogue = {c->in[2], activation_of(c->attr)};
    return conv_forward(c->ctx, &m, &epilogue, c->in[0], c->in[1], c->out);
}

int32_t forward_conv_data_grad(const op_call *c) {
    conv_geom m = geom_of(c->attr);
    return conv_data_grad(c->ctx, &m, c->in[0], c->in[1], c->out);
}

int32_t forward_conv_weight_grad(const op_call *c) {
    conv_geom m = geom_of(c->attr);
    return conv_weight_grad(c->ctx, &m, c->in[0], c->in[1], c->out);
}

/* ---- derivatives ----------------------------------------------------------------------------- */

gan_tensor *vjp_conv(const op_record *r, gan_tensor *g, int32_t i) {
    conv_geom m = geom_of(record_attr(r));
    if (i == 0) return op_conv_data_grad(g, record_input(r, 1), &m);
    return op_conv_weight_grad(record_input(r, 0), g, &m);
}

/* g is past the activation. */
gan_tensor *vjp_conv_bias_act(const op_record *r, gan_tensor *g, int32_t i) {
    return i == 2 ? g : vjp_conv(r, g, i);
}

int32_t gradients_conv_bias_act(const op_record *r, gan_tensor *g, uint32_t wanted,
                                gan_tensor **out) {
    gan_tensor *through = bias_act_gradients(r, g, wanted >> 2 & 1 ? &out[2] : NULL);
    if (!through) return GAN_ENOMEM;
    for (int32_t i = 0; i < 2; i++)
        if (wanted >> i & 1 && !(out[i] = vjp_conv(r, through, i))) return GAN_ENOMEM;
    return GAN_OK;
}

gan_tensor *vjp_conv_data_grad(const op_record *r, gan_tensor *u, int32_t i) {
    conv_geom m = geom_of(record_attr(r));
    if (i == 0) return op_conv(u, record_input(r, 1), &m);
    return op_conv_weight_grad(u, record_input(r, 0), &m);
}

gan_tensor *vjp_conv_weight_grad(const op_record *r, gan_tensor *u, int32_t i) {
    conv_geom m = geom_of(record_attr(r));
    if (i == 0) return op_conv_data_grad(record_input(r, 1), u, &m);
    return op_conv(record_input(r, 0), u, &m);
}

/* ---- geometry -------------------------------------------------------------------------------- */

int32_t conv2d_opts_check(gan_context *ctx, const char *function, const gan_conv2d_opts *o) {
    const struct {
        const char *name;
        int32_t value, least;
    } fields[] = {{"stride_h", o->stride_h, 1},         {"stride_w", o->stride_w, 1},
                  {"dilation_h", o->dilation_h, 1},     {"dilation_w", o->dilation_w, 1},
                  {"pad_top", o->pad_top, 0},           {"pad_bottom", o->pad_bottom, 0},
                  {"pad_left", o->pad_left, 0},         {"pad_right", o->pad_right, 0},
                  {"output_pad_h", o->output_pad_h, 0}, {"output_pad_w", o->output_pad_w, 0}};
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (fields[i].value < fields[i].least || fields[i].value > 1 << 20)
            return error_set(ctx, GAN_EINVAL, "%s: %s is %d, must be %d or more", function,
                             fields[i].name, (int)fields[i].value, (int)fields[i].least);
    return GAN_OK;
}

static int32_t need_rank_4(const char *function, const char *what, gan_tensor *t) {
    char text[SHAPE_TEXT];
    const shape *s = tensor_shape(t);
    if (s->rank == 4) return GAN_OK;
    return error_set(tensor_context(t), GAN_EINVAL, "%s: %s is %s, must have 4 axes", function,
                     what, shape_text(s, text));
}

static int32_t mismatch(const char *function, gan_tensor *a, gan_tensor *b, const char *why) {
    char ta[SHAPE_TEXT], tb[SHAPE_TEXT];
    return error_set(tensor_context(a), GAN_EINVAL, "%s: %s and kernel %s: %s", function,
                     shape_text(tensor_shape(a), ta), shape_text(tensor_shape(b), tb), why);
}

static conv_geom geom_from_opts(const gan_conv2d_opts *o) {
    return (conv_geom){.sh = o->stride_h,
                       .sw = o->stride_w,
                       .dh = o->dilation_h,
                       .dw = o->dilation_w,
                       .pt = o->pad_top,
                       .pl = o->pad_left};
}

/* Sides are below 2^31, also of tensors without elements: with the options' 2^20 what follows from
 * them does not overflow. */
static int32_t check_sides(const char *function, gan_tensor *a, gan_tensor *b, const conv_geom *m) {
    const int64_t sides[] = {m->h, m->w, m->kh, m->kw, m->ho, m->wo};
    for (size_t i = 0; i < sizeof sides / sizeof sides[0]; i++)
        if (sides[i] > INT32_MAX) return mismatch(function, a, b, "sides must be below 2^31");
    return GAN_OK;
}

/* So are those of the products that it is made of, which BLAS counts in ints. */
static int32_t check_products(const char *function, gan_tensor *a, gan_tensor *b,
                              const conv_geom *m) {
    const double taps = (double)m->kh * (double)m->kw, image = (double)m->h * (double)m->w;
    const double result = (double)m->ho * (double)m->wo, n = (double)m->n;
    const double sides[] = {n * image,           n * result,           taps * (double)m->c,
                            taps * (double)m->o, image * (double)m->c, result * (double)m->o};
    for (size_t i = 0; i < sizeof sides / sizeof sides[0]; i++)
        if (sides[i] > INT32_MAX)
            return mismatch(function, a, b, "the products' sides must be below 2^31");
    return GAN_OK;
}

/* floor((size + pads - dilation (k - 1) - 1) / stride) + 1, or 0 if the kernel does not fit. */
static int64_t windows(int64_t size, int64_t pads, int64_t k, int64_t dilation, int64_t stride) {
    int64_t room = size + pads - dilation * (k - 1) - 1;
    return room < 0 ? 0 : room / stride + 1;
}

/* Fills the sizes of y from x and the kernel. */
static int32_t fit_output(const char *function, gan_tensor *x, gan_tensor *w, conv_geom *m,
                          const gan_conv2d_opts *o) {
    if (check_sides(function, x, w, m)) return GAN_EINVAL;
    m->ho = windows(m->h, (int64_t)o->pad_top + o->pad_bottom, m->kh, m->dh, m->sh);
    m->wo = windows(m->w, (int64_t)o->pad_left + o->pad_right, m->kw, m->dw, m->sw);
    if (m->kh < 1 || m->kw < 1 || m->ho < 1 || m->wo < 1)
        return mismatch(function, x, w, "the kernel is larger than the padded image");
    return check_products(function, x, w, m);
}

static int32_t prepare(const char *function, gan_tensor *a, gan_tensor *b,
                       const gan_conv2d_opts *opts) {
    if (!OP_READY(function, a, b)) return GAN_EINVAL;
    int32_t code = conv2d_opts_check(tensor_context(a), function, opts);
    if (!code) code = need_rank_4(function, "the first operand", a);
    if (!code) code = need_rank_4(function, "the second operand", b);
    return code;
}

static int32_t conv2d_geom(gan_tensor *x, gan_tensor *w, const gan_conv2d_opts *opts,
                           const char *name, conv_geom *m) {
    int32_t code = prepare(name, x, w, opts);
    if (code) return code;
    const int64_t *sx = tensor_shape(x)->dim, *sw = tensor_shape(w)->dim;
    if (sx[3] != sw[3]) return mismatch(name, x, w, "the channels (last axes) must agree");
    *m = geom_from_opts(opts);
    m->n = sx[0], m->h = sx[1], m->w = sx[2], m->c = sx[3];
    m->o = sw[0], m->kh = sw[1], m->kw = sw[2];
    return fit_output(name, x, w, m, opts);
}

gan_tensor *op_conv2d(gan_tensor *x, gan_tensor *w, const gan_conv2d_opts *opts, const char *name) {
    conv_geom m;
    return conv2d_geom(x, w, opts, name, &m) ? NULL : op_conv(x, w, &m);
}

gan_tensor *op_conv2d_bias_act(gan_tensor *x, gan_tensor *w, gan_tensor *bias,
                               const gan_conv2d_opts *opts, activation act, const char *name) {
    conv_geom m;
    if (!OP_READY(name, x, w, bias) || conv2d_geom(x, w, opts, name, &m)) return NULL;
    const shape *b = tensor_shape(bias);
    if (b->rank == 1 && b->dim[0] == m.o) return op_conv_bias_act(x, w, bias, &m, act);
    mismatch(name, w, bias, "the kernel's outputs and the bias must agree");
    return NULL;
}

gan_tensor *op_conv_transpose2d(gan_tensor *x, gan_tensor *w, const gan_conv2d_opts *opts,
                                const char *name) {
    if (prepare(name, x, w, opts)) return NULL;
    const int64_t *sx = tensor_shape(x)->dim, *sw = tensor_shape(w)->dim;
    if (sx[3] != sw[0]) {
        mismatch(name, x, w, "the input's channels and the kernel's first axis must agree");
        return NULL;
    }
    /* x plays the part of the convolution's output gradient. */
    conv_geom m = geom_from_opts(opts);
    m.n = sx[0], m.ho = sx[1], m.wo = sx[2], m.o = sx[3];
    m.kh = sw[1], m.kw = sw[2], m.c = sw[3];
    if (check_sides(name, x, w, &m)) return NULL;
    m.h = m.sh * (m.ho - 1) + m.dh * (m.kh - 1) + 1 - opts->pad_top - opts->pad_bottom +
          opts->output_pad_h;
    m.w = m.sw * (m.wo - 1) + m.dw * (m.kw - 1) + 1 - opts->pad_left - opts->pad_right +
          opts->output_pad_w;
    int extra = (opts->output_pad_h && opts->output_pad_h >= m.sh && opts->output_pad_h >= m.dh) ||
                (opts->output_pad_w && opts->output_pad_w >= m.sw && opts->output_pad_w >= m.dw);
    if (extra) {
        mismatch(name, x, w, "output_pad must be smaller than the stride or the dilation");
        return NULL;
    }
    if (m.ho < 1 || m.wo < 1 || m.kh < 1 || m.kw < 1 || m.h < 1 || m.w < 1) {
        mismatch(name, x, w, "nothing is left after the padding");
        return NULL;
    }
    if (check_products(name, x, w, &m)) return NULL;
    return op_conv_data_grad(x, w, &m);
}

gan_tensor *op_conv2d_data_grad(gan_tensor *g, gan_tensor *w, int64_t h, int64_t width,
                                const gan_conv2d_opts *opts) {
    const char *name = "gan_conv2d_data_grad";
    if (prepare(name, g, w, opts)) return NULL;
    const int64_t *sg = tensor_shape(g)->dim, *sw = tensor_shape(w)->dim;
    shape checked;
    if (shape_check(tensor_context(g), name, (int64_t[]){sg[0], h, width, sw[3]}, 4, &checked))
        return NULL;
    conv_geom m = geom_from_opts(opts);
    m.n = sg[0], m.h = h, m.w = width, m.c = sw[3];
    m.o = sw[0], m.kh = sw[1], m.kw = sw[2];
    if (fit_output(name, g, w, &m, opts)) return NULL;
    if (sg[1] != m.ho || sg[2] != m.wo || sg[3] != m.o) {
        mismatch(name, g, w, "the gradient is not of the convolution's output shape");
        return NULL;
    }
    return op_conv_data_grad(g, w, &m);
}

gan_tensor *op_conv2d_weight_grad(gan_tensor *x, gan_tensor *g, int64_t kh, int64_t kw,
                                  const gan_conv2d_opts *opts) {
    const char *name = "gan_conv2d_weight_grad";
    if (prepare(name, x, g, opts)) return NULL;
    const int64_t *sx = tensor_shape(x)->dim, *sg = tensor_shape(g)->dim;
    shape checked;
    if (shape_check(tensor_context(x), name, (int64_t[]){sg[3], kh, kw, sx[3]}, 4, &checked))
        return NULL;
    conv_geom m = geom_from_opts(opts);
    m.n = sx[0], m.h = sx[1], m.w = sx[2], m.c = sx[3];
    m.o = sg[3], m.kh = kh, m.kw = kw;
    if (fit_output(name, x, g, &m, opts)) return NULL;
    if (sg[0] != m.n || sg[1] != m.ho || sg[2] != m.wo) {
        mismatch(name, x, g, "the gradient is not of the convolution's output shape");
        return NULL;
    }
    return op_conv_weight_grad(x, g, &m);
}
