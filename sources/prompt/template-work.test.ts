import { expect, test } from 'vitest';
import { parseTemplate } from './template.ts';

const TOO_MUCH = /it takes more work than allowed/;
const a = (count: number) => 'a'.repeat(count);
const list = <T>(count: number, item: (index: number) => T) => Array.from({ length: count }, (_, index) => item(index));
const map = (count: number) => Object.fromEntries(list(count, (index) => [`key${index}`, index]));
const times = (count: number, text: string) => `{% for i in (1..${count}) %}${text}{% endfor %}`;

/** Each took from a tenth of a second to a minute, in which nothing else happened. */
test.each<[what: string, template: string, values: Record<string, unknown>]>([
  ['a range', '{% assign list = (1..3000000) %}', {}],
  ['many loops', times(30_000, '{{ i }}'), {}],
  ['many rows', '{% tablerow i in (1..20000) %}{{ i }}{% endtablerow %}', {}],
  ['many branches', times(3_000, `{% if no %}${'{% elsif no %}'.repeat(500)}{% endif %}`), { no: false }],
  ['many cases', times(3_000, `{% case no %}{% when ${'1,'.repeat(500)} 1 %}{% endcase %}`), { no: false }],
  ['many filters', times(300, `{{ i ${'| abs'.repeat(1_000)} }}`), {}],
  ['many operators', times(300, `{% if no ${'or no '.repeat(1_000)} %}{% endif %}`), { no: false }],
  ['many arguments', times(300, `{{ i | default: ${'i,'.repeat(1_000)} i }}`), {}],
  ['a list written many times', times(300, '{{ list }}'), { list: list(10_000, String) }],
  ['a list echoed many times', times(300, '{% echo list %}'), { list: list(10_000, String) }],
  ['a list in a cycle', times(300, '{% cycle list, list %}'), { list: list(10_000, String) }],
  ['parts of a map', times(300, '{% for x in map limit: 1 %}{% endfor %}'), { map: map(10_000) }],
  ['the size of a map', times(300, '{% if map.size > 1 %}{% endif %}'), { map: map(10_000) }],
  ['texts that are joined', '{% assign t = "x" %}{% for i in (1..40) %}{% assign t = t | append: t %}{% endfor %}', {}],
  ['texts that are compared', times(3_000, '{% if a == b %}{% endif %}'), { a: `${a(500_000)}1`, b: `${a(500_000)}2` }],
  [
    'texts in a case',
    times(3_000, '{% case a %}{% when b %}{% endcase %}'),
    { a: `${a(500_000)}1`, b: `${a(500_000)}2` },
  ],
  [
    'a text that is looked for',
    '{% if text contains part %}{% endif %}',
    { text: a(200_000), part: `${a(50_000)}b${a(50_000)}` },
  ],
  ['a text that is split', '{{ text | split: part }}', { text: a(200_000), part: `${a(50_000)}b${a(50_000)}` }],
  ['a text that is removed', '{{ text | remove_last: part }}', { text: a(200_000), part: `${a(50_000)}b${a(50_000)}` }],
  ['a text that multiplies', '{{ text | replace: "a", text }}', { text: a(50_000) }],
  ['words of a text', '{{ text | number_of_words }}', { text: ' a'.repeat(400_000) }],
  ['a text in an address', '{{ text | url_encode }}', { text: '<'.repeat(400_000) }],
  ['a long date', '{{ "now" | date: text }}', { text: '%Y'.repeat(300_000) }],
  ['lists by a long name', '{{ list | map: text }}', { list: list(1_000, () => ({})), text: 'a.'.repeat(10_000) }],
  [
    'lists sorted by a long name',
    '{{ list | sort: text }}',
    { list: list(1_000, () => ({})), text: 'a.'.repeat(10_000) },
  ],
  ['long lists that are sorted', '{{ list | sort_natural }}', { list: list(50_000, (index) => a(20) + index) }],
  ['long lists that are searched', '{{ list | where: "a", 5 }}', { list: list(50_000, (index) => ({ a: index })) }],
  ['long expressions', '{{ list | where_exp: "x", text }}', { list: [1], text: `x ${'and x '.repeat(50_000)}` }],
  [
    'long lists and expressions',
    '{{ list | where_exp: "x", "x.a == 5" }}',
    { list: list(50_000, (index) => ({ a: index })) },
  ],
  [
    'one text in a list many times',
    `{% assign list = "" | split: "" %}${times(300, '{% assign list = list | push: text %}')}{{ list | sort_natural }}`,
    { text: a(100_000) },
  ],
])('a template is refused for %s', (_what, text, values) => {
  const template = parseTemplate(text);
  expect(() => template.render(values)).toThrow(TOO_MUCH);
});

