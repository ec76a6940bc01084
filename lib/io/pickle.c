#include "io/pickle.h"

#include "core/alloc.h"
#include "core/error.h"
#include "io/bytes.h"

#include <string.h>

/* A stack machine, as Python's: values are pushed, opcodes join those on top. The stack and the
 * memo hold numbers of values. */
typedef struct machine {
    gan_context *ctx;
    const char *path;
    const uint8_t *begin, *at, *end;
    const pickle_global *globals;
    size_t global_count;
    pickle p;
    int32_t *stack, *memo;
    size_t depth, stack_capacity, memo_count, memo_capacity;
    int stopped;
} machine;

static int32_t refuse(const machine *m, const char *problem) {
    return error_set(m->ctx, GAN_EFORMAT, "%s: pickle, byte %zu: %s", m->path,
                     (size_t)(m->at - m->begin), problem);
}

/* ---- values ---------------------------------------------------------------------------------- */

static int32_t push_again(machine *m, int32_t number) {
    int32_t *stack =
        arena_make_room(m->ctx, m->stack, m->depth, &m->stack_capacity, sizeof *m->stack);
    if (!stack) return GAN_ENOMEM;
    m->stack = stack;
    m->stack[m->depth++] = number;
    return GAN_OK;
}

static int32_t push(machine *m, pickle_value value) {
    pickle *p = &m->p;
    if (p->value_count == INT32_MAX) return refuse(m, "too many values");
    pickle_value *values =
        arena_make_room(m->ctx, p->values, p->value_count, &p->value_capacity, sizeof *values);
    if (!values) return GAN_ENOMEM;
    value.first = value.last = PICKLE_NONE;
    p->values = values;
    p->values[p->value_count] = value;
    return push_again(m, (int32_t)p->value_count++);
}

static int32_t push_kind(machine *m, int kind) {
    return push(m, (pickle_value){.kind = (pickle_kind)kind});
}

static int32_t push_number(machine *m, pickle_kind kind, int64_t number) {
    return push(m, (pickle_value){.kind = kind, .number = number});
}

/* Whether `count` values lie on top of the stack, above its topmost mark. */
static int has(machine *m, size_t count) {
    size_t i = 0;
    while (i < count && i < m->depth && m->p.values[m->stack[m->depth - 1 - i]].kind != PICKLE_MARK)
        i++;
    if (i < count) refuse(m, "the stack is empty");
    return i == count;
}

/* Takes the topmost value off the stack: its number, or PICKLE_NONE with the error set. */
static int32_t pop(machine *m) { return has(m, 1) ? m->stack[--m->depth] : PICKLE_NONE; }

/* The value on top, which must be of that kind; NULL with the error set. */
static pickle_value *top_of(machine *m, pickle_kind kind, const char *problem) {
    pickle_value *v = m->depth ? &m->p.values[m->stack[m->depth - 1]] : NULL;
    if (v && v->kind == kind) return v;
    refuse(m, problem);
    return NULL;
}

static int32_t add_item(machine *m, pickle_value *to, int32_t key, int32_t value) {
    pickle *p = &m->p;
    if (p->item_count == INT32_MAX) return refuse(m, "too many values");
    pickle_item *items =
        arena_make_room(m->ctx, p->items, p->item_count, &p->item_capacity, sizeof *items);
    if (!items) return GAN_ENOMEM;
    p->items = items;
    int32_t number = (int32_t)p->item_count++;
    items[number] = (pickle_item){key, value, PICKLE_NONE};
    if (to->count++)
        items[to->last].next = number;
    else
        to->first = number;
    to->last = number;
    return GAN_OK;
}

/* The stack's depth above the topmost mark; 0: there is none, and the error is set. */
static size_t above_mark(machine *m) {
    size_t at = m->depth;
    while (at > 0 && m->p.values[m->stack[at - 1]].kind != PICKLE_MARK) at--;
    if (!at) refuse(m, "a mark is missing");
    return at;
}

/* Replaces what lies above `base`, and the `below` values under it, by a tuple of it. */
static int32_t collect(machine *m, size_t base, size_t below) {
    int32_t code = push_kind(m, PICKLE_TUPLE);
    size_t end = m->depth - !code;
    for (size_t i = base; i < end && !code; i++)
        code = add_item(m, &m->p.values[m->stack[end]], PICKLE_NONE, m->stack[i]);
    if (code) return code;
    m->stack[base - below] = m->stack[end];
    m->depth = base - below + 1;
    return GAN_OK;
}

static int32_t tuple_marked(machine *m) {
    size_t base = above_mark(m);
    return base ? collect(m, base, 1) : GAN_EFORMAT;
}

