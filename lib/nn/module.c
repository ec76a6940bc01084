#include "nn/module.h"

#include "core/alloc.h"
#include "core/context.h"
#include "core/error.h"
#include "core/node.h"
#include "kernels/kernels.h"
#include "nn/init.h"

#include <stdio.h>
#include <string.h>

/* Deeper trees would only be found to overflow the stack. */
enum { DEPTH_MOST = 64, NUMBER_TEXT = 24 };

/* ---- building -------------------------------------------------------------------------------- */

static void module_destroy(object *o) {
    gan_module *m = (gan_module *)o;
    for (size_t i = 0; i < m->child_count; i++) object_unref(&m->children[i]->base);
    for (size_t i = 0; i < m->entry_count; i++) {
        tensor_unref(m->entries[i].tensor);
        arena_free(o->ctx, m->entries[i].path);
    }
    arena_free(o->ctx, m->children);
    arena_free(o->ctx, m->entries);
    arena_free(o->ctx, m->path);
    arena_free(o->ctx, m->label);
    object_free(o);
}

/* "a" and "b" as "a.b"; an empty a as "b". */
static char *join(gan_context *ctx, const char *a, const char *b) {
    size_t room = strlen(a) + strlen(b) + 2;
    char *path = arena_alloc(ctx, room);
    if (path) snprintf(path, room, "%s%s%s", a, *a ? "." : "", b);
    return path;
}

static const char *last_part(const char *path) {
    const char *dot = strrchr(path, '.');
    return dot ? dot + 1 : path;
}

static char *label(gan_context *ctx, const char *path, const module_class *class) {
    size_t room = strlen(path) + strlen(class->name) + 4;
    char *text = arena_alloc(ctx, room);
    if (text) snprintf(text, room, *path ? "%s (%s)" : "%s%s", path, class->name);
    return text;
}

static gan_module *own_child(const gan_module *m, const char *name, size_t length) {
    for (size_t i = 0; i < m->child_count; i++) {
        const char *other = m->children[i]->name;
        if (strlen(other) == length && !memcmp(other, name, length)) return m->children[i];
    }
    return NULL;
}

entry *module_own_entry(const gan_module *m, const char *name) {
    for (size_t i = 0; i < m->entry_count; i++)
        if (!strcmp(m->entries[i].name, name)) return &m->entries[i];
    return NULL;
}

int32_t module_check_name(const char *function, const gan_module *m, const char *name) {
    gan_context *ctx = m->base.ctx;
    if (!m->class->container)
        return error_set(ctx, GAN_EINVAL, "%s: %s is a layer, nothing can be added to it", function,
                         m->label);
    if (!name || !*name || strchr(name, '.'))
        return error_set(ctx, GAN_EINVAL, "%s: a name may not be empty nor hold a dot: \"%s\"",
                         function, name ? name : "");
    if (module_own_entry(m, name) || own_child(m, name, strlen(name)))
        return error_set(ctx, GAN_EINVAL, "%s: %s has a \"%s\" already", function, m->label, name);
    return GAN_OK;
}

/* The name a child of `parent` shall have: the given one or a number; NULL with the error set. */
static const char *child_name(const module_class *class, const gan_module *parent, const char *name,
                              char number[NUMBER_TEXT]) {
    char function[64];
    snprintf(function, sizeof function, "gan_add_%s", class->name);
    snprintf(number, NUMBER_TEXT, "%zu", parent->child_count);
    if (!name) name = number;
    if (module_check_name(function, parent, name)) return NULL;
    if (parent->depth < DEPTH_MOST) return name;
    error_set(parent->base.ctx, GAN_EINVAL, "%s: the tree is more than %d deep", function,
              DEPTH_MOST);
    return NULL;
}

gan_module *module_new(gan_context *ctx, const module_class *class, const gan_module *parent,
                       const char *name) {
    char number[NUMBER_TEXT];
    if (parent) name = child_name(class, parent, name, number);
    if (parent && !name) return NULL;
    gan_module *m = object_new(ctx, sizeof *m, module_destroy);
    if (!m) return NULL;
    m->class = class;
    m->training = parent ? parent->training : 1;
    m->cumulative = parent ? parent->cumulative : 0;
    m->depth = parent ? parent->depth + 1 : 0;
    m->path = parent ? join(ctx, parent->path, name) : arena_strdup(ctx, "");
    m->label = m->path ? label(ctx, m->path, class) : NULL;
    if (!m->label) {
        object_unref(&m->base);
        return NULL;
    }
    m->name = last_part(m->path);
    return m;
}

