import { describe, expect, test } from 'vitest';
import { type Problem, ProblemsError } from '../../kernel/problem.ts';
import { readDocument, UnusableError } from './document.ts';

function problemsOf(text: string): readonly Problem[] {
  try {
    readDocument(text, 'api.yaml');
  } catch (error) {
    if (error instanceof ProblemsError) return error.problems;
    throw error;
  }
  return [];
}

describe('readDocument', () => {
  test('a syntax error in YAML is told with file and line', () => {
    expect(problemsOf('openapi: 3.1.0\ninfo: {\npaths: x')).toMatchObject([{ file: 'api.yaml', line: 3 }]);
    expect(problemsOf('openapi: 3.1.0\ninfo:\n  a: 1\n b: 2')[0]).toMatchObject({ file: 'api.yaml', line: 4 });
  });

  test('a syntax error in JSON is told with file and line', () => {
    const [problem] = problemsOf('{\n  "openapi": "3.1.0",\n  "paths": { "a" "b" }\n}');
    expect(problem).toMatchObject({ file: 'api.yaml', line: 3 });
    expect(problem?.message).toContain('syntax error');
  });

  test.each(['openapi: 4.0.0', 'openapi: "3.2.0"', 'swagger: "1.2"'])('%s is named as what it is', (text) => {
    const version = text.replaceAll(/[a-z: "]/g, '');
    expect(problemsOf(text)[0]).toMatchObject({
      message: `The document is of OpenAPI ${version}; versions 2.0, 3.0 and 3.1 can be read.`,
      suggestion: 'Convert the document to OpenAPI 3.0 or 3.1.',
    });
  });

  test.each([
    ['swagger: "2.0"', '2.0'],
    ['swagger: 2.0', '2.0'],
    ['openapi: 3.0', '3.0'],
    ['openapi: 3.0.3', '3.0'],
    ['openapi: 3.1.0', '3.1'],
    ['\uFEFF{"openapi": "3.1.1"}', '3.1'],
  ])('%j is of version %s', (text, version) => {
    expect(readDocument(text, 'api.yaml').version).toBe(version);
  });

  test('text that nests without end is refused before it is parsed', () => {
    expect(problemsOf(`openapi: 3.1.0\nx: ${'['.repeat(100_000)}`)[0]?.message).toContain('nests deeper');
  });

  test.each([['hello'], ['a: 1'], ['[]'], ['']])('%j is no OpenAPI document', (text) => {
    expect(problemsOf(text)[0]?.message).toContain('not an OpenAPI document');
  });

  test('a document whose aliases multiply without end is refused', () => {
    const bomb = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
    for (let n = 1; n < 9; n++)
      bomb.push(
        `a${n}: &a${n} [${Array(10)
          .fill(`*a${n - 1}`)
          .join(', ')}]`,
      );
    expect(problemsOf(`openapi: 3.1.0\n${bomb.join('\n')}`)[0]?.message).toContain('cannot be read');
  });
});

describe('resolve', () => {
  const document = readDocument(
    JSON.stringify({
      openapi: '3.0.3',
      components: { schemas: { 'A/B ~': { type: 'string' }, Alias: { $ref: '#/components/schemas/A~1B%20~0' } } },
      list: [{ first: true }],
      deep: [{ schema: { $anchor: 'node', type: 'boolean' } }],
      other: { $id: 'https://example.com/thing', properties: { a: { type: 'integer' } } },
      loop: { $ref: '#/back' },
      back: { $ref: '#/loop' },
    }),
    'api.json',
  );
  const resolve = (reference: string) => document.resolve({ $ref: reference });

  test('follows pointers with their escapes, and names the component they end at', () => {
    expect(resolve('#/components/schemas/Alias')).toEqual({ value: { type: 'string' }, component: 'A/B ~' });
    expect(resolve('#/list/0/first')).toEqual({ value: true });
  });

  test('follows $anchor and $id within the document', () => {
    expect(resolve('#node')).toEqual({ value: { $anchor: 'node', type: 'boolean' } });
    expect(resolve('https://example.com/thing').value).toMatchObject({ $id: 'https://example.com/thing' });
    expect(resolve('https://example.com/thing#/properties/a')).toEqual({ value: { type: 'integer' } });
  });

  test.each(['#/nowhere', '#/constructor', '#/list/7', '#/list/length', '#nobody', '#/loop'])(
    '%s is unusable',
    (reference) => {
      expect(() => resolve(reference)).toThrow(UnusableError);
    },
  );

  test.each(['other.yaml#/x', 'http://h/x', '../secret.json', 'file:///etc/passwd#/x'])(
    '%s is named, with the way out, and never read',
    (reference) => {
      expect(() => resolve(reference)).toThrow(`$ref "${reference}" leads out of the document, which is not followed`);
    },
  );

  test('tells the line of an operation, in YAML and in JSON', () => {
    const yaml = readDocument('openapi: 3.1.0\npaths:\n  /a:\n    get:\n      operationId: x\n', 'api.yaml');
    expect(yaml.lineOf(['paths', '/a', 'get'])).toBe(4);
    expect(yaml.lineOf(['paths', '/b', 'get'])).toBeUndefined();
    const text =
      '{"openapi":"3.0.0",\n"x":{"paths":{"/a":1}},\n"paths":{"/a\\"\\\\":\n{"get":{"get":1},\n"put" : {}}}}';
    const json = readDocument(text, 'api.json');
    expect(json.lineOf(['paths', '/a"\\'])).toBe(3);
    expect(json.lineOf(['paths', '/a"\\', 'get'])).toBe(4);
    expect(json.lineOf(['paths', '/a"\\', 'put'])).toBe(5);
    expect(json.lineOf(['paths', '/a'])).toBeUndefined();
  });
});