static int32_t tuple_of(machine *m, int count) {
    return has(m, (size_t)count) ? collect(m, m->depth - (size_t)count, 0) : GAN_EFORMAT;
}

/* Moves what lies above `base` into the container below it, as pairs or one by one; the mark
 * between them goes too. */
static int32_t extend(machine *m, size_t base, size_t mark, int kind) {
    size_t step = kind == PICKLE_DICT ? 2 : 1, end = m->depth;
    if ((end - base) % step) return refuse(m, "a key without a value");
    m->depth = base - mark;
    pickle_value *to =
        top_of(m, (pickle_kind)kind, "items are added to something else than a container");
    int32_t code = to ? GAN_OK : GAN_EFORMAT;
    for (size_t i = base; i < end && !code; i += step)
        code = add_item(m, to, step == 2 ? m->stack[i] : PICKLE_NONE, m->stack[i + step - 1]);
    return code;
}

static int32_t extend_marked(machine *m, int kind) {
    size_t base = above_mark(m);
    return base ? extend(m, base, 1, kind) : GAN_EFORMAT;
}

static int32_t extend_one(machine *m, int kind) {
    size_t count = kind == PICKLE_DICT ? 2 : 1;
    return has(m, count) ? extend(m, m->depth - count, 0, kind) : GAN_EFORMAT;
}

/* ---- reading --------------------------------------------------------------------------------- */

/* Moves over `count` bytes and gives their begin, or NULL with the error set. */
static const uint8_t *take(machine *m, uint64_t count) {
    if (count > (size_t)(m->end - m->at)) {
        refuse(m, "is cut off");
        return NULL;
    }
    const uint8_t *bytes = m->at;
    m->at += count;
    return bytes;
}

static int32_t take_number(machine *m, int bytes, uint64_t *out) {
    const uint8_t *at = take(m, (uint64_t)bytes);
    if (!at) return GAN_EFORMAT;
    *out = bytes_le(at, bytes);
    return GAN_OK;
}

/* What follows its size of `width` bytes. */
static int32_t push_sized(machine *m, int width, pickle_kind kind) {
    uint64_t size;
    const uint8_t *text = take_number(m, width, &size) ? NULL : take(m, size);
    if (!text) return GAN_EFORMAT;
    return push(m,
                (pickle_value){.kind = kind, .number = (int64_t)size, .text = (const char *)text});
}

static int32_t push_string(machine *m, int width) { return push_sized(m, width, PICKLE_STRING); }

static int32_t push_bytes(machine *m, int width) { return push_sized(m, width, PICKLE_OTHER); }

static int32_t push_bool(machine *m, int value) { return push_number(m, PICKLE_INT, value); }

static int32_t push_int(machine *m, int width) {
    uint64_t value;
    if (take_number(m, width, &value)) return GAN_EFORMAT;
    return push_number(m, PICKLE_INT, width == 4 ? (int32_t)(uint32_t)value : (int64_t)value);
}

/* Two's complement of any length; what does not fit into 64 bits is no size of a tensor. */
static int32_t push_long(machine *m) {
    uint64_t size;
    if (take_number(m, 1, &size)) return GAN_EFORMAT;
    const uint8_t *at = take(m, size);
    if (!at) return GAN_EFORMAT;
    if (size > 8) return push_kind(m, PICKLE_OTHER);
    uint64_t value = bytes_le(at, (int)size);
    if (size > 0 && size < 8 && at[size - 1] & 0x80) value |= ~(uint64_t)0 << 8 * size;
    int64_t number;
    memcpy(&number, &value, sizeof number);
    return push_number(m, PICKLE_INT, number);
}

static int32_t push_other(machine *m, int bytes) {
    return take(m, (uint64_t)bytes) ? push_kind(m, PICKLE_OTHER) : GAN_EFORMAT;
}

/* ---- memo ------------------------------------------------------------------------------------ */

static int32_t remember(machine *m, uint64_t place) {
    if (!has(m, 1)) return GAN_EFORMAT;
    /* Pickles count their places. A far one would ask for memory that its bytes do not pay for. */
    if (place > m->memo_count) return refuse(m, "a place of the memo is skipped");
    if (place == m->memo_count) {
        int32_t *memo =
            arena_make_room(m->ctx, m->memo, m->memo_count, &m->memo_capacity, sizeof *m->memo);
        if (!memo) return GAN_ENOMEM;
        m->memo = memo;
        m->memo_count++;
    }
    m->memo[place] = m->stack[m->depth - 1];
    return GAN_OK;
}

static int32_t remember_next(machine *m) { return remember(m, m->memo_count); }

static int32_t remember_at(machine *m, int width) {
    uint64_t place;
    return take_number(m, width, &place) ? GAN_EFORMAT : remember(m, place);
}

