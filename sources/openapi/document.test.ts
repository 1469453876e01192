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

  test('OpenAPI 2.0 is named as what it is', () => {
    expect(problemsOf('swagger: "2.0"')[0]).toMatchObject({
      message: 'The document is of OpenAPI 2.0; versions 3.0 and 3.1 can be read.',
      suggestion: 'Convert the document to OpenAPI 3.0 or 3.1.',
    });
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

  test.each(['#/nowhere', '#/constructor', '#/list/7', 'other.yaml#/x', 'http://h/x', '#/loop'])(
    '%s is unusable',
    (reference) => {
      expect(() => resolve(reference)).toThrow(UnusableError);
    },
  );

  test('tells the line of a key', () => {
    const yaml = readDocument('openapi: 3.1.0\npaths:\n  /a:\n    get:\n      operationId: x\n', 'api.yaml');
    expect(yaml.lineOf(['paths', '/a', 'get'])).toBe(4);
    expect(yaml.lineOf(['paths', '/b', 'get'])).toBeUndefined();
  });
});
