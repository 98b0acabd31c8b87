"""Judges generated Swift packages by Swift's own tools: they build and test, on Linux and with stand-ins for Apple's modules, in Swift 6
with warnings as errors, and are laid out as swift-format wants it. Property lists are read by Python's own reader.

test_swift_package.py WORK_FOLDER
"""

import glob
import os
import plistlib
import re
import shutil
import subprocess
import sys

from pippin import NODE, ROOT, convert, node, pippin
from report import Report, run
from smollm2 import hf_folder

WORK = sys.argv[1]
BUNDLED = os.path.join(ROOT, "models", "pip-chat")
ATTACK = "NoSuchModule"


def swift(folder: str, *arguments: str, **variables: str) -> tuple[int, str]:
    """Runs a tool of the toolchain in a package's folder."""
    command = [NODE, os.path.join(ROOT, "tools", "swift", "run.ts"), *arguments]
    environment = {**os.environ, **variables}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=1800)
    return done.returncode, done.stdout + done.stderr


def failures(printed: str) -> str:
    """Lines of a build or a test that say what is wrong."""
    lines = [line for line in printed.split("\n") if "error:" in line or "✘" in line or "recorded an issue" in line]
    return " ".join(dict.fromkeys(lines))[:600]


def stub_flags(report: Report) -> list[str]:
    """Flags that bring in the stand-ins, which are built first."""
    done = subprocess.run(
        [NODE, os.path.join(ROOT, "tools", "swift", "stubs.ts")], capture_output=True, text=True, timeout=1800
    )
    report.check("stand-ins for Apple's modules build", done.returncode == 0, done.stderr.strip()[-300:])
    return done.stdout.split()


def add_readme_example(folder: str, name: str) -> None:
    """What the README shows becomes a function of the tests, so that the compiler reads it."""
    with open(os.path.join(folder, "README.md"), encoding="utf8") as file:
        [example] = re.findall(r"```swift\n(.*?)```", file.read(), re.DOTALL)
    lines = example.splitlines()
    imports = [line for line in lines if line.startswith("import ")]
    body = [f"    {line}" for line in lines if line not in imports]
    # Behind the same condition as what it calls.
    text = ["#if canImport(CoreML)", "import Foundation", *imports, "func readmeExample() async throws {", *body, "}", "#endif", ""]
    path = os.path.join(folder, "Tests", f"{name}KitTests", "ReadmeExample.swift")
    with open(path, "w", encoding="utf8") as file:
        file.write("\n".join(text))


def build_and_test(report: Report, label: str, folder: str, tests: int, flags: list[str], demo: str = "") -> None:
    """On Linux as it is, then with the stand-ins, which bring in what is behind `canImport`, and the demo of the model `demo`."""
    status, printed = swift(folder, "swift", "test", "-Xswiftc", "-warnings-as-errors")
    passed = re.findall(r"✔ Test (\w+)\(\) passed", printed)
    report.check(f"{label}: builds and tests", status == 0 and len(passed) == tests, failures(printed) or f"{len(passed)} tests")
    if demo:
        add_demo(folder, demo)
    scratch = ["--scratch-path", ".build/with-stubs"]
    status, printed = swift(folder, "swift", "build", "--build-tests", *scratch, *flags, "-Xswiftc", "-warnings-as-errors")
    report.check(f"{label}: builds with stand-ins", status == 0, failures(printed))


def add_demo(folder: str, name: str) -> None:
    """The demo app as a target, which needs SwiftUI: Xcode's project builds the same files."""
    path = os.path.join(folder, "Package.swift")
    with open(path, encoding="utf8") as file:
        manifest = file.read()
    target = f'''    .target(
      name: "Demo", dependencies: ["{name}Kit", "PippinRuntime", "PippinTokenizer"], path: "App/Demo",
      exclude: ["Assets.xcassets", "PrivacyInfo.xcprivacy"]),
'''
    end = manifest.rindex("  ]\n)")
    with open(path, "w", encoding="utf8") as file:
        file.write(manifest[:end] + target + manifest[end:])


