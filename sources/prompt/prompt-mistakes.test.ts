import { describe, expect, test } from 'vitest';
import { silentLog } from '../../kernel/ports.ts';
import type { Problem } from '../../kernel/problem.ts';
import { createModels } from '../ai/model-client.ts';
import { modelOptions, providerOptions } from '../ai/options.ts';
import { promptOptions } from './options.ts';
import { createPromptSource } from './prompt-source.ts';

/** Loads prompts and tells their mistakes as `path: message`. */
function load(prompts: Record<string, object>) {
  const problems: Problem[] = [];
  const deps = { log: silentLog, report: (problem: Problem) => void problems.push(problem) };
  const provider = (apiKey?: string) =>
    providerOptions.parse({
      dialect: 'openai',
      endpoint: 'http://127.0.0.1:9',
      ...(apiKey !== undefined && { apiKey }),
    });
  const models = createModels(
    {
      providers: { paid: provider(''), free: provider() },
      models: {
        gpt: modelOptions.parse({ provider: 'paid', model: 'x' }),
        llama: modelOptions.parse({ provider: 'free', model: 'x' }),
      },
      routes: { default: ['llama'], best: ['gpt'] },
    },
    deps,
  );
  const entries = Object.entries(prompts).map(([name, options]) => [name, promptOptions.parse(options)] as const);
  const source = createPromptSource(Object.fromEntries(entries), models, deps);
  return { source, problems: problems.map(({ path, message }) => `${path?.join('.')}: ${message}`) };
}

const text = { input: { text: 'String!' }, template: '{{ text }}' };

test('a mistake in the type of an argument with a description is told at the type', () => {
  const input = { text: { type: 'Strin!', description: 'The text.' } };
  expect(load({ described: { input, template: '{{ text }}' } }).problems).toEqual([
    'described.input.text.type: There is no type "Strin". Did you mean "String"?',
  ]);
  expect(promptOptions.safeParse({ input: { text: { type: 'Int', about: 'x' } }, template: 'x' }).success).toBe(false);
});

test('all mistakes of all prompts are told at once, and what is right stays', () => {
  const { source, problems } = load({
    good: text,
    first: {
      input: { text: 'Strin!' },
      output: 'Sentment!',
      types: 'type Sentiment { a: Int }',
      template: '{{ txet }}',
    },
    second: { route: 'defualt', system: 'Be\n{% if %}', template: '{{ a' },
  });
  expect(problems).toMatchInlineSnapshot(`
    [
      "first.input.text: There is no type "Strin". Did you mean "String"?",
      "first.output: There is no type "Sentment". Did you mean "Sentiment"?",
      "first.template: Line 1 of the template reads "txet", which is no input of the prompt. Did you mean "text"?",
      "second.route: There is no model or route "defualt". Did you mean "default"?",
      "second.template: The template cannot be read: line 1, column 1: output "{{ a" not closed.",
      "second.system: The system text cannot be read: line 2, column 6: invalid value expression: "".",
    ]
  `);
  expect([...source.model.calls.keys()]).toEqual([
    'Mutation.good',
    'Subscription.goodStream',
    'Mutation.promptFeedback',
  ]);
});

