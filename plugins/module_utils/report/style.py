# SPDX-FileCopyrightText: The collab.expressway authors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Look and behaviour of the HTML report: one style sheet, one script, nothing from any network."""

from __future__ import annotations

STYLE = """
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #ffffff; --ink: #1b2129; --soft: #55606d; --line: #d9dee5; --link: #0b57a4;
  --bad: #a11212; --bad-back: #fdeaea; --bad-line: #e3a5a5;
  --risk: #7a4300; --risk-back: #fff2db; --risk-line: #e6c48d;
  --good: #14602b; --good-back: #e6f4ea; --good-line: #a9d3b5;
  --calm: #46515e; --calm-back: #eceff3; --calm-line: #cdd4dc;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #12161b; --card: #1a2027; --ink: #e7ebf0; --soft: #a3afbc; --line: #313a45; --link: #8cc0ff;
    --bad: #ffb0aa; --bad-back: #3d1717; --bad-line: #7c3530;
    --risk: #ffd08a; --risk-back: #35270e; --risk-line: #735521;
    --good: #9fdfb1; --good-back: #12301c; --good-line: #2f6843;
    --calm: #b9c4d0; --calm-back: #252d36; --calm-line: #404b58;
  }
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body {
  margin: 0 auto; max-width: 74rem; padding: 1.5rem 1rem 4rem; background: var(--page); color: var(--ink);
  font: 1rem/1.5 system-ui, "Segoe UI", Roboto, "Liberation Sans", sans-serif; overflow-wrap: anywhere;
}
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0 0 .25rem; }
[id] { scroll-margin-top: 4rem; }
h2 { font-size: 1.35rem; margin: 3rem 0 .75rem; padding-top: .75rem; border-top: 3px solid var(--line); }
h3 { font-size: 1.1rem; margin: 2.25rem 0 .6rem; }
h4 { font-size: 1rem; margin: 0; line-height: 1.4; }
p { margin: .4rem 0; }
a { color: var(--link); }
.soft { color: var(--soft); }
.count { color: var(--soft); font-weight: 400; }
.answers { list-style: none; margin: 1.25rem 0; padding: 0; display: grid; gap: .6rem; }
.answer { border: 1px solid var(--calm-line); border-left-width: .5rem; border-radius: .4rem; background: var(--card);
  padding: .7rem 1rem; font-size: 1.1rem; font-weight: 600; }
.answer small { display: block; font-size: .88rem; font-weight: 400; color: var(--soft); }
.answer a { color: inherit; text-decoration: none; }
.answer a:hover, .answer a:focus { text-decoration: underline; }
.answer.bad { border-color: var(--bad-line); border-left-color: var(--bad); }
.answer.risk { border-color: var(--risk-line); border-left-color: var(--risk); }
.answer.good { border-color: var(--good-line); border-left-color: var(--good); }
.finding { background: var(--card); border: 1px solid var(--line); border-left: .35rem solid var(--calm-line);
  border-radius: .4rem; padding: .7rem .9rem; margin: .6rem 0; }
.finding.critical { border-left-color: var(--bad); }
.finding.warning { border-left-color: var(--risk); }
.do { margin: .35rem 0 .1rem; }
.do b { color: var(--soft); font-weight: 600; }
details { margin-top: .35rem; }
summary { cursor: pointer; color: var(--link); }
.finding ul { margin: .4rem 0; padding-left: 1.2rem; }
.finding code.id { font-size: .8rem; color: var(--soft); }
pre { background: var(--calm-back); border: 1px solid var(--line); border-radius: .3rem; padding: .6rem .7rem;
  margin: .4rem 0; overflow-x: auto; max-height: 22rem; font-size: .82rem; line-height: 1.4; }
code, pre, .mono { font-family: ui-monospace, "Cascadia Mono", Menlo, Consolas, "Liberation Mono", monospace; }
.tag { display: inline-block; border: 1px solid; border-radius: 1rem; padding: 0 .55rem; font-size: .82rem;
  font-weight: 600; line-height: 1.55; white-space: nowrap; }
.tag.bad { color: var(--bad); background: var(--bad-back); border-color: var(--bad-line); }
.tag.risk { color: var(--risk); background: var(--risk-back); border-color: var(--risk-line); }
.tag.good { color: var(--good); background: var(--good-back); border-color: var(--good-line); }
.tag.calm { color: var(--calm); background: var(--calm-back); border-color: var(--calm-line); }
.wide { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: .4rem; }
.wide:focus-visible { outline: 2px solid var(--link); }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
caption { text-align: left; color: var(--soft); padding: .55rem .8rem; }
th, td { text-align: left; vertical-align: top; padding: .5rem .8rem; border-top: 1px solid var(--line); min-width: 7rem; }
thead th { font-size: .82rem; color: var(--soft); border-top: 1px solid var(--line); background: var(--calm-back); }
tbody th { font-weight: 600; min-width: 11rem; }
table { overflow-wrap: normal; }
td .mono, .why.mono { overflow-wrap: anywhere; }
th .why, td .why { display: block; font-size: .84rem; font-weight: 400; color: var(--soft); }
td .who { font-size: .84rem; margin-right: .3rem; }
.verdict + .verdict { margin-top: .45rem; }
.filter { position: sticky; top: 0; z-index: 1; display: flex; flex-wrap: wrap; gap: .3rem 1rem; align-items: center;
  margin: 1rem 0; padding: .4rem .9rem; background: var(--card); border: 1px solid var(--line); border-radius: .4rem; }
.filter label { font-size: .85rem; color: var(--soft); display: flex; flex-wrap: wrap; gap: .15rem .5rem; align-items: center; }
.filter input, .filter select { font: inherit; color: var(--ink); background: var(--page); border: 1px solid var(--calm-line);
  border-radius: .3rem; padding: .15rem .5rem; max-width: 100%; }
.filter output { font-size: .85rem; color: var(--soft); }
[hidden] { display: none !important; }
footer { margin-top: 3rem; padding-top: 1rem; border-top: 1px solid var(--line); font-size: .9rem; color: var(--soft); }
button.copy { font: inherit; font-size: .82rem; cursor: pointer; color: var(--link); background: none;
  border: 1px solid var(--calm-line); border-radius: .3rem; padding: .1rem .5rem; }
@media (max-width: 40rem) { body { padding: 1rem .6rem 3rem; } .filter { position: static; } th, td { padding: .45rem .55rem; }
  tbody th { min-width: 7.5rem; overflow-wrap: anywhere; } }
@media print {
  :root { color-scheme: light; --page: #fff; --card: #fff; --ink: #000; --soft: #444; --line: #bbb; --link: #000;
    --bad: #a11212; --bad-back: #fff; --risk: #7a4300; --risk-back: #fff; --good: #14602b; --good-back: #fff;
    --calm: #444; --calm-back: #fff; }
  body { max-width: none; padding: 0; font-size: 10pt; }
  .filter, button.copy { display: none !important; }
  .finding, tr { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
  .wide { overflow: visible; }
  pre { max-height: none; white-space: pre-wrap; }
  details::details-content { content-visibility: visible; height: auto; }
}
"""