def lint(report: Report, label: str, folder: str, name: str) -> None:
    """What was generated, not the README's example."""
    generated = [f"Sources/{name}Kit", "Tests", "Package.swift", "App"]
    present = [path for path in generated if os.path.exists(os.path.join(folder, path))]
    status, printed = swift(folder, "swift-format", "lint", "-r", "--strict", *present)
    report.check(f"{label}: swift-format", status == 0 and not printed.strip(), printed.strip()[:300])
    for path in glob.glob(f"{folder}/**/*.xcprivacy", recursive=True) + glob.glob(f"{folder}/App/*.entitlements"):
        with open(path, "rb") as file:
            report.check(f"{label}: {os.path.basename(path)} is a property list", bool(plistlib.load(file)))


def generated(report: Report, name: str, folder: str, *options: str) -> str:
    """A package of a converted model, without the build folder of an earlier run."""
    out = os.path.join(WORK, f"swift-{name}")
    shutil.rmtree(out, ignore_errors=True)
    [artifact] = pippin("swift", folder, "--out", out, "--name", name, *options)["artifacts"]
    sizes = [(file["path"], file["size"], os.path.getsize(os.path.join(out, file["path"]))) for file in artifact["files"]]
    wrong = [path for path, said, found in sizes if said != found]
    report.check(f"{name}: {len(sizes)} files are as large as listed", not wrong, " ".join(wrong))
    lint(report, name, out, name)
    add_readme_example(out, name)
    return out


def hostile(report: Report, converted: str) -> str:
    """A package of whose texts the compiler must find nothing: its own tests compare the literals with the manifest."""
    out = os.path.join(WORK, "swift-Hostile")
    shutil.rmtree(out, ignore_errors=True)
    node(os.path.join("tools", "oracles", "swift-package.ts"), converted, out)
    with open(os.path.join(out, "Sources", "HostileKit", "HostileAssets.swift"), encoding="utf8") as file:
        report.check("Hostile: the attack is in the text", ATTACK in file.read())
    return out


AS_AN_APP = """#if canImport(CoreML)
  import CoreML
  import Foundation
  import NAMEKit
  import PippinRuntime
  import PippinTokenizer
  import Testing

  private let expected = ProcessInfo.processInfo.environment["PIPPIN_EXPECTED_NAME"]

  /// What an app does with the package, where something computes.
  @Suite(.enabled(if: expected != nil)) struct NAMEAsAnApp {
    private let question = [ChatMessage(role: "user", content: "What is the capital of France?")]

    @Test func theModelSpeaks() async throws {
      var text = ""
      for try await chunk in NAMEAssets.languageModel().generate(question, options: .init(maxTokens: 16)) { text += chunk.text }
      #expect(text == expected)
    }

    @Test func theSelfTestPasses() async throws {
      let model = NAMEAssets.languageModel()
      let findings = try await SelfTest(contentsOf: NAMEAssets.selfTest).run(model, tokenizer: NAMEAssets.tokenizer())
      #expect(findings.count >= 8)
      for finding in findings { #expect(finding.isPassed, "\\(finding.name): \\(finding.detail)") }
    }

    @Test func theTypedClassesSpeakToo() async throws {
      let tokenizer = try NAMEAssets.tokenizer()
      let prompt = try #require(try tokenizer.chatTemplate?.render(question))
      let model = try await NAME.load()
      let state = model.makeState()
      var ids = tokenizer.encode(prompt, addsSpecialTokens: false)
      let count = ids.count
      var position = 0
      while ids.count < count + 16 {
        let output = try await model.prediction(
          input: NAMEInput(
            input_ids: MLShapedArray(scalars: [Int32(ids[position])], shape: [1, 1]),
            position: MLShapedArray(scalars: [Int32(position)], shape: [1])), using: state)
        position += 1
        guard position == ids.count else { continue }
        let next = output.logits.withUnsafeBytes { bytes in
          let values = bytes.bindMemory(to: Float16.self)
          return values.indices.max { (values[$0], $1) < (values[$1], $0) }!
        }
        if tokenizer.stopIds.contains(next) { break }
        ids.append(next)
      }
      #expect(tokenizer.decode(ids[count...], skipsSpecialTokens: true) == expected)
    }
  }
#endif
"""


