"""What a prototype says of its class: words, concepts, a mark it shows, and counter-images that put it to the test.

See what is spurious in a prototype, state it as a hypothesis, build the counter-image, and show that the prediction
changes. A prototype alone proves little: people do better with natural pictures. So all that is said here is said
beside natural pictures, and beside prototypes of other classes.

Read in this order: :mod:`given` (what an insight is made of), :mod:`names` (words), :mod:`agreement` (concepts),
:mod:`templates`, :mod:`marks` and :mod:`verdict` (a watermark), :mod:`boxes` and :mod:`counter_images` (what is pasted
on pictures), :mod:`schemas` (tables), and the whole: :mod:`insight`.
"""

from rivalry.prototypes.insight.given import Known, Made
from rivalry.prototypes.insight.insight import Found, Insight

__all__ = ["Found", "Insight", "Known", "Made"]
