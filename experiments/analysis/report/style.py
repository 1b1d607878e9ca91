"""The look of the page: legible on a phone and on paper, colours never without a word or a sign."""

STYLE = """
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 76rem; background: #fff; color: #1a1a1a;
  font: 1rem/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: .5rem 0; }
h2 { font-size: 1.4rem; margin: 2.2rem 0 .6rem; padding-top: .6rem; border-top: 2px solid #1a1a1a; }
h3 { font-size: 1.1rem; margin: 1.6rem 0 .4rem; }
p, ul, ol, dl { max-width: 46rem; }
a { color: #004a80; }
a:focus-visible, .scroll:focus-visible { outline: 3px solid #0072b2; outline-offset: 2px; }
.lead { font-size: 1.1rem; }
.small, figcaption, caption { color: #444; font-size: .875rem; }
nav ol { columns: 2 16rem; }
.scroll { overflow-x: auto; margin: .8rem 0 1.2rem; }
table { border-collapse: collapse; font-size: .875rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding: 0 0 .4rem; caption-side: top; max-width: 46rem; }
th, td { padding: .3rem .6rem; border-bottom: 1px solid #d5d5d5; text-align: left; vertical-align: top; }
thead th { border-bottom: 2px solid #666; vertical-align: bottom; }
tbody th { font-weight: 600; min-width: 8rem; }
.wide { min-width: 46rem; } .wide td { min-width: 6.5rem; } .wide code { white-space: nowrap; }
.long td { overflow-wrap: anywhere; }
.better { background-color: #d3e7f7; } .worse { background-color: #fcdfc9; }
.better.s1 { background-color: #e6f1fa; } .better.s3 { background-color: #a9d0ef; }
.worse.s1 { background-color: #fdeee2; } .worse.s3 { background-color: #f8c199; }
.higher, .lower { background-color: #e6e6e6; }
.pale { background-image: repeating-linear-gradient(135deg, #fff 0 4px, transparent 4px 8px); }
.verdict { white-space: nowrap; font-weight: 600; }
.range { display: block; color: #333; white-space: nowrap; font-size: .8rem; }
.grid { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 22rem), 1fr)); gap: 1rem; }
figure { margin: 0; } figure svg { width: 100%; height: auto; max-width: 40rem; display: block; }
.legend { list-style: none; padding: 0; display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; max-width: none; }
.legend svg { width: 2.2rem; height: .8rem; vertical-align: middle; margin-right: .4rem; }
.note { border-left: 4px solid #0072b2; padding: .2rem 1rem; margin: 1rem 0; }
dt { font-weight: 600; } dd { margin: 0 0 .4rem; overflow-wrap: anywhere; }
@media (min-width: 40rem) { dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.5rem; } }
.legend li { padding-left: 2.6rem; text-indent: -2.6rem; }
code { font-size: .9em; overflow-wrap: anywhere; }
@media print { body { max-width: none; padding: 0; font-size: 10pt; } nav { display: none; }
  .scroll { overflow: visible; } table, figure, li { break-inside: avoid; } h2, h3 { break-after: avoid; }
  * { -webkit-print-color-adjust: exact; print-color-adjust: exact; } }
"""
