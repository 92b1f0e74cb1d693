# SPDX-License-Identifier: MIT
"""What the Java programs of deploy/examples stand on."""
import pathlib
import shutil
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "deploy" / "kafka"))
import fetch  # noqa: E402

EXAMPLES = ROOT / "deploy" / "examples"
LIBS = ROOT / "build" / "examples" / "lib"


def libraries():
    """Through Maven, once. What is there is whole: pom.xml comes last."""
    kept = LIBS.parent / "pom.xml"
    command = [fetch.program("mvn"), "-B", "-q", "-Dstyle.color=never", "-f", str(EXAMPLES / "pom.xml"),
               "dependency:copy-dependencies", "-DincludeScope=runtime", "-DoutputDirectory=%s" % LIBS]
    with fetch.alone("examples"):
        if kept.exists() and kept.read_bytes() == (EXAMPLES / "pom.xml").read_bytes():
            return
        shutil.rmtree(LIBS, ignore_errors=True)
        for _ in range(fetch.ATTEMPTS):
            done, said = fetch.run(command)
            if done:
                shutil.copyfile(EXAMPLES / "pom.xml", kept)
                return
    raise fetch.Failed("Maven could not fetch the libraries of the examples: %s" % said)
