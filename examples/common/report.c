/* SPDX-License-Identifier: MIT */
#include "common/report.h"
#include "common/chart.h"
#include "common/files.h"
#include "common/log.h"

#include <stdint.h>
#include <stdlib.h>

static const char page_style[] =
    ":root{color-scheme:light dark;--page:#fbfbf9;--card:#fff;--ink:#1c1e21;--faint:#666b73;"
    "--line:#e4e4df;--s0:#2463c9;--s1:#c8500c;--s2:#1b8551}\n"
    "@media(prefers-color-scheme:dark){:root{--page:#131518;--card:#1b1e22;--ink:#e7e8ea;"
    "--faint:#9aa0a8;--line:#30353b;--s0:#78aaff;--s1:#ff9b5e;--s2:#58cf96}}\n"
    "body{margin:0;background:var(--page);color:var(--ink);"
    "font:16px/1.45 system-ui,-apple-system,\"Segoe UI\",sans-serif}\n"
    "main{max-width:1120px;margin:0 auto;padding:2rem 1.2rem 4rem}\n"
    "h1{margin:0;font-size:1.7rem;line-height:1.2}\n"
    "h2{margin:2.2rem 0 .8rem;font-size:1.15rem}\n"
    ".summary{margin:.3rem 0 0;color:var(--faint)}\n"
    ".cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,440px),1fr));"
    "gap:1rem}\n"
    ".card,.cards>figure{background:var(--card);border:1px solid var(--line);border-radius:10px;"
    "padding:1rem}\n"
    ".pictures img{display:block;width:100%;height:auto;image-rendering:pixelated;"
    "border-radius:4px}\n"
    "dl{margin:0;columns:2 340px;column-gap:2.5rem}\n"
    "dl div{display:flex;justify-content:space-between;gap:1rem;padding:.28rem 0;"
    "border-bottom:1px solid var(--line);break-inside:avoid}\n"
    "dt{color:var(--faint)}dd{margin:0;text-align:right;overflow-wrap:anywhere}\n";

static const chart charts[] = {
    {"Losses",
     "what each network minimises, penalty included",
     0,
     {{"discriminator", LOG_D_LOSS}, {"generator", LOG_G_LOSS}}},
    {"Wasserstein estimate",
     "how far the critic tells real from generated: should fall",
     0,
     {{"estimate", LOG_WASSERSTEIN}}},
    {"Gradient penalty",
     "times its weight: small when the discriminator is as smooth as asked",
     0,
     {{"penalty", LOG_PENALTY}}},
    {"Convergence", "BEGAN&rsquo;s global measure M: should fall", 0, {{"M", LOG_MEASURE}}},
    {"Balance", "k, the weight of generated images in BEGAN&rsquo;s game", 0, {{"k", LOG_K}}},
    {"Distance to the targets",
     "mean absolute difference of pixels, from -1 to 1: should fall",
     0,
     {{"L1", LOG_L1}}},
    {"Scores",
     "what the discriminator gives, on average",
     0,
     {{"real", LOG_REAL_SCORE}, {"generated", LOG_FAKE_SCORE}}},
    {"Gradient norms",
     "of all parameters together; the axis is logarithmic",
     1,
     {{"discriminator", LOG_D_GRAD_NORM}, {"generator", LOG_G_GRAD_NORM}}},
    {"Speed",
     "real images that the discriminator learned from, a second",
     0,
     {{"images/s", LOG_IMAGES_PER_SECOND}}},
};

static void put_text(FILE *f, const char *text) {
    for (; *text; text++) {
        if (*text == '<')
            fputs("&lt;", f);
        else if (*text == '&')
            fputs("&amp;", f);
        else if (*text == '"')
            fputs("&quot;", f);
        else
            fputc(*text, f);
    }
}

/* RFC 4648. */
static void put_base64(FILE *f, const uint8_t *bytes, size_t count) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < count; i += 3) {
        size_t left = count - i;
        unsigned word = (unsigned)bytes[i] << 16 | (left > 1 ? (unsigned)bytes[i + 1] << 8 : 0) |
                        (left > 2 ? bytes[i + 2] : 0);
        char four[4] = {digits[word >> 18], digits[word >> 12 & 63],
                        left > 1 ? digits[word >> 6 & 63] : '=',
                        left > 2 ? digits[word & 63] : '='};
        fwrite(four, 1, sizeof four, f);
    }
}

static int put_picture(FILE *f, const report *r, const char *name, const char *title,
                       const char *about) {
    char path[PATH_BYTES], *content;
    size_t bytes;
    if (read_file(join_path(path, r->folder, name), &content, &bytes)) return 1;
    fprintf(f, "<figure><figcaption><h3>%s</h3><p>", title);
    put_text(f, about);
    fprintf(f, "</p></figcaption>\n<img alt=\"%s\" src=\"data:image/png;base64,", title);
    put_base64(f, (const uint8_t *)content, bytes);
    fputs("\"></figure>\n", f);
    free(content);
    return 0;
}

static void put_head(FILE *f, const report *r) {
    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<title>",
          f);
    put_text(f, r->title);
    fprintf(f, "</title>\n<style>\n%s%s</style>\n</head>\n<body>\n<main>\n<h1>", page_style,
            chart_style);
    put_text(f, r->title);
    fputs("</h1>\n<p class=\"summary\">", f);
    put_text(f, r->summary);
    fputs("</p>\n", f);
}

static void put_facts(FILE *f, const report *r) {
    fputs("<h2>Configuration</h2>\n<div class=\"card\"><dl>\n", f);
    for (size_t i = 0; i < r->fact_count; i++) {
        fputs("<div><dt>", f);
        put_text(f, r->facts[i].name);
        fputs("</dt><dd>", f);
        put_text(f, r->facts[i].value);
        fputs("</dd></div>\n", f);
    }
    fputs("</dl></div>\n", f);
}

static int put_gallery(FILE *f, const report *r) {
    fputs("<h2>Samples at close range</h2>\n<div class=\"cards pictures\">\n", f);
    int bad = put_picture(f, r, r->gallery, "Neighbours",
                          "samples, and to the right of each the nearest training image") ||
              put_picture(f, r, r->ways, "Between samples",
                          "a row from the latents of one to those of another");
    fputs("</div>\n", f);
    return bad;
}

static int put_body(FILE *f, const report *r) {
    char path[PATH_BYTES];
    log_row *rows;
    size_t count;
    if (log_read(join_path(path, r->folder, "log.jsonl"), &rows, &count)) return 1;
    put_head(f, r);
    fputs("<h2>Samples</h2>\n<div class=\"cards pictures\">\n", f);
    int bad = put_picture(f, r, r->samples, "Last samples", r->pictured) ||
              put_picture(f, r, r->animation, "From the first step to the last",
                          "the same again, over the training");
    fputs("</div>\n", f);
    if (count > 0) fputs("<h2>Curves, by step</h2>\n<div class=\"cards\">\n", f);
    for (size_t i = 0; i < sizeof charts / sizeof *charts && count > 0; i++)
        chart_write(f, &charts[i], rows, count);
    if (count > 0) fputs("</div>\n", f);
    if (!bad && r->gallery) bad = put_gallery(f, r);
    put_facts(f, r);
    fputs("</main>\n</body>\n</html>\n", f);
    free(rows);
    return bad;
}

int report_write(const report *r) {
    new_file f;
    if (new_file_open(&f, r->folder, "report.html")) return 1;
    int bad = put_body(f.stream, r);
    return new_file_close(&f, !bad);
}
