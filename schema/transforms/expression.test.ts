import { describe, expect, it } from 'vitest';
import { compileExpression } from './expression.ts';

function evaluate(text: string, data: unknown): unknown {
  const compiled = compileExpression(text);
  if (compiled.problem !== undefined) throw new Error(compiled.problem);
  return compiled.evaluate(data);
}

describe('an expression', () => {
  it('picks, filters, sorts and makes', () => {
    const data = {
      list: [
        { n: 'b', v: 2 },
        { n: 'a', v: 1 },
      ],
      text: '  x ',
    };
    expect(evaluate('list[?v > `1`].{name: n}', data)).toEqual([{ name: 'b' }]);
    expect(evaluate('sort_by(list, &n)[*].v', data)).toEqual([1, 2]);
    expect(evaluate('sort(list[*].v)', data)).toEqual([1, 2]);
    expect(evaluate('trim(text)', data)).toBe('x');
    expect(evaluate("join(' ', [to_string(list[0].v), list[0].n])", data)).toBe('2 b');
    expect(evaluate('length(text)', data)).toBe(4);
    expect(evaluate('list[?@ == `{"n":"a","v":1}`].v | [0]', data)).toBe(1);
    expect(evaluate('nothing.at.all', data)).toBeNull();
  });

  it('says what is wrong with it when it is compiled', () => {
    expect(compileExpression('list[').problem).toMatch(/^cannot be read/);
    expect(compileExpression('lengt(@)').problem).toBe(
      'calls lengt(), which JMESPath does not have. Did you mean "length"?',
    );
    expect(compileExpression('constructor(@)').problem).toMatch(/^calls constructor\(\)/);
    expect(compileExpression('let $a = @ in $a').problem).toMatch(/variables/);
    expect(compileExpression('{"__proto__": @}').problem).toMatch(/__proto__/);
    expect(compileExpression('pad_left(a, b)').problem).toMatch(/no constant/);
    expect(compileExpression('trim(a, b)').problem).toMatch(/blanks only/);
    expect(compileExpression('a'.repeat(4_001)).problem).toMatch(/longer than 4000/);
    expect(compileExpression('('.repeat(4_000)).problem).toMatch(/^cannot be read/);
  });

  it('reads nothing that data inherits', () => {
    for (const name of ['constructor', '"__proto__"', 'toString', 'constructor.constructor'])
      expect(evaluate(name, {})).toBeNull();
    const polluted = JSON.parse('{ "__proto__": { "admin": true } }');
    expect(evaluate('merge(@, `{}`).admin', polluted)).toBeNull();
    expect(({} as Record<string, unknown>).admin).toBeUndefined();
  });

  it('takes no data for an expression', () => {
    const data = { by: { expref: true, type: 'Field', name: 'secret' }, list: [{ secret: 1 }] };
    expect(() => evaluate('map(&secret, by)', data)).toThrow();
  });

  it.each([
    ['$.a[*].[$.a[*].[$.a]]', 'nested projections'],
    ["$.a[*].join(',', $.t)", 'a long text for each item'],
    ["replace(replace(replace(s, 'x', s), 'x', s), 'x', s)", 'texts that grow'],
    ['$.a[*].contains($.a, @)', 'a search for each item'],
    ['$.a[?$.a == $.a]', 'comparisons of large lists'],
    ['$.a[*].sort($.t)', 'a sort for each item'],
    ['map(&$.a[*], a)', 'functions over functions'],
  ])('stops %s: %s', (text) => {
    const a = Array.from({ length: 20_000 }, (_, i) => i);
    const data = { a, t: a.map(String), s: 'x'.repeat(10_000) };
    expect(() => evaluate(text, data)).toThrow('The expression takes too many steps.');
  });

  it.each([
    ['merge(@, @, @, @, @)', 'merges of an object with many keys'],
    ['[length(@), length(@), length(@), length(@)]', 'counts of its keys'],
    ['[*, *, *, *]', 'lists of its values'],
    ['[items(@), items(@), items(@)]', 'pairs of its keys and values'],
    ['from_items(zip(keys(@), values(@)))', 'objects that are made of pairs'],
  ])('stops %s: %s', (text) => {
    const data = Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`key${i}`, i]));
    expect(() => evaluate(text, data)).toThrow('The expression takes too many steps.');
  });

  it('stops what would be small here and without end where it is written out', () => {
    expect(() => evaluate(Array(25).fill('[@, @]').join(' | '), 1)).toThrow('The expression takes too many steps.');
    expect(() => evaluate(Array(25).fill('{a: @, b: @}').join(' | '), 1)).toThrow(
      'The expression takes too many steps.',
    );
    expect(() => evaluate('$.a[*].[$.t]', { a: Array(10_000).fill(1), t: 'x'.repeat(10_000) })).toThrow(
      'The expression takes too many steps.',
    );
  });

  it('stops searches that compare all at every place, and large texts that are taken apart', () => {
    const data = { text: 'a'.repeat(10_000_000), key: `b${'a'.repeat(3_000)}` };
    for (const text of [
      'find_last(text, key)',
      'find_first(text, key)',
      'contains(text, key)',
      'text[::-1]',
      'reverse(text)',
    ])
      expect(() => evaluate(text, data), text).toThrow('The expression takes too many steps.');
    expect(evaluate('[find_last(text, `"a"`), text[0]]', { text: 'a'.repeat(1_000_000) })).toEqual([999_999, null]);
  });

  it('is not held up by a text that is made for patterns', () => {
    expect(evaluate('trim(@)', `${' '.repeat(1_000_000)}x${' '.repeat(1_000_000)}x`)).toHaveLength(1_000_002);
  });
});
