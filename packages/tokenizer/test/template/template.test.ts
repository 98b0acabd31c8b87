import { isPippinError } from "@pippin/core";
import { describe, expect, test } from "vitest";
import { parseJson } from "../../src/template/json.ts";
import { compileChatTemplate, openChatTemplate } from "../../src/template/template.ts";

function render(source: string, variables: Record<string, unknown> = {}, options = {}): string {
  return openChatTemplate(compileChatTemplate(source)).render(variables, options);
}

const failure = (code: string, message: string) =>
  expect.objectContaining({ code, message: expect.stringContaining(message) });

describe("values print as in Python", () => {
  test.each([
    [
      "{{ 1.0 }} {{ 1e16 }} {{ 0.1 + 0.2 }} {{ 7 // 2 }} {{ -7 % 3 }} {{ 6 / 2 }}",
      "1.0 1e+16 0.30000000000000004 3 2 3.0",
    ],
    ["{{ [1, 'a', \"it's\", none, true, (1,)] }}", `[1, 'a', "it's", None, True, (1,)]`],
    ["{{ {'b': 1, 'a': [1.0, none]} | tojson }}", '{"b": 1, "a": [1.0, null]}'],
    ["{{ '👍é中'[::-1] }} {{ '👍'|length }} {{ 'a👍b'.find('b') }}", "中é👍 1 2"],
    ["{% for k, v in {'a': 1}.items() %}{{ k }}{{ v }}{{ loop.last }}{% endfor %}", "a1True"],
    [
      "{% set ns = namespace(n=0) %}{% for i in range(4) %}{% set ns.n = ns.n + i %}{% endfor %}{{ ns.n }}",
      "6",
    ],
    ["{% macro m(a, b=2) %}{{ a }}{{ b }}{% endmacro %}{{ m(1) }}{{ m(none, b=3) }}", "12None3"],
    ["  {% if true %}\n x\n  {% endif %}\ny\n", " x\ny"],
    ["{{ strftime_now('%d %b %Y %j') }}", "03 Feb 2025 034"],
  ])("%s", (source, text) => {
    expect(render(source, {}, { now: new Date("2025-02-03T04:05:06") })).toBe(text);
  });

  test("numbers with a point stay floats, also from JSON", () => {
    expect(
      render(
        "{{ x|tojson }} {{ y }}",
        parseJson('{"x": [1.0, 2, 1e2], "y": 3.0}') as Record<string, unknown>,
      ),
    ).toBe("[1.0, 2, 100.0] 3.0");
  });

  test("equal sources give equal programs", () => {
    const source = "{% for m in messages %}{{ m.role }}{% endfor %}";
    expect(compileChatTemplate(source)).toEqual(compileChatTemplate(source));
  });
});

describe("what is not executed exactly is refused by name", () => {
  test.each([
    ["{% include 'x' %}", "the statement include"],
    ["{% extends 'x' %}", "the statement extends"],
    ["a\n{{ x | truncate(3) }}", "line 2: the filter truncate"],
    ["{{ x | escape }}", "the filter escape"],
    ["{% for x in y recursive %}{% endfor %}", "a recursive loop"],
    ["{{ x.__class__ }}", "the attribute __class__"],
    ["{{ f(*x) }}", "an argument with *"],
    ["{{ '\\N{DASH}' }}", "\\N{…} in a string"],
  ])("%s", (source, what) => {
    expect(() => compileChatTemplate(source)).toThrow(failure("TOKENIZER_UNSUPPORTED_TEMPLATE", what));
  });
});

describe("mistakes are told with their line", () => {
  test.each([
    ["a\n\n{% if x %}", "line 3: endif is missing"],
    ["{{ 1 2 }}", "line 1: expected a end"],
    ["\n{{ 'a }}", "line 2: unexpected"],
    ["{% endfor %}", "unknown statement endfor"],
    ["{% break %}", "break outside of a loop"],
    ["{# never closed", "a comment is not closed"],
    ["{% raw %}", "a raw block is not closed"],
    [`{{ ${"(".repeat(5000)}1${")".repeat(5000)} }}`, "nested too deep"],
    [`{{ ${"1 + ".repeat(5000)}1 }}`, "nested too deep"],
    ["{% if 1 %}".repeat(5000), "nested too deep"],
  ])("%#", (source, message) => {
    expect(() => compileChatTemplate(source)).toThrow(failure("TOKENIZER_TEMPLATE_BROKEN", message));
  });
});

describe("limits", () => {
  const loop = `${"{% for i in range(100000) %}".repeat(4)}x${"{% endfor %}".repeat(4)}`;
  test.each([
    ["steps", loop, "steps"],
    ["the result", "{% for i in range(100000) %}{{ 'x' * 1000 }}{% endfor %}", "characters"],
    ["a text on the way", "{{ 'x' * 1000000000 }}", "characters"],
    [
      "a text that doubles",
      `{% set ns = namespace(s='xx') %}{% for i in range(100) %}{% set ns.s = ns.s + ns.s %}{% endfor %}`,
      "characters",
    ],
    [
      "a list that doubles",
      `{% set ns = namespace(s=[1]) %}{% for i in range(100) %}{% set ns.s = ns.s + ns.s %}{% endfor %}`,
      "characters",
    ],
    ["calls in calls", "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "nested deeper"],
    [
      "what nests in every call",
      `{% macro f(n) %}{{ ${"[".repeat(45)}f(n - 1)${"]".repeat(45)} }}{% endmacro %}{{ f(60) }}`,
      "nested deeper",
    ],
    [
      "lists in lists",
      "{% set ns = namespace(x=[]) %}{% for i in range(9999) %}{% set ns.x = [ns.x] %}{% endfor %}",
      "nested deeper",
    ],
    [
      "batches of batches",
      "{% set ns = namespace(x=[1]) %}{% for i in range(9999) %}{% set ns.x = ns.x|batch(1)|list %}{% endfor %}",
      "nested deeper",
    ],
    [
      "namespaces in namespaces",
      "{% set ns = namespace(x=1) %}{% for i in range(99999) %}{% set ns.x = namespace(x=ns.x) %}{% endfor %}",
      "namespaces",
    ],
    ["range", "{{ range(1000000) }}", "Range too big"],
  ])("%s", (_, source, message) => {
    expect(() => render(source)).toThrow(failure("TOKENIZER_TEMPLATE_BROKEN", message));
  });
});

describe("programs that were changed", () => {
  const source = `{% macro m(x) %}[{{ x|upper }}]{% endmacro %}{% for m2 in messages if m2 %}{{ m(m2.role) ~ loop.index }}
    {%- if m2.content is string %}{{ m2.content[1:] + '!' }}{% endif %}{% endfor %}{{ 1.5 + 2 }}`;
  const program = compileChatTemplate(source);
  const variables = { messages: [{ role: "user", content: "Hi" }] };

  test("cut off they are refused", () => {
    for (let length = 0; length < program.length; length++) {
      expect(() => openChatTemplate(program.slice(0, length))).toThrow(
        failure("TOKENIZER_IMAGE_BROKEN", "chat template"),
      );
    }
  });

  test("with other bits they fail or give some text", () => {
    for (let at = 0; at < program.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const changed = program.slice();
        changed[at]! ^= 1 << bit;
        try {
          expect(typeof openChatTemplate(changed).render(variables, { maxSteps: 10_000 })).toBe("string");
        } catch (error) {
          if (!isPippinError(error)) throw error;
        }
      }
    }
  });
});