test('what people write is far from that', () => {
  const rows = parseTemplate(
    '{% for p in list %}- {{ p.name | strip }}: {{ p.price | divided_by: 100.0 | round: 2 }}{% if p.stock > 0 %}, there{% endif %}\n{% endfor %}',
  );
  const values = { list: list(2_000, (index) => ({ name: ` n${index}`, price: index, stock: index % 2 })) };
  expect(rows.render(values).split('\n')[1_999]).toBe('- n1999: 19.99, there');
  const text = 'Some <words> & more. '.repeat(10_000);
  const filters = [
    'escape',
    'strip_html',
    'split: " " | join: "-"',
    'replace: "words", "things"',
    'json',
    'truncatewords: 50',
  ];
  for (const filter of filters) expect(parseTemplate(`{{ text | ${filter} }}`).render({ text })).not.toBe('');
  const loop = `{% assign all = "" %}${times(1_000, '{% assign all = all | append: i | append: "," %}')}{{ all }}`;
  expect(parseTemplate(loop).render({})).toMatch(/^1,2,3,.*,1000,$/);
});

test('what a template may do is the same whenever it is asked', () => {
  const template = parseTemplate(times(1_000, '{{ list | sort: "a" | map: "a" | join: "," | size }}'));
  const values = (count: number) => ({ list: list(count, (index) => ({ a: index })) });
  for (let time = 0; time < 3; time += 1) {
    expect(template.render(values(3))).toBe('5'.repeat(1_000));
    expect(() => template.render(values(300))).toThrow(TOO_MUCH);
  }
});

test('tags and filters that are counted do what they did before', () => {
  const values = { list: [3, 1, 2], map: { b: 2, a: 1 }, none: null, nested: [['a', ['b', null]], 'c'] };
  for (const [text, expected] of [
    ['{% for x in list reversed limit: 2 %}{{ forloop.index }}{{ x }} {% else %}-{% endfor %}', '11 23 '],
    [
      '{% for x in list %}{% if x == 1 %}{% continue %}{% endif %}{{ x }}{% if x == 2 %}{% break %}{% endif %}{% endfor %}',
      '32',
    ],
    ['{% for pair in map %}{{ pair[0] }}={{ pair[1] }};{% endfor %}{{ map.size }}', 'b=2;a=1;2'],
    ['{% case list[0] %}{% when 1, 3 %}yes{% else %}no{% endcase %}', 'yes'],
    ['{% tablerow x in list cols: 2 %}{{ x }}{% endtablerow %}', /<td class="col1">2<\/td>/],
    ['{{ list | sort | join: "," }} {{ nested }} {{ none | default: "d" }} {{ "a<" | raw }}', '1,2,3 abc d a<'],
    ['{% capture t %}{{ list }}{% endcapture %}{{ t | size }}', '3'],
    ['{% if list contains 2 and "abc" contains "b" %}yes{% endif %}', 'yes'],
    ['{{ list | where_exp: "x", "x > 1" | size }}{{ map | size }}', '20'],
  ] as const)
    expect(parseTemplate(text).render(values)).toMatch(expected);
});
