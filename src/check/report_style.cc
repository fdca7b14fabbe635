#include "check/report_style.h"

namespace symbolon::check {

// Every ink on every ground that it stands on has a contrast of 4.5 at least (WCAG 2.1, 1.4.3).
std::string_view report_style() {
  return R"css(
:root {
  color-scheme: light dark;
  --ground: #f4f5f3; --card: #ffffff; --ink: #1a1f24; --faint: #566069; --edge: #d8dcdf; --code: #eef0ee;
  --good: #176338; --good-ground: #e3f3e8; --bad: #b0201a; --bad-ground: #fdeae8;
  --strong: #855000; --strong-ground: #fdf1d7; --plain: #14579e; --plain-ground: #e6f0fb;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #14171a; --card: #1d2226; --ink: #e7eaec; --faint: #a2adb6; --edge: #363d43; --code: #2a3036;
    --good: #7fd79b; --good-ground: #163021; --bad: #ff9089; --bad-ground: #3b1d1b;
    --strong: #f0be5c; --strong-ground: #362a12; --plain: #8dbcff; --plain-ground: #172a42;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0 auto; padding: 1.5rem clamp(1rem, 3vw, 3rem) 3rem; max-width: 84rem; background: var(--ground); color: var(--ink);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", "Liberation Sans", sans-serif; overflow-wrap: anywhere;
}
code, .mono { font-family: ui-monospace, "SFMono-Regular", Menlo, Consolas, "Liberation Mono", monospace; font-size: 0.925em; }
code { padding: 0.05em 0.3em; border-radius: 0.25em; background: var(--code); }
h1, h2, h3, h4, p, ol, ul, dl, dd { margin: 0; padding: 0; }
ol, ul { list-style: none; }
h1 { font-size: clamp(1.35rem, 1rem + 2vw, 2.1rem); line-height: 1.25; letter-spacing: -0.01em; }
h2 { margin: 0 0 0.75rem; font-size: 1.2rem; line-height: 1.3; }
h3 { font-size: 1rem; line-height: 1.4; }
h4 { font-size: 0.925rem; font-weight: 600; }
.brand { margin-bottom: 0.35rem; color: var(--faint); font-size: 0.875rem; }
.verdict {
  display: flex; flex-wrap: wrap; gap: 0.35rem 0.9rem; align-items: baseline; margin: 1rem 0; padding: 0.9rem 1.1rem;
  border: 1px solid; border-radius: 0.6rem; font-size: 1.05rem;
}
.verdict strong { font-size: 1.15rem; }
.verdict span { flex: 1 1 18rem; color: var(--ink); }
.facts { display: flex; flex-wrap: wrap; gap: 0.5rem 2rem; margin-bottom: 1.75rem; }
.facts dt, .card dt { color: var(--faint); font-size: 0.8125rem; }
.good { color: var(--good); } .bad { color: var(--bad); } .strong { color: var(--strong); } .plain { color: var(--plain); }
.ground-good { border-color: var(--good); background: var(--good-ground); color: var(--good); }
.ground-bad { border-color: var(--bad); background: var(--bad-ground); color: var(--bad); }
.ground-strong { border-color: var(--strong); background: var(--strong-ground); color: var(--strong); }
.ground-plain { border-color: var(--plain); background: var(--plain-ground); color: var(--plain); }
section { min-width: 0; margin-bottom: 2rem; }
.card { padding: 1rem 1.1rem; border: 1px solid var(--edge); border-radius: 0.6rem; background: var(--card); }
.card + .card { margin-top: 0.85rem; }
.finding { border-left: 0.3rem solid; }
.finding.edge-bad { border-left-color: var(--bad); }
.finding.edge-strong { border-left-color: var(--strong); }
.finding.edge-plain { border-left-color: var(--plain); }
.badges { display: flex; flex-wrap: wrap; gap: 0.35rem; margin-bottom: 0.4rem; font-size: 0.8125rem; }
.badge { padding: 0.05rem 0.55rem; border: 1px solid var(--edge); border-radius: 1rem; color: var(--faint); white-space: nowrap; }
.badge[class*="ground"] { border-color: transparent; font-weight: 600; }
.badge.ground-bad { color: var(--bad); } .badge.ground-strong { color: var(--strong); } .badge.ground-plain { color: var(--plain); }
.finding p { margin-top: 0.35rem; }
.evidence { color: var(--faint); }
.remedy { margin-top: 0.7rem; padding: 0.6rem 0.8rem; border-radius: 0.4rem; background: var(--good-ground); }
.remedy b { color: var(--good); }
.finding .source { font-size: 0.8125rem; color: var(--faint); }
.ladder { display: block; max-width: 46rem; margin: 0 auto; overflow: visible; font-size: 14px; }
.ladder text { fill: var(--ink); }
.ladder .side { font-size: 15px; font-weight: 700; }
.ladder .name { font-weight: 600; }
.ladder .measure, .ladder .detail { fill: var(--faint); font-size: 12px; font-weight: 400; }
.ladder .measure { font-variant-numeric: tabular-nums; }
.ladder line { stroke: var(--faint); stroke-width: 1.5; }
.ladder .rail { stroke: var(--edge); stroke-width: 3; }
.ladder path { fill: var(--faint); }
.ladder .alert line { stroke: var(--bad); stroke-width: 2.5; }
.ladder .alert .name, .ladder .alert path { fill: var(--bad); }
.ladder .data line { stroke: var(--good); stroke-width: 2.5; }
.ladder .data .name, .ladder .data path { fill: var(--good); }
.ladder .omitted .name, .ladder .end .name { fill: var(--faint); font-style: italic; font-weight: 400; }
.ladder marker.alert path { fill: var(--bad); } .ladder marker.data path { fill: var(--good); }
.chain > li { position: relative; }
.chain > li + li { margin-top: 2.1rem; }
.chain > li + li::before {
  content: "issued by"; position: absolute; top: -1.75rem; left: 1.1rem; padding-left: 0.8rem; border-left: 2px solid var(--edge);
  color: var(--faint); font-size: 0.8125rem; line-height: 1.4rem;
}
.chain > li.broken + li::before { content: "the chain breaks here"; border-left: 2px dashed var(--bad); color: var(--bad); font-weight: 600; }
.card dl { display: grid; grid-template-columns: 4.2rem minmax(0, 1fr); gap: 0.2rem 0.75rem; margin-top: 0.6rem; font-size: 0.925rem; }
.card dt { padding-top: 0.1rem; }
dd { unicode-bidi: isolate; }
.sub { color: var(--faint); font-size: 0.875rem; }
.life { display: block; width: 100%; height: 5px; margin: 0.3rem 0 0.15rem; border-radius: 3px; background: var(--code); }
.life rect { fill: var(--good); } .life.bad rect { fill: var(--bad); } .life.strong rect { fill: var(--strong); }
.trouble { margin-top: 0.7rem; padding: 0.5rem 0.8rem; border-radius: 0.4rem; background: var(--bad-ground); color: var(--bad); }
.sum { margin-top: 0.85rem; }
.asked h3 { margin-top: 0.9rem; }
.asked li { padding: 0.12rem 0; }
.tokens { display: flex; flex-wrap: wrap; gap: 0.35rem; margin-top: 0.35rem; }
.asked .tokens li { padding: 0; }
.notes li { padding: 0.35rem 0; }
.notes li + li { border-top: 1px solid var(--edge); }
.chains { display: grid; gap: 0 1.75rem; }
footer { padding-top: 1rem; border-top: 1px solid var(--edge); color: var(--faint); font-size: 0.875rem; }
footer p + p { margin-top: 0.35rem; }
@media (max-width: 30rem) {
  .card { padding: 0.85rem 0.9rem; }
  .card dl { grid-template-columns: minmax(0, 1fr); gap: 0; }
  .card dt { margin-top: 0.35rem; }
}
@media (min-width: 62rem) {
  .main { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 0 2.25rem; align-items: start; }
  .wide { grid-column: 1 / -1; }
  .chains { grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); align-items: start; }
}
@media print {
  :root {
    color-scheme: light;
    --ground: #ffffff; --card: #ffffff; --ink: #000000; --faint: #4a4a4a; --edge: #bbbbbb; --code: #f0f0f0;
    --good: #0f5a30; --good-ground: #ffffff; --bad: #a01510; --bad-ground: #ffffff;
    --strong: #6e4200; --strong-ground: #ffffff; --plain: #0f4a8a; --plain-ground: #ffffff;
  }
  body { max-width: none; padding: 0; font-size: 10pt; }
  .main, .chains { display: block; }
  .card, .ladder g { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
}
)css";
}

}  // namespace symbolon::check