static int32_t recall(machine *m, int width) {
    uint64_t place;
    if (take_number(m, width, &place)) return GAN_EFORMAT;
    if (place >= m->memo_count) return refuse(m, "a place of the memo is empty");
    return push_again(m, m->memo[place]);
}

/* ---- globals and calls ----------------------------------------------------------------------- */

static int same(const char *text, const char *bytes, size_t count) {
    return strlen(text) == count && memcmp(text, bytes, count) == 0;
}

static int32_t push_global(machine *m, const char *module, size_t module_bytes, const char *name,
                           size_t name_bytes) {
    for (size_t i = 0; i < m->global_count; i++)
        if (same(m->globals[i].module, module, module_bytes) &&
            same(m->globals[i].name, name, name_bytes))
            return push_number(m, PICKLE_GLOBAL, (int64_t)i);
    int a = module_bytes < 64 ? (int)module_bytes : 64, b = name_bytes < 64 ? (int)name_bytes : 64;
    return error_set(
        m->ctx, GAN_EFORMAT,
        "%s: the pickle asks for %.*s.%.*s, which no file of plain tensors needs: only "
        "state dicts of tensors are read",
        m->path, a, module, b, name);
}

/* Up to the end of the line, which it moves behind. */
static const char *take_line(machine *m, size_t *bytes) {
    const uint8_t *line = m->at, *end = memchr(line, '\n', (size_t)(m->end - m->at));
    if (!end) {
        refuse(m, "is cut off");
        return NULL;
    }
    *bytes = (size_t)(end - line);
    m->at = end + 1;
    return (const char *)line;
}

static int32_t global_of_lines(machine *m) {
    size_t a, b;
    const char *module = take_line(m, &a), *name = module ? take_line(m, &b) : NULL;
    return name ? push_global(m, module, a, name, b) : GAN_EFORMAT;
}

static int32_t global_of_stack(machine *m) {
    int32_t name = pop(m), module = name < 0 ? PICKLE_NONE : pop(m);
    if (module < 0) return GAN_EFORMAT;
    const pickle_value *a = &m->p.values[module], *b = &m->p.values[name];
    if (a->kind != PICKLE_STRING || b->kind != PICKLE_STRING)
        return refuse(m, "a global without a name");
    return push_global(m, a->text, (size_t)a->number, b->text, (size_t)b->number);
}

static int32_t call(machine *m) {
    int32_t arguments = pop(m), function = arguments < 0 ? PICKLE_NONE : pop(m);
    if (function < 0) return GAN_EFORMAT;
    const pickle_value *f = &m->p.values[function], *a = &m->p.values[arguments];
    if (f->kind != PICKLE_GLOBAL || a->kind != PICKLE_TUPLE)
        return refuse(m, "a call of something else than a global");
    if (m->globals[f->number].makes_dict) {
        if (a->count) return refuse(m, "a dict that is made of arguments");
        return push_kind(m, PICKLE_DICT);
    }
    pickle_value result = {.kind = PICKLE_CALL, .number = f->number, .count = a->count};
    int32_t first = a->first, code = push(m, result);
    if (!code) m->p.values[m->p.value_count - 1].first = first; /* the arguments' own items */
    return code;
}

static int32_t persistent(machine *m) {
    int32_t id = pop(m);
    if (id < 0) return GAN_EFORMAT;
    const pickle_value *a = &m->p.values[id];
    if (a->kind != PICKLE_TUPLE) return refuse(m, "a persistent id that is no tuple");
    int32_t first = a->first;
    int32_t code = push(m, (pickle_value){.kind = PICKLE_PERSISTENT, .count = a->count});
    if (!code) m->p.values[m->p.value_count - 1].first = first;
    return code;
}

/* The attributes of an OrderedDict (_metadata), which hold no tensors. */
static int32_t drop_state(machine *m) {
    if (pop(m) < 0) return GAN_EFORMAT;
    return top_of(m, PICKLE_DICT, "a state for something else than a dict") ? GAN_OK : GAN_EFORMAT;
}

static int32_t stop(machine *m) {
    m->stopped = 1;
    m->p.root = pop(m);
    if (m->p.root < 0) return GAN_EFORMAT;
    return m->depth ? refuse(m, "values are left at the end") : GAN_OK;
}

/* ---- opcodes --------------------------------------------------------------------------------- */

static int32_t protocol(machine *m) {
    uint64_t version;
    if (take_number(m, 1, &version)) return GAN_EFORMAT;
    return version >= 2 && version <= 5 ? GAN_OK : refuse(m, "of another protocol than 2 to 5");
}

