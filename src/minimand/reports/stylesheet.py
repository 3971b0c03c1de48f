"""How a report looks: light or dark as the reader's system is, down to 320 pixels wide, and on paper."""

STYLESHEET = """
:root { --paper: #ffffff; --ink: #1b1f24; --quiet: #57606a; --line: #d5dae0; --shade: #f4f6f8; --accent: #0b5cad; }
@media screen and (prefers-color-scheme: dark) {
  :root { --paper: #14171b; --ink: #e6e9ed; --quiet: #a0a8b2; --line: #353c45; --shade: #1d2127; --accent: #7db8f5; }
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body { margin: 0; background: var(--paper); color: var(--ink); line-height: 1.5;
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", Arial, sans-serif; }
header, main { max-width: 68rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 2.25rem; }
main { padding-bottom: 4rem; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 .35rem; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; line-height: 1.3; margin: 2.75rem 0 .75rem; padding-top: .75rem;
  border-top: 1px solid var(--line); overflow-wrap: anywhere; }
p { margin: .5rem 0 1rem; max-width: 46rem; overflow-wrap: anywhere; }
.subtitle { color: var(--quiet); margin: 0 0 .5rem; }
a { color: var(--accent); }
nav ul { list-style: none; display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin: .75rem 0 0; padding: 0; }
nav li { max-width: 100%; overflow-wrap: anywhere; }
.skip { position: absolute; left: -999rem; }
.skip:focus { left: 1rem; top: .5rem; background: var(--paper); padding: .25rem .5rem; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
dl { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 13rem), 1fr)); gap: .75rem 1.5rem;
  margin: 1rem 0; }
dt { color: var(--quiet); font-size: .85rem; }
dd { margin: 0; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; margin: 1rem 0; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; min-width: min(100%, 30rem); }
.caption { color: var(--quiet); font-size: .9rem; margin: 1rem 0 0; }
.caption + .scroll { margin-top: .35rem; }
th, td { padding: .35rem .9rem; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line); }
th:first-child, td:first-child { text-align: left; padding-left: .5rem; }
thead th { font-size: .85rem; font-weight: 600; color: var(--quiet); border-bottom-width: 2px; }
tbody th { font-weight: 500; }
.best { font-weight: 700; background: var(--shade); }
details { margin: 1rem 0; }
summary { cursor: pointer; color: var(--accent); padding: .25rem 0; }
figure { margin: 0 0 .6rem; }
figure img { display: block; width: 100%; height: auto; border-radius: 3px; }
figcaption { font-size: .85rem; color: var(--quiet); line-height: 1.35; padding-top: .25rem; overflow-wrap: anywhere; }
.gallery { display: grid; gap: .5rem .75rem; margin: 1rem 0; align-items: start;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, max(var(--column), min(12rem, 22vw))), 1fr)); }
.gallery > div { max-width: max(20rem, var(--column)); }
.gallery.small { grid-template-columns: repeat(auto-fill, minmax(min(100%, var(--column)), 1fr)); }
.single { margin: 1rem 0; }
.slider { position: relative; }
.slider > div { position: absolute; inset: 0 auto 0 0; width: 50%; min-width: 1.2rem; max-width: 100%; overflow: hidden;
  resize: horizontal; border-right: 2px solid var(--accent); }
.slider > div > img { height: 100%; width: auto; max-width: none; border-radius: 0; }
@media (max-width: 30rem) {
  header, main { padding-left: .9rem; padding-right: .9rem; }
  h1 { font-size: 1.4rem; }
  table { font-size: .9rem; min-width: 0; }
  th, td { padding: .35rem .45rem; }
}
@media print {
  body { font-size: 10pt; }
  nav, .skip { display: none; }
  header, main { max-width: none; padding: 0; }
  figure, tr, .single, .gallery:not(.small) { break-inside: avoid; }
  h2 { break-after: avoid; }
  .scroll { overflow: visible; }
  details::details-content { content-visibility: visible; block-size: auto; }
}
"""