def add_app(folder: str, name: str) -> None:
    """A test that uses the package as an app does; it runs where `speaks` starts it."""
    with open(os.path.join(folder, "Tests", f"{name}KitTests", "AsAnApp.swift"), "w", encoding="utf8") as file:
        file.write(AS_AN_APP.replace("NAME", name))


def speaks(report: Report, folder: str, name: str, converted: str, flags: list[str]) -> None:
    """The generated package with the TypeScript runner in Core ML's place says what `pippin generate` says."""
    options = ["--prompt", "What is the capital of France?", "--max-tokens", "16", "--precision", "fp16"]
    text = pippin("generate", converted, *options)["text"]
    socket = os.path.join(WORK, f"{name}.sock")
    server = subprocess.Popen([NODE, os.path.join(ROOT, "tools", "swift", "coreml-server.ts"), socket], stdout=subprocess.PIPE)
    try:
        server.stdout.readline()
        variables = {"PIPPIN_COREML_SOCKET": socket, f"PIPPIN_EXPECTED_{name}": text, "XDG_CACHE_HOME": os.path.join(WORK, "xdg")}
        arguments = ["--scratch-path", ".build/with-stubs", *flags, "-Xswiftc", "-warnings-as-errors", "--filter", "AsAnApp"]
        status, printed = swift(folder, "swift", "test", *arguments, **variables)
        passed = re.findall(r"✔ Test (\w+)\(\) passed", printed)
        report.check(f"{name}: speaks as an app, typed classes and self-test too", status == 0 and len(passed) == 3, failures(printed) or text)
    finally:
        server.terminate()
        server.wait()


def merged(folders: dict[str, str]) -> str:
    """One package with the kits and tests of all, so that the runtime, which is the same in each, is built once."""
    out = os.path.join(WORK, "swift-merged")
    shutil.rmtree(out, ignore_errors=True)
    targets = []
    for name, folder in folders.items():
        with open(os.path.join(folder, "Package.swift"), encoding="utf8") as file:
            manifest = file.read()
        own = manifest[manifest.index(f'    .target(\n      name: "{name}Kit"') : manifest.rindex("  ]\n)")]
        targets.append(own)
        for part in (f"Sources/{name}Kit", f"Tests/{name}KitTests"):
            shutil.copytree(os.path.join(folder, part), os.path.join(out, part))
        for module in ("PippinRuntime", "PippinTokenizer"):
            shutil.copytree(os.path.join(folder, "Sources", module), os.path.join(out, "Sources", module), dirs_exist_ok=True)
    head = manifest[: manifest.index("  products: [")]
    shared = manifest[manifest.index("  targets: [") : manifest.index(f'    .target(\n      name: "{name}Kit"')]
    with open(os.path.join(out, "Package.swift"), "w", encoding="utf8") as file:
        file.write(head + shared + "".join(targets) + "  ]\n)\n")
    return out


def tests(report: Report) -> None:
    """The bundled model as it is, then in other forms, a published one, and one that nobody should trust."""
    flags = stub_flags(report)
    stateful = convert(BUNDLED, os.path.join(WORK, "swift-pip"))
    stateless = convert(BUNDLED, os.path.join(WORK, "swift-pip-stateless"), "--program", "stateless", "--target", "ios17")
    smollm2 = convert(hf_folder(), os.path.join(WORK, "swift-smollm2"), "--context", "512")
    with report.guard("Bundled"):
        out = generated(report, "Bundled", stateful)
        add_app(out, "Bundled")
        build_and_test(report, "Bundled", out, 4, flags, demo="Bundled")
        speaks(report, out, "Bundled", stateful, flags)
    with report.guard("the others"):
        download = ["--weights", "download", "--url", "https://example.com/pip/", "--no-demo", "--no-self-test"]
        folders = {
            "Stateless": generated(report, "Stateless", stateless, "--no-demo"),
            "Download": generated(report, "Download", stateful, *download),
            "SmolLM2": generated(report, "SmolLM2", smollm2),
            "Hostile": hostile(report, stateful),
        }
        add_app(folders["SmolLM2"], "SmolLM2")
        out = merged(folders)
        build_and_test(report, "the others", out, 4 * len(folders), flags)
        speaks(report, out, "SmolLM2", smollm2, flags)


if __name__ == "__main__":
    run(tests)
