"""Figures as documents of their own: whole, small enough, and asking nobody for anything."""

import re

from rivalry.lens.interactive import interactive_of, strategies_document
from rivalry.records import Record
from tests.lens.class_record import class_rows, concept_record
from tests.lens.site.class_runs import indexed


def test_only_records_of_concepts_have_a_figure() -> None:
    assert interactive_of(Record("own", 1, 1)) == {}
    assert list(interactive_of(indexed(class_rows()))) == ["strategies"]


def test_a_document_holds_all_it_shows() -> None:
    document = strategies_document(indexed(class_rows()))
    sources = re.findall(r'(?:src|href|data-hover)="([^"]+)"', document)
    assert sources
    assert all(source.startswith("data:") for source in sources)
    assert "http" not in document.replace("http-equiv", "")
    assert "default-src 'none'" in document.replace("&#39;", "'")
    assert document.count('class="one') == 44
    assert document.count("data:image/webp") > 40


def test_words_from_outside_stay_words() -> None:
    document = strategies_document(indexed(class_rows("</script><script>alert(1)")))
    assert document.count("<script>") == 1
    assert "&lt;/script&gt;" in document


def test_what_finds_no_room_is_named_and_the_least_reliable_comes_first() -> None:
    classes = [class_rows("car", accuracies=(0.9, 0.8)), class_rows("tree"), class_rows("fox", accuracies=(1.0, 0.9))]
    record = concept_record(*classes)
    everything = strategies_document(record)
    assert re.findall(r'<option value="\d">(\w+)', everything) == ["tree", "car", "fox"]
    assert "left out" not in everything
    small = strategies_document(record, most_bytes=1)
    assert re.findall(r'<option value="\d">(\w+)', small) == ["tree"]
    assert "2 more are left out: car, fox" in small
    assert len(small) < len(everything)
