"""How the page of an explanation looks: the house's colours, in light and in dark, on wide screens and narrow ones."""

from __future__ import annotations

from rivalry.lens.page import FALSE, HUE, INK, LINE, PAPER, QUIET

STYLE = f"""
:root {{ color-scheme: light dark; --paper: {PAPER}; --ink: {INK}; --quiet: #6b6e76; --line: {LINE}; --card: #ffffff;
  --for: {HUE}; --against: {FALSE}; }}
@media (prefers-color-scheme: dark) {{ :root {{ --paper: #17191d; --ink: #e8e6e1; --quiet: {QUIET}; --line: #33363d;
  --card: #1f2227; --for: #7fa3d6; --against: #d98a70; }} }}
* {{ box-sizing: border-box; }}
body {{ margin: 0; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; }}
header, article, footer {{ max-width: 1020px; margin: 0 auto; padding: 0 22px; }}
header {{ padding-top: 30px; }}
h1 {{ font-size: 25px; margin: 0 0 2px; }}
h2 {{ font-size: 20px; margin: 0; overflow-wrap: anywhere; }}
h3 {{ font-size: 16px; margin: 26px 0 2px; overflow-wrap: anywhere; }}
p {{ margin: 4px 0; }}
.quiet, figcaption, footer {{ color: var(--quiet); font-size: 13px; }}
article {{ background: var(--card); border: 1px solid var(--line); border-radius: 10px; margin: 22px auto;
  padding: 20px 22px; }}
.row {{ display: flex; flex-wrap: wrap; gap: 16px; align-items: flex-start; margin: 12px 0; }}
.grow {{ flex: 1 1 320px; min-width: 0; }}
figure {{ margin: 0; width: 132px; }}
figure.large {{ width: 200px; }}
figure img {{ width: 100%; display: block; border-radius: 6px; image-rendering: pixelated; }}
figcaption {{ margin-top: 4px; overflow-wrap: anywhere; line-height: 1.35; }}
.scroll {{ overflow-x: auto; }}
table {{ border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }}
th {{ text-align: left; font-weight: 500; color: var(--quiet); font-size: 13px; }}
td, th {{ padding: 3px 10px 3px 0; border-bottom: 1px solid var(--line); white-space: nowrap; }}
td.text {{ white-space: normal; overflow-wrap: anywhere; min-width: 76px; width: 22%; }}
.number {{ text-align: right; }}
td.bars {{ width: 40%; min-width: 56px; padding-right: 0; }}
.bars div {{ display: flex; height: 12px; }}
.bars span {{ flex: none; height: 100%; border-radius: 2px; }}
.bars .for {{ background: var(--for); }}
.bars .against {{ background: var(--against); }}
summary {{ cursor: pointer; font-weight: 600; margin-top: 22px; overflow-wrap: anywhere; }}
summary .quiet {{ font-weight: 400; }}
footer {{ padding-bottom: 34px; }}
@media (max-width: 560px) {{ article {{ padding: 14px 12px; }} td, th {{ font-size: 12.5px; padding-right: 6px; }}
  .row {{ gap: 12px; }} figure.large {{ width: calc(50% - 6px); }} figure {{ width: calc(25% - 9px); }} }}
"""