static void count_up(gan_module *m, size_t entries, size_t parameters) {
    for (; m; m = m->parent) {
        m->entry_total += entries;
        m->parameter_total += parameters;
    }
}

static int entry_is_parameter(const entry *e) { return e->role != ROLE_BUFFER; }

gan_tensor *module_add_entry(gan_module *m, const char *name, int32_t role, int32_t layout,
                             const shape *s) {
    gan_context *ctx = m->base.ctx;
    entry *room =
        arena_make_room(ctx, m->entries, m->entry_count, &m->entry_capacity, sizeof *room);
    if (!room) return NULL;
    m->entries = room;
    entry e = {.path = join(ctx, m->path, name), .role = role, .layout = layout};
    e.tensor = e.path ? tensor_create(ctx, s) : NULL;
    if (!e.tensor || tensor_make_leaf(e.tensor, role == ROLE_BUFFER)) {
        tensor_unref(e.tensor);
        arena_free(ctx, e.path);
        return NULL;
    }
    e.name = last_part(e.path);
    m->entries[m->entry_count++] = e;
    count_up(m, 1, entry_is_parameter(&e) ? 1 : 0);
    return e.tensor;
}

void module_drop_entries(gan_module *m, size_t count) {
    while (m->entry_count > count) {
        entry *e = &m->entries[--m->entry_count];
        count_up(m, (size_t)-1, entry_is_parameter(e) ? (size_t)-1 : 0); /* one fewer */
        tensor_unref(e->tensor);
        arena_free(m->base.ctx, e->path);
    }
}

int32_t module_rename_entry(gan_module *m, entry *e, const char *name) {
    char *path = join(m->base.ctx, m->path, name);
    if (!path) return GAN_ENOMEM;
    arena_free(m->base.ctx, e->path);
    e->path = path;
    e->name = last_part(path);
    return GAN_OK;
}

gan_module *module_attach(gan_module *parent, gan_module *m, int32_t code) {
    if (!m) return NULL;
    gan_module **room = code ? NULL
                             : arena_make_room(m->base.ctx, parent->children, parent->child_count,
                                               &parent->child_capacity, sizeof *room);
    if (!room) {
        object_unref(&m->base);
        return NULL;
    }
    parent->children = room;
    parent->children[parent->child_count++] = m;
    m->parent = parent;
    count_up(parent, m->entry_total, m->parameter_total);
    return m;
}

/* ---- looking --------------------------------------------------------------------------------- */

entry *module_entry(const gan_module *m, size_t i) {
    if (i < m->entry_count) return &m->entries[i];
    i -= m->entry_count;
    for (size_t k = 0; k < m->child_count; k++) {
        if (i < m->children[k]->entry_total) return module_entry(m->children[k], i);
        i -= m->children[k]->entry_total;
    }
    return NULL;
}

entry *module_parameter(const gan_module *m, size_t i) {
    for (size_t k = 0; k < m->entry_count; k++)
        if (entry_is_parameter(&m->entries[k]) && i-- == 0) return &m->entries[k];
    for (size_t k = 0; k < m->child_count; k++) {
        if (i < m->children[k]->parameter_total) return module_parameter(m->children[k], i);
        i -= m->children[k]->parameter_total;
    }
    return NULL;
}

const char *module_entry_name(const gan_module *m, const entry *e) {
    return *m->path ? e->path + strlen(m->path) + 1 : e->path;
}

gan_module *module_child(const gan_module *m, const char *path, size_t length) {
    gan_module *child = NULL;
    for (const char *end = path + length; m && path <= end; m = child) {
        const char *dot = memchr(path, '.', (size_t)(end - path));
        size_t part = (size_t)((dot ? dot : end) - path);
        child = own_child(m, path, part);
        path += part + 1;
    }
    return child;
}

entry *module_find(const gan_module *m, const char *path) {
    const char *name = last_part(path);
    if (name != path) m = module_child(m, path, (size_t)(name - path) - 1);
    return m ? module_own_entry(m, name) : NULL;
}

gan_tensor *module_own(const gan_module *m, const char *name) {
    const entry *e = module_own_entry(m, name);
    return e ? e->tensor : NULL;
}

/* ---- the whole tree -------------------------------------------------------------------------- */

void module_train(gan_module *m, int32_t on) {
    m->training = on;
    for (size_t i = 0; i < m->child_count; i++) module_train(m->children[i], on);
}

