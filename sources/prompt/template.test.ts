import { describe, expect, test } from 'vitest';
import { parseTemplate } from './template.ts';

describe('a template', () => {
  test('is filled in one pass: a value that looks like a template stays text', () => {
    const template = parseTemplate('A: {{ a }} B: {{ b }}');
    expect(template.render({ a: '{{ b }}{% raw %}', b: 'secret' })).toBe('A: {{ b }}{% raw %} B: secret');
  });

  test('says what it reads from outside, and where', () => {
    const text =
      '{{ a.b }}\n{% for x in list %}{{ x.y }}{{ forloop.index }}{% endfor %}\n{% if c %}{% assign d = 1 %}{{ d }}{% endif %}';
    expect(parseTemplate(text).variables).toEqual([
      { name: 'a', line: 1 },
      { name: 'list', line: 2 },
      { name: 'c', line: 3 },
    ]);
  });

  test('writes nothing for null, and does not escape', () => {
    expect(parseTemplate('[{{ a }}] {{ b }}').render({ a: null, b: '<b> & "c"' })).toBe('[] <b> & "c"');
  });

  test('reads own properties only', () => {
    expect(() => parseTemplate('{{ a.constructor }}').render({ a: {} })).toThrow(/undefined variable: a.constructor/);
    expect(() => parseTemplate('{{ toString }}').render({})).toThrow(/undefined variable/);
  });
});

describe('a template is refused', () => {
  test.each([
    ['that is not closed', 'Hi\n {{ text', 'line 2, column 2: output "{{ text" not closed'],
    ['with an open block', 'Hi\n{% if a %}', 'line 2, column 1: tag {% if a %} not closed'],
    ['with an unknown tag', '\n\n{% fro a %}', 'line 3, column 1: tag "fro" not found'],
    ['with an unknown filter', '{{ a | shout }}', 'line 1, column 1: undefined filter: shout'],
    ['that includes another', "{% include 'x' %}", 'line 1, column 1: tag "include" not found'],
    ['that renders another', "{% render '/etc/passwd' %}", 'line 1, column 1: tag "render" not found'],
  ])('%s', (_what, text, message) => {
    expect(() => parseTemplate(text)).toThrow(message);
  });

  test('that is too long', () => {
    expect(() => parseTemplate('x'.repeat(200_001))).toThrow('it has 200001 characters, and may have 200000');
  });

  test.each([
    ['of many outputs', '{{a}}'.repeat(3_001), 'it has 3001 tags and outputs, and may have 3000'],
    [
      'of one long output',
      `{{ a ${'| abs'.repeat(6_000)} }}`,
      'it has 30008 characters between its braces, and may have 30000',
    ],
    ['of one long tag', `{% liquid\n${'echo a\n'.repeat(5_000)}%}`, /characters between its braces/],
  ])('%s', (_what, text, message) => {
    expect(() => parseTemplate(text)).toThrow(message);
  });

  test('when it becomes too much', () => {
    const nested = parseTemplate('{% for a in list %}{{ text }}{% endfor %}');
    const list = Array.from({ length: 100 }, () => true);
    expect(() => nested.render({ list, text: 'x'.repeat(100_000) })).toThrow(/longer than allowed/);
    expect(() => parseTemplate('{% for i in (1..1000000000) %}x{% endfor %}').render({})).toThrow(/more work/);
  });
});