SCRIPT = """
(() => {
  const bar = document.querySelector('.filter');
  const words = bar.querySelector('input'), level = bar.querySelector('select'), said = bar.querySelector('output');
  const items = [...document.querySelectorAll('[data-text]')];
  const apply = () => {
    const wanted = words.value.toLowerCase().split(/\\s+/).filter(Boolean);
    let shown = 0;
    for (const item of items) {
      const text = item.dataset.text;
      const fits = wanted.every(word => text.includes(word)) && (!level.value || item.dataset.level === level.value);
      item.hidden = !fits;
      shown += fits;
    }
    said.value = shown === items.length ? '' : `${shown} of ${items.length} shown`;
  };
  words.addEventListener('input', apply);
  level.addEventListener('change', apply);
  bar.addEventListener('submit', event => event.preventDefault());
  bar.hidden = false;
  apply();
  for (const code of document.querySelectorAll('pre')) {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'copy';
    button.textContent = 'Copy';
    button.addEventListener('click', async () => {
      try {
        await navigator.clipboard.writeText(code.textContent);
        button.textContent = 'Copied';
      } catch {
        getSelection().selectAllChildren(code);
        button.textContent = 'Selected: press Ctrl+C';
      }
    });
    code.before(button);
  }
  let closed = [];
  addEventListener('beforeprint', () => {
    closed = [...document.querySelectorAll('details:not([open])')];
    for (const details of closed) details.open = true;
  });
  addEventListener('afterprint', () => {
    for (const details of closed) details.open = false;
  });
})();
"""
