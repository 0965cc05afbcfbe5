"""Labels of figures are bounded."""

from uuid import uuid4

from tools.record.metrics import BoundedLabel


def test_labels_are_bounded_and_those_that_were_seen_keep_theirs() -> None:
    label, seen = BoundedLabel(2), [uuid4() for _ in range(3)]
    assert [label.of(each) for each in seen] == [str(seen[0]), str(seen[1]), "other"]
    assert label.of(seen[0]) == str(seen[0])
    assert label.of(None) == "none"
