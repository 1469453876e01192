import { describe, expect, it } from 'vitest';
import { checkPrompt } from './check-prompt.ts';

const VERSIONS = { v1: { template: '{{ text }}' }, v2: { template: 'Short: {{ text }}' } };
const BASE = { input: { text: 'String!' }, versions: VERSIONS, release: [{ version: 'v1', weight: 1 }] };
const told = (options: object, name = 'p') =>
  checkPrompt(name, options).map(({ path = [], message }) => `${path.join('.')}: ${message}`);

describe('a prompt is checked by itself', () => {
  it('and is right', () => {
    expect(told(BASE)).toEqual([]);
    expect(told({ template: 'x', route: 'nobody knows' })).toEqual([]);
    expect(told({ input: BASE.input, versions: { only: VERSIONS.v1 } })).toEqual([]);
  });

  it('and all mistakes of all versions are told at once', () => {
    const versions = {
      v1: { template: '{{ txet }}', system: '{% if %}' },
      v2: { template: 'x', examples: [{ input: { txt: 1 }, output: 7 }] },
    };
    const release = [
      { version: 'v3', weight: 0 },
      { version: 'v2', weight: 0 },
      { version: 'v2', weight: 0 },
    ];
    expect(told({ ...BASE, versions, release }, 'chat')).toMatchInlineSnapshot(`
      [
        ": "chat" is a field of the models already.",
        "versions.v1.template: Line 1 of the template reads "txet", which is no input of the prompt. Did you mean "text"?",
        "versions.v1.system: The system text cannot be read: line 1, column 6: invalid value expression: "".",
        "versions.v2.examples.0.input.txt: The prompt has no input "txt". Did you mean "text"?",
        "versions.v2.examples.0.input.text: The input "text" is missing: it must be a String!.",
        "versions.v2.examples.0.output: The output of the example must be text, as the output of the prompt is.",
        "release.0.version: There is no version "v3". Did you mean "v1"?",
        "release.2.version: The version "v2" is released twice.",
        "release: No version has a weight: callers that no rule names would get none.",
      ]
    `);
  });

  it.each<[string, object, string[]]>([
    ['neither template nor versions', {}, ['template: The prompt has no template, and no versions with one each.']],
    ['no version', { versions: {} }, ['versions: The prompt has no version.']],
    [
      'a release without versions',
      { template: 'x', release: BASE.release, header: 'x-v' },
      ['release: The prompt has a release, but no versions.', 'header: The prompt has a header, but no versions.'],
    ],
    [
      'both',
      { ...BASE, template: 'x', maxTokens: 5 },
      [
        'template: "template" stands beside the versions, and not in one of them.',
        'maxTokens: "maxTokens" stands beside the versions, and not in one of them.',
      ],
    ],
    [
      'several versions and no release',
      { ...BASE, release: undefined },
      ['release: The prompt has several versions, and nothing says which of them answers.'],
    ],
    [
      'a caller that is given two versions',
      {
        ...BASE,
        release: [
          { version: 'v1', callers: { apps: ['a', 'b'], keys: ['a'] } },
          { version: 'v2', callers: { apps: ['b'] } },
        ],
      },
      ['release.1.callers.apps: The caller "b" is given two versions.'],
    ],
    [
      'types of its own beside a version',
      { ...BASE, versions: { v1: { template: 'x', output: 'Int' } } },
      ['versions.v1: Unrecognized key: "output"'],
    ],
    [
      'a negative weight',
      { ...BASE, release: [{ version: 'v1', weight: -1 }] },
      ['release.0.weight: Too small: expected number to be >=0'],
    ],
  ])('and told of %s', (_what, options, problems) => {
    expect(told(options)).toEqual(problems);
  });

  it('and its name is', () => {
    expect(told(BASE, 'a-b')[0]).toMatch(/^: The name must be a GraphQL name/);
    expect(told(BASE, 'chatStream')).toEqual([': "chatStream" is a field of the models already.']);
  });
});

describe('an example is told', () => {
  const TYPES = {
    input: { label: 'Label!', items: '[Item!]', n: 'Int' },
    types: 'enum Label { A B } input Item { size: Int! } type Result { label: Label! note: String }',
    template: '{{ label }} {% for item in items %}{{ item.size }}{% endfor %}{{ n }}',
    output: 'Result!',
  };
  const fine = { input: { label: 'A' }, output: { label: 'B', note: null } };

  it('when it does not fit the types, with the place in it', () => {
    expect(told({ ...TYPES, examples: [fine] })).toEqual([]);
    expect(
      told({
        ...TYPES,
        examples: [
          fine,
          {
            input: { label: 'C', items: [{ size: 1 }, { size: 'x', colour: 1 }], m: 1 },
            output: { label: 'C', note: null },
          },
          { output: { label: 'A' } },
        ],
      }),
    ).toMatchInlineSnapshot(`
      [
        "examples.1.input.m: The prompt has no input "m". Did you mean "n"?",
        "examples.1.input.label: Value "C" does not exist in "Label" enum. Did you mean the enum value "A" or "B"?",
        "examples.1.input.items.1.size: Int cannot represent non-integer value: "x"",
        "examples.1.input.items.1: Field "colour" is not defined by type "Item".",
        "examples.1.output: The output of the example does not fit the output type: /label must be equal to one of the allowed values.",
        "examples.2.input.label: The input "label" is missing: it must be a Label!.",
        "examples.2.output: The output of the example does not fit the output type: the answer must have required property 'note'.",
      ]
    `);
  });

  it('when text is wanted and something else is there, or a list and its item is', () => {
    expect(told({ template: 'x', examples: [{ output: ['a'] }] })).toEqual([
      'examples.0.output: The output of the example must be text, as the output of the prompt is.',
    ]);
    expect(told({ template: 'x', output: '[String!]!', examples: [{ output: ['a'] }, { output: 'a' }] })).toEqual([
      'examples.1.output: The output of the example does not fit the output type: the answer must be array.',
    ]);
  });

  it('when the template cannot be filled with it', () => {
    const loop = '{% for i in (1..n) %}{{ text }}{% endfor %}';
    const examples = [{ input: { text: 'x'.repeat(1_000), n: 2_001 }, output: 'y' }];
    expect(told({ input: { text: 'String!', n: 'Int' }, template: loop, examples })[0]).toMatch(
      /^examples\.0\.input: The template cannot be filled with the example: The text is longer than allowed/,
    );
  });
});
