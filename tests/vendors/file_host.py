"""Where vendors keep the files of their records: another host, which serves whoever knows an address."""

from dataclasses import dataclass, field

from tests.vendors.application import Answer, Request, Vendor

LOG = b"Order 0 left the store.\nIt did not arrive.\n"


def usual_files() -> dict[str, Answer]:
    """Return what is there in the beginning."""
    return {"/log.txt": Answer(200, LOG, media_type="text/plain")}


@dataclass
class FileHost(Vendor):
    """Serves files by their paths. As signed addresses do, it refuses a request that has credentials too."""

    files: dict[str, Answer] = field(default_factory=usual_files)

    def put(self, path: str, content: bytes, media_type: str) -> str:
        """Keep a file, and return its address."""
        self.files[path] = Answer(200, content, media_type=media_type)
        return f"{self.address}{path}"

    async def respond(self, request: Request) -> Answer:
        """Answer with the file."""
        if request.header("authorization") or request.header("cookie"):
            return Answer(400, b"Only one auth mechanism is allowed", media_type="text/plain")
        return self.files.get(request.path, Answer(404, b"No such file", media_type="text/plain"))
