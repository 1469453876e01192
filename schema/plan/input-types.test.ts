import { buildSchema, type OperationDefinitionNode, parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { hasCompilableVariables } from './input-types.ts';

const wide = Array.from({ length: 40 }, (_, i) => `f${i}: Middle`).join(' ');
const schema = buildSchema(`
  type Query { a(f: Filter, p: Plain, t: Twice, w: Wide): Int }
  input Filter { and: [Filter!] name: String }
  input Plain { name: String! inner: Inner }
  input Inner { n: Int }
  input Twice { a: Inner b: Inner }
  input Middle { ${Array.from({ length: 20 }, (_, i) => `m${i}: Int`).join(' ')} }
  input Wide { ${wide} }
`);

describe('variables', () => {
  it.each([
    ['query($p: Plain) { a(p: $p) }', true],
    ['query($t: [Twice!]!) { a }', true],
    ['query($n: Int) { a }', true],
    ['query($f: Filter) { a(f: $f) }', false],
    ['query($p: Plain, $f: [Filter!]) { a }', false],
    ['query($w: Wide) { a(w: $w) }', false],
  ])('of %s are compiled: %s', (text, expected) => {
    const document = parse(text);
    const operation = document.definitions[0] as OperationDefinitionNode;
    expect(hasCompilableVariables(schema, document, operation)).toBe(expected);
  });
});