describe('a mistake is told in', () => {
  test.each([
    [
      'an input that is no type',
      { input: { a: '[String' }, template: 'x' },
      /^p\.input\.a: "\[String" is not a GraphQL type/,
    ],
    [
      'an input that is a type of results',
      { input: { a: 'A' }, types: 'type A { b: Int }', template: 'x' },
      /^p\.input\.a: "A" is a type of results/,
    ],
    [
      'an input whose name is none',
      { input: { 'a-b': 'Int' }, template: 'x' },
      /^p\.input\.a-b: "a-b" is not a GraphQL name/,
    ],
    [
      'an output that is an input type',
      { output: 'A', types: 'input A { b: Int }', template: 'x' },
      /^p\.output: "A" is a type of inputs/,
    ],
    [
      'an output that holds itself',
      { output: 'A', types: 'type A { a: A }', template: 'x' },
      /^p\.output: The output type holds itself/,
    ],
    [
      'types that cannot be parsed',
      { types: '\n type A {', template: 'x' },
      /^p\.types: Line 2 of the types: Syntax Error/,
    ],
    [
      'types that name unknown types',
      { types: 'type A { b: Sting }', template: 'x' },
      /^p\.types: There is no type "Sting"\. Did you mean "String"\?/,
    ],
    [
      'types of the graph itself',
      { types: 'type Query { a: Int }', template: 'x' },
      /^p\.types: The name "Query" is taken/,
    ],
    [
      'types that are defined twice',
      { types: 'enum A { B } enum A { C }', template: 'x' },
      /^p\.types: The type "A" is defined twice/,
    ],
    [
      'types that are no types',
      { types: 'interface A { b: Int } union B = C', template: 'x' },
      /^p\.types: The types of a prompt are/,
    ],
    ['types that GraphQL refuses', { types: 'enum A { true }', template: 'x' }, /^p\.types: /],
    ['a route without a key', { ...text, route: 'best' }, /^p\.route: The route "best" is not available/],
    [
      'a model without a key',
      { ...text, route: 'gpt' },
      /^p\.route: The model "gpt" is not available: its provider "paid" has no key/,
    ],
    [
      'a field that an input lacks',
      {
        input: { l: '[R!]!' },
        types: 'input R { rating: Int! }',
        template: '\n{% for r in l %}{{ r.ratng }}{% endfor %}',
      },
      /^p\.template: The template reads a field .* line 2, column \d+: undefined variable: r\.ratng/,
    ],
    [
      'an object written as a whole',
      { input: { l: '[R!]!' }, types: 'input R { rating: Int! }', template: '{{ l }}' },
      /^p\.template: The template writes out an object/,
    ],
    [
      'a system text',
      { ...text, system: 'For {{ who }}' },
      /^p\.system: Line 1 of the system text reads "who", which is no input/,
    ],
  ])('%s', (_what, options, message) => {
    expect(load({ p: options }).problems[0]).toMatch(message);
  });
});

test('names that are taken by models, or by the stream of another prompt, are told', () => {
  expect(load({ chat: text, note: text, noteStream: text }).problems).toEqual([
    'chat: "chat" is a field of the models already.',
    'noteStream: "noteStream" is the stream of the prompt "note" already.',
  ]);
});

test('two prompts share a type if it is the same, and are told if it is not', () => {
  const prompt = (types: string) => ({ input: { a: 'A' }, types, template: '{{ a }}' });
  const { source, problems } = load({
    one: prompt('enum A { B C }'),
    two: prompt('enum A {\n  B,\n  C\n}'),
    three: prompt('enum A { B }'),
  });
  expect(problems).toEqual(['three.types: The type "A" is defined otherwise by the prompt "one".']);
  expect(source.model.sdl.match(/enum A /g)).toHaveLength(1);
});

test('inputs that may be left out, JSON and input types that hold themselves are no mistakes', () => {
  const { problems } = load({
    p: {
      input: { tone: 'String', data: 'JSON', tree: 'Tree', names: '[String!]' },
      types: 'input Tree { name: String child: Tree }',
      template: '{{ tone }} {{ data.any }} {{ tree.child.child.name }} {% for n in names %}{{ n }}{% endfor %}',
    },
  });
  expect(problems).toEqual([]);
});

test('examples that fill a template for ever are told, and hold up nobody for long', () => {
  const range = '{% for i in (1..1000) %}';
  const loops = `{% if n > 5 %}${range.repeat(3)}{% endfor %}{% endfor %}{% endfor %}{% endif %}x`;
  const examples = [1, 9, 9, 9, 9].map((n) => ({ input: { n }, output: 'a' }));
  const { problems } = load({ slow: { input: { n: 'Int!' }, template: loops, examples } });
  expect(problems[0]).toMatch(/^slow\.examples\.1\.input: The template cannot be filled with the example: .*more work/);
  // The others are told so as well, or, where all of them take long, that those before do.
  const more = problems.slice(1);
  expect(more.filter((problem) => !/more work|take too long/.test(problem))).toEqual([]);
  expect(more.length).toBeGreaterThan(0);
});
