"""Small charts as inline SVG and HTML: they take the page's colours, scale with it, and say their numbers in words."""

from rivalry.lens.site.charts.bars import Bar, bars
from rivalry.lens.site.charts.curves import Series, curves
from rivalry.lens.site.charts.histogram import histogram
from rivalry.lens.site.charts.marks import counted, said, said_percent, short, swatch
from rivalry.lens.site.charts.sparkline import sparkline

__all__ = [
    "Bar", "Series", "bars", "counted", "curves", "histogram", "said", "said_percent", "short", "sparkline", "swatch",
]  # fmt: skip
