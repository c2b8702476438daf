"""What the servers are loaded with."""
import dataclasses

KIB, MIB = 1024, 1024 * 1024


@dataclasses.dataclass(frozen=True)
class Load:
    name: str
    title: str
    path: str
    connections: int
    answer_bytes: int  # None: not looked at
    depth: int = 1
    post_bytes: int = 0
    close: bool = False
    tail: bool = True  # latency at a constant rate makes sense

    def arguments(self):
        words = ["--path", self.path, "--connections", str(self.connections), "--depth", str(self.depth)]
        if self.post_bytes:
            words += ["--post", str(self.post_bytes)]
        if self.close:
            words.append("--close")
        return words

    def count(self, outcome):
        """Requests done. Large uploads by their bytes: few of them fit into a slice of time."""
        if self.post_bytes >= 64 * KIB:
            return outcome["sent_bytes"] / self.post_bytes
        return outcome["requests"]


ALL = [
    Load("small-64", "64 connections", "/plaintext", 64, 13),
    Load("small-512", "512 connections", "/plaintext", 512, 13),
    Load("depth-16", "64 connections, 16 in flight", "/plaintext", 64, 13, depth=16),
    Load("json", "JSON, 64 connections", "/json", 64, 27),
    Load("body-64k", "64 KiB from memory", "/body/64k", 16, 64 * KIB),
    Load("body-1m", "1 MiB from memory", "/body/1m", 8, MIB),
    Load("file-1k", "1 KiB file", "/files/1k", 64, KIB),
    Load("file-1m", "1 MiB file", "/files/1m", 8, MIB),
    Load("post-1k", "POST of 1 KiB", "/upload", 64, None, post_bytes=KIB),
    Load("post-1m", "POST of 1 MiB", "/upload", 8, None, post_bytes=MIB),
    Load("post-100m", "POST of 100 MiB", "/upload", 4, None, post_bytes=100 * MIB, tail=False),
    Load("close", "a connection for each request", "/close", 64, 13, close=True),
]

FILES = {
    "plaintext": b"Hello, World!",
    "json": b'{"message":"Hello, World!"}',
    "1k": b"x" * KIB,
    "64k": b"x" * 64 * KIB,
    "1m": b"x" * MIB,
}


def chosen(names):
    known = {load.name: load for load in ALL}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise SystemExit(f"no such load: {', '.join(unknown)}; there are {', '.join(known)}")
    return [known[name] for name in names] if names else ALL
