"""The kinds of pages, by one of each that has a hostile name wherever a page can have one."""

from __future__ import annotations

from rivalry.lens.site.addresses import (
    CLASSES,
    COMPARISON,
    CONCEPTS,
    LAYERS,
    OVERVIEW,
    PROBES,
    PROBLEMS,
    class_address,
    concept_address,
    layer_address,
    probe_address,
    unit_address,
)

SCRIPT, IMAGE = "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>'
LAYER, PLAIN_LAYER = "stem.<img src=x onerror=alert(4)>", "layer1.0.act2"
PROBED = ("activity", "emergence", "clusters", "registers", "watermark", "detectors", "basis", "prototypes",
          "my_own.probe")  # fmt: skip

PAGES = {
    "overview": OVERVIEW,
    "layers": LAYERS,
    "layer": layer_address(LAYER),
    "unit": unit_address(LAYER, 3),
    "dead unit": unit_address(LAYER, 90),
    "direction": unit_address(f"{PLAIN_LAYER}@basis", 3),
    "classes": CLASSES,
    "class": class_address(SCRIPT),
    "class without a name": class_address(""),
    "concepts": CONCEPTS,
    "concept": concept_address(IMAGE),
    "probes": PROBES,
    **{f"probe {name}": probe_address(name) for name in PROBED},
    "comparison": COMPARISON,
    "problems": PROBLEMS,
}
"""Addresses by kind."""

WITH_EPOCHS = {
    kind: address for kind, address in PAGES.items() if kind not in ("concepts", "comparison", "problems", "probes")
}
"""Those that an epoch can be chosen on; the others show all of them, or none."""
