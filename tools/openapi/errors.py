"""What can go wrong in an import.

BundleInvalid
└── DocumentInvalid     the file is not a description that can be imported
OperationRefused        one operation cannot become a tool
└── ReferenceRefused    a reference leaves the document
    └── ReferenceMissing    a reference names nothing in the document
"""

from tools.errors import BundleInvalid


class DocumentInvalid(BundleInvalid):
    """The file as a whole cannot be imported; a sentence for each problem."""


class OperationRefused(Exception):
    """One operation cannot become a tool; the message says why."""


class ReferenceRefused(OperationRefused):
    """A reference leads outside the document."""


class ReferenceMissing(ReferenceRefused):
    """A reference names nothing."""