const gan_module *module_in_training(const gan_module *m) {
    const gan_module *found = m->training && m->class->two_modes ? m : NULL;
    for (size_t i = 0; i < m->child_count && !found; i++)
        found = module_in_training(m->children[i]);
    return found;
}

void module_freeze(gan_module *m, int32_t frozen) {
    /* Parameters are leaves already, so this only sets a flag and cannot fail. */
    for (size_t i = 0; i < m->parameter_total; i++)
        tensor_make_leaf(module_parameter(m, i)->tensor, frozen);
}

/* The entry of `from` that fits e, or NULL with the error set. */
static const entry *counterpart(const char *function, const gan_module *to, const entry *e,
                                const gan_module *from) {
    gan_context *ctx = to->base.ctx;
    const char *name = module_entry_name(to, e);
    const entry *other = module_find(from, name);
    if (!other) {
        error_set(ctx, GAN_EINVAL, "%s: the source has no \"%s\"", function, name);
        return NULL;
    }
    const shape *a = tensor_shape(e->tensor), *b = tensor_shape(other->tensor);
    if (shape_equal(a, b)) return other;
    char ta[SHAPE_TEXT], tb[SHAPE_TEXT];
    error_set(ctx, GAN_EINVAL, "%s: \"%s\" is %s, in the source %s", function, name,
              shape_text(a, ta), shape_text(b, tb));
    return NULL;
}

/* The two trees have the same names and shapes. */
static int32_t check_alike(const char *function, const gan_module *to, const gan_module *from) {
    for (size_t i = 0; i < to->entry_total; i++)
        if (!counterpart(function, to, module_entry(to, i), from)) return GAN_EINVAL;
    for (size_t i = 0; i < from->entry_total; i++) {
        const char *name = module_entry_name(from, module_entry(from, i));
        if (!module_find(to, name))
            return error_set(to->base.ctx, GAN_EINVAL, "%s: only the source has a \"%s\"", function,
                             name);
    }
    return GAN_OK;
}

int32_t module_copy(gan_module *to, const gan_module *from) {
    int32_t code = check_alike("gan_module_copy", to, from);
    for (size_t i = 0; i < to->entry_total && !code; i++) {
        const entry *e = module_entry(to, i);
        tensor_copy(e->tensor, module_find(from, module_entry_name(to, e))->tensor);
    }
    return code;
}

int32_t module_average(gan_module *average, const gan_module *m, double decay) {
    int32_t code = check_alike("gan_module_average", average, m);
    for (size_t i = 0; i < average->entry_total && !code; i++) {
        const entry *e = module_entry(average, i);
        const gan_tensor *source = module_find(m, module_entry_name(average, e))->tensor;
        if (decay == 0 || (!entry_is_parameter(e) && !e->statistic)) {
            tensor_copy(e->tensor, source);
            continue;
        }
        update_average(average->base.ctx, tensor_size(source), decay, tensor_values(source),
                       tensor_data(e->tensor));
        tensor_touch(e->tensor);
    }
    return code;
}

/* The count of batches is what weighs the next one, so the old statistics go with the first. */
void module_average_statistics(gan_module *m, int32_t on) {
    m->cumulative = on;
    for (size_t i = 0; i < m->entry_count && on; i++)
        if (m->entries[i].integer) init_constant(m->entries[i].tensor, 0);
    for (size_t i = 0; i < m->child_count; i++) module_average_statistics(m->children[i], on);
}

int32_t module_init(gan_module *m, int32_t method, double a) {
    int32_t code = GAN_OK;
    for (size_t i = 0; i < m->parameter_total && !code; i++) {
        const entry *e = module_parameter(m, i);
        if (e->role == ROLE_WEIGHT) code = init_tensor(e->tensor, method, a);
        if (e->role == ROLE_BIAS) init_constant(e->tensor, 0);
    }
    return code;
}

static int is_weight(const entry *e) {
    switch (e->role) {
    case ROLE_WEIGHT:
    case ROLE_TABLE:
        return 1;
    case ROLE_HOST:
        return strcmp(e->name, "bias") != 0;
    default:
        return 0;
    }
}

void module_clip(gan_module *m, double bound, int32_t weights_only) {
    for (size_t i = 0; i < m->parameter_total; i++) {
        const entry *e = module_parameter(m, i);
        if (weights_only && !is_weight(e)) continue;
        update_clamp(m->base.ctx, tensor_size(e->tensor), bound, tensor_data(e->tensor));
        tensor_touch(e->tensor);
    }
}
