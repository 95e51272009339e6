"""Generates the code of the contract into src/: python3 generate.py, with grpcio-tools and the repository's buf."""
import pathlib
import subprocess
import sys
import tempfile

PACKAGE = pathlib.Path(__file__).resolve().parent
ROOT = PACKAGE.parent.parent
SOURCES = PACKAGE / "src"


def main():
    files = sorted(
        str(path.relative_to(ROOT / "proto"))
        for folder in ("progression", "automation", "buf")
        for path in (ROOT / "proto" / folder).rglob("*.proto")
    )
    with tempfile.TemporaryDirectory() as directory:
        # From a descriptor set, because the protoc of older packages does not read `optional` in a file.
        image = pathlib.Path(directory) / "image.binpb"
        build(image)
        outputs = [f"--python_out={SOURCES}", f"--grpc_python_out={SOURCES}"]
        # Not as a module: that adds an include path, which protoc refuses beside a descriptor set.
        code = "import sys; from grpc_tools import protoc; sys.exit(protoc.main(sys.argv))"
        subprocess.run(
            [sys.executable, "-c", code, f"--descriptor_set_in={image}", *outputs, *files], check=True
        )
    build(SOURCES / "progression_client" / "google_rpc.binpb", "--path", "proto/google/rpc")


def build(output, *arguments):
    buf = ROOT / "node_modules" / ".bin" / "buf"
    subprocess.run([buf, "build", "--as-file-descriptor-set", "--output", output, *arguments], cwd=ROOT, check=True)


if __name__ == "__main__":
    main()