/* Frames tell readers how much to fetch at once. */
static int32_t skip_frame(machine *m) { return take(m, 8) ? GAN_OK : GAN_EFORMAT; }

/* As Python's pickletools.py lists them; a number that the opcode stands for is `argument`. */
static const struct {
    uint8_t opcode;
    int32_t (*run)(machine *m);
    int32_t (*run_with)(machine *m, int argument);
    int argument;
} opcodes[] = {
    {0x80, .run = protocol},
    {0x95, .run = skip_frame},
    {'.', .run = stop},
    {'(', .run_with = push_kind, .argument = PICKLE_MARK},
    {'N', .run_with = push_kind, .argument = PICKLE_OTHER},
    {')', .run_with = push_kind, .argument = PICKLE_TUPLE},
    {']', .run_with = push_kind, .argument = PICKLE_TUPLE},
    {'}', .run_with = push_kind, .argument = PICKLE_DICT},
    {0x88, .run_with = push_bool, .argument = 1},
    {0x89, .run_with = push_bool, .argument = 0},
    {'J', .run_with = push_int, .argument = 4},
    {'K', .run_with = push_int, .argument = 1},
    {'M', .run_with = push_int, .argument = 2},
    {0x8a, .run = push_long},
    {'G', .run_with = push_other, .argument = 8},   /* BINFLOAT */
    {'X', .run_with = push_string, .argument = 4},  /* BINUNICODE */
    {0x8c, .run_with = push_string, .argument = 1}, /* SHORT_BINUNICODE */
    {0x8d, .run_with = push_string, .argument = 8}, /* BINUNICODE8 */
    {'T', .run_with = push_string, .argument = 4},  /* BINSTRING and the next: Python 2's */
    {'U', .run_with = push_string, .argument = 1},
    {'B', .run_with = push_bytes, .argument = 4},
    {'C', .run_with = push_bytes, .argument = 1},
    {0x8e, .run_with = push_bytes, .argument = 8}, /* BINBYTES8 */
    {'t', .run = tuple_marked},
    {0x85, .run_with = tuple_of, .argument = 1},
    {0x86, .run_with = tuple_of, .argument = 2},
    {0x87, .run_with = tuple_of, .argument = 3},
    {'a', .run_with = extend_one, .argument = PICKLE_TUPLE},
    {'e', .run_with = extend_marked, .argument = PICKLE_TUPLE},
    {'s', .run_with = extend_one, .argument = PICKLE_DICT},
    {'u', .run_with = extend_marked, .argument = PICKLE_DICT},
    {'q', .run_with = remember_at, .argument = 1},
    {'r', .run_with = remember_at, .argument = 4},
    {0x94, .run = remember_next}, /* MEMOIZE */
    {'h', .run_with = recall, .argument = 1},
    {'j', .run_with = recall, .argument = 4},
    {'c', .run = global_of_lines},
    {0x93, .run = global_of_stack},
    {'R', .run = call},
    {'Q', .run = persistent},
    {'b', .run = drop_state},
};

static int32_t step(machine *m) {
    const uint8_t *opcode = take(m, 1);
    if (!opcode) return GAN_EFORMAT;
    for (size_t i = 0; i < sizeof opcodes / sizeof *opcodes; i++)
        if (opcodes[i].opcode == *opcode)
            return opcodes[i].run ? opcodes[i].run(m) : opcodes[i].run_with(m, opcodes[i].argument);
    return error_set(m->ctx, GAN_EFORMAT,
                     "%s: pickle, byte %zu: opcode 0x%02x, which no state dict needs", m->path,
                     (size_t)(opcode - m->begin), (unsigned)*opcode);
}

int32_t pickle_read(gan_context *ctx, const char *path, const uint8_t *bytes, size_t count,
                    const pickle_global *globals, size_t global_count, pickle *out) {
    machine m = {.ctx = ctx,
                 .path = path,
                 .begin = bytes,
                 .at = bytes,
                 .end = bytes + count,
                 .globals = globals,
                 .global_count = global_count};
    int32_t code = count && *bytes == 0x80 ? GAN_OK : refuse(&m, "does not begin with a protocol");
    while (!code && !m.stopped) code = step(&m);
    arena_free(ctx, m.stack);
    arena_free(ctx, m.memo);
    if (code)
        pickle_release(ctx, &m.p);
    else
        *out = m.p;
    return code;
}

void pickle_release(gan_context *ctx, pickle *p) {
    arena_free(ctx, p->values);
    arena_free(ctx, p->items);
}

const pickle_value *pickle_at(const pickle *p, const pickle_value *v, int32_t i) {
    if (i >= v->count) return NULL;
    int32_t at = v->first;
    while (i-- > 0) at = p->items[at].next;
    return &p->values[p->items[at].value];
}
