import { describe, expect, test } from 'vitest';
import { cookieWriter, headerWriter, pathWriter, queryWriter, type Style } from './styles.ts';

const list = ['blue', 'black', 'brown'];
const object = { R: 100, G: 200, B: 150 };
const nested = { page: { size: 5 }, tags: ['a', 'b'], parts: [{ sku: 'x' }, { sku: 'y', n: [1] }] };
const named = (style: Style, explode: boolean, allowReserved = false) => ({
  name: 'color',
  style,
  explode,
  allowReserved,
});

// The values of https://spec.openapis.org/oas/v3.1.1#style-examples
describe('in the path', () => {
  test.each<[Style, boolean, unknown, string]>([
    ['simple', false, 'blue', 'blue'],
    ['simple', false, list, 'blue,black,brown'],
    ['simple', true, list, 'blue,black,brown'],
    ['simple', false, object, 'R,100,G,200,B,150'],
    ['simple', true, object, 'R=100,G=200,B=150'],
    ['label', false, 'blue', '.blue'],
    ['label', false, list, '.blue,black,brown'],
    ['label', true, list, '.blue.black.brown'],
    ['label', false, object, '.R,100,G,200,B,150'],
    ['label', true, object, '.R=100.G=200.B=150'],
    ['matrix', false, '', ';color'],
    ['matrix', true, '', ';color'],
    ['matrix', false, 'blue', ';color=blue'],
    ['matrix', false, list, ';color=blue,black,brown'],
    ['matrix', true, list, ';color=blue;color=black;color=brown'],
    ['matrix', false, object, ';color=R,100,G,200,B,150'],
    ['matrix', true, object, ';R=100;G=200;B=150'],
    ['json', false, { a: '/' }, '%7B%22a%22%3A%22%2F%22%7D'],
    ['simple', true, { 'a,b': '=' }, 'a%2Cb=%3D'],
    ['label', true, ['a.b', 'c'], '.a%2Eb.c'],
    ['matrix', true, { ';': '/' }, ';%3B=%2F'],
  ])('%s, explode %s: %j is %s', (style, explode, value, written) => {
    expect(pathWriter(named(style, explode))(value)).toBe(written);
  });
});

describe('in the query', () => {
  test.each<[Style, boolean, unknown, string]>([
    ['form', true, '', '&color='],
    ['form', true, 'blue', '&color=blue'],
    ['form', false, list, '&color=blue,black,brown'],
    ['form', true, list, '&color=blue&color=black&color=brown'],
    ['form', false, object, '&color=R,100,G,200,B,150'],
    ['form', true, object, '&R=100&G=200&B=150'],
    ['form', true, { sort: ['a', 'b'], page: 1, none: null }, '&sort=a&sort=b&page=1'],
    ['form', true, [], ''],
    ['form', false, [], ''],
    ['form', false, [null], ''],
    ['spaceDelimited', false, list, '&color=blue%20black%20brown'],
    ['spaceDelimited', true, list, '&color=blue&color=black&color=brown'],
    ['spaceDelimited', false, object, '&color=R%20100%20G%20200%20B%20150'],
    ['spaceDelimited', false, 'a b', '&color=a%20b'],
    ['pipeDelimited', false, list, '&color=blue%7Cblack%7Cbrown'],
    ['pipeDelimited', false, object, '&color=R%7C100%7CG%7C200%7CB%7C150'],
    ['deepObject', true, object, '&color%5BR%5D=100&color%5BG%5D=200&color%5BB%5D=150'],
    ['deepObject', true, list, '&color%5B%5D=blue&color%5B%5D=black&color%5B%5D=brown'],
    ['json', false, ['&'], '&color=%5B%22%26%22%5D'],
    ['form', false, ['a,b', '&c=d'], '&color=a%2Cb,%26c%3Dd'],
  ])('%s, explode %s: %j is %s', (style, explode, value, written) => {
    expect(queryWriter(named(style, explode))(value)).toBe(written);
  });

  test('brackets nest as deep as the value does', () => {
    const written = queryWriter(named('deepObject', true))(nested);
    expect(written.split('&').slice(1).map(decodeURIComponent)).toEqual([
      'color[page][size]=5',
      'color[tags][]=a',
      'color[tags][]=b',
      'color[parts][0][sku]=x',
      'color[parts][1][sku]=y',
      'color[parts][1][n][]=1',
    ]);
  });

  test('reserved characters stay where that is allowed, except what would end the value', () => {
    const write = queryWriter(named('form', true, true));
    expect(write("a/b:c@e[f]!$'()*,")).toBe("&color=a/b:c@e[f]!$'()*,");
    expect(write('&x=1#y+z%;?')).toBe('&color=%26x%3D1%23y%2Bz%25%3B%3F');
    expect(queryWriter(named('form', false, true))(['a,b', 'c/d'])).toBe('&color=a%2Cb,c%2Fd');
  });

  test.each<[string, Style, unknown]>([
    ['lists in lists', 'form', [['a']]],
    ['objects in objects', 'form', { a: { b: 1 } }],
    ['a delimiter in an item', 'spaceDelimited', ['a b']],
    ['a delimiter in an item', 'pipeDelimited', ['a|b']],
    ['brackets in a name', 'deepObject', { 'a][b': 1 }],
    ['half a character', 'form', '\ud800'],
  ])('%s cannot be written (%s)', (_what, style, value) => {
    expect(() => queryWriter(named(style, style === 'form'))(value)).toThrow(/^(An item|An argument|The name)/);
  });
});

describe('in headers and cookies', () => {
  test.each<[Style, boolean, unknown, string]>([
    ['simple', false, list, 'blue,black,brown'],
    ['simple', false, object, 'R,100,G,200,B,150'],
    ['simple', true, object, 'R=100,G=200,B=150'],
    ['simple', true, ['a=b'], 'a=b'],
    ['json', false, { a: 'ü😀\n' }, '{"a":"\\u00fc\\ud83d\\ude00\\n"}'],
  ])('%s, explode %s: %j is %s', (style, explode, value, written) => {
    expect(headerWriter(named(style, explode), 'color')(value)).toBe(written);
  });

  test.each([[['a,b']], [{ 'a=b': 1 }], [{ a: 'x,y' }], ['a\nb']])('%j cannot be written into a header', (value) => {
    expect(() => headerWriter(named('simple', true), 'color')(value)).toThrow('The argument "color" has characters');
  });

  test('a cookie for each item or property that is exploded', () => {
    expect(cookieWriter(named('form', true))(list)).toEqual(['color=blue', 'color=black', 'color=brown']);
    expect(cookieWriter(named('form', false))(list)).toEqual(['color=blue,black,brown']);
    expect(cookieWriter(named('form', true))(object)).toEqual(['R=100', 'G=200', 'B=150']);
    expect(cookieWriter(named('json', false))({ a: ';' })).toEqual(['color=%7B%22a%22%3A%22%3B%22%7D']);
  });
});
