#!/usr/bin/env bash
# The report of a run, as a browser shows it: pictures and curves are seen, in light and in dark,
# and nothing comes from elsewhere.
#
# SPDX-License-Identifier: MIT
. "$(dirname "$0")/common.bash"
small_data data
"$train" --system wgan-gp --data data --width 8 --batch 8 --steps 40 --sample-every 10 --out run \
    >/dev/null 2>&1
page=run/report.html

grep -qiE '<script|https?:|url\(|@import|<link' $page && fail "the page is not on its own"
grep -oE 'src="[^,]*' $page | grep -v '^src="data:image/png;base64$' && fail "a picture is elsewhere"
[ "$(grep -c '<svg' $page)" -eq 6 ] || fail "not six charts of wgan-gp"
grep -q '<dt>Gradient penalty</dt><dd>between real and generated, weight 10</dd>' $page ||
    fail "the configuration is not told"
python3 - $page <<'PYTHON'
import html.parser, sys
class Page(html.parser.HTMLParser):
    open_tags = []
    def handle_starttag(self, tag, attributes):
        if tag not in ("meta", "img", "path"): self.open_tags.append(tag)
    def handle_startendtag(self, tag, attributes): pass
    def handle_endtag(self, tag):
        assert self.open_tags.pop() == tag, f"</{tag}> closes nothing"
page = Page()
page.feed(open(sys.argv[1]).read())
assert not page.open_tags, page.open_tags
PYTHON

browser=$(command -v chromium) || fail "no chromium: see TEST_PACKAGES in cmake/packages.sh"

# look NAME FLAG...: a screenshot.
look() {
    local name=$1
    shift
    timeout 120 "$browser" --headless --no-sandbox --disable-gpu --hide-scrollbars \
        --user-data-dir="$work/profile" --window-size=1000,2000 --screenshot="$work/$name.png" "$@" \
        "file://$work/$page" >browser 2>&1 || fail "chromium: $(tail -3 browser)"
    [ -s "$name.png" ] || fail "no screenshot: $(tail -3 browser)"
}
look light
look dark --force-dark-mode

"${GAN_PYTHON:-python3}" - <<'PYTHON' # with NumPy
import gan
with gan.Context() as context:
    shots = {name: (gan.png_read(context, f"{name}.png", 3, 0, 255).numpy()[0] + 0.5).astype(int)
             for name in ("light", "dark")}
for name, (lo, hi), curves in (("light", (240, 255), ((36, 99, 201), (200, 80, 12))),
                               ("dark", (0, 40), ((120, 170, 255), (255, 155, 94)))):
    shot = shots[name]
    assert lo <= shot[2, 2].min() and shot[2, 2].max() <= hi, f"{name}: page {shot[2, 2]}"
    for colour in curves:
        seen = (abs(shot - colour).max(axis=2) <= 8).sum()
        assert seen > 200, f"{name}: {seen} pixels of the curve {colour}"
    red, green, blue = shot[..., 0], shot[..., 1], shot[..., 2]
    grey = (red == green) & (green == blue) & (red > 60) & (red < 200)
    assert grey.mean() > 0.05, f"{name}: {grey.mean():.3f} of it are samples"
PYTHON
