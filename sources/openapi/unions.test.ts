import { describe, expect, test } from 'vitest';
import { makeModel, object, reading, ref, text, writing } from '../../test/utils/openapi-model.ts';
import { compileOpenapi } from './compile.ts';
import { createInputEncoders } from './encode-input.ts';
import { openapiOptions } from './options.ts';

const options = openapiOptions.parse({ kind: 'openapi', document: 'api.json', endpoint: 'http://127.0.0.1:1' });
const number = { type: 'integer' };
const constant = (value: string) => ({ type: 'string', const: value });
const pets = {
  Cat: object({ kind: text, lives: number }),
  Dog: object({ kind: text, barks: { type: 'boolean' } }),
};

const typeOf = (document: object, union = 'GetThingResult') => {
  const { model } = makeModel(document);
  const resolve = model.typeOf?.get(union);
  if (resolve === undefined) throw new Error(`no union ${union} in ${model.sdl}`);
  return resolve;
};

describe('a choice between objects', () => {
  test('is a union in answers', () => {
    const { lines, notices } = makeModel(reading(ref('Pet'), { ...pets, Pet: { oneOf: [ref('Cat'), ref('Dog')] } }));
    expect(lines('Query')).toEqual(['thing: Pet']);
    expect(lines('Pet')).toEqual(['Cat', 'Dog']);
    expect(notices).toEqual([]);
  });

  test('keeps null, within it and beside it', () => {
    const choice = (more: object) => ({ anyOf: [ref('Cat'), ref('Dog'), more] });
    const properties = {
      a: choice({ type: 'null' }),
      b: choice({ type: 'object', nullable: true }),
      c: choice(ref('Cat')),
    };
    expect(makeModel(reading(object(properties), pets)).lines('GetThingResult')).toEqual([
      'a: GetThingResultA',
      'b: GetThingResultA',
      'c: GetThingResultA!',
    ]);
  });

  test('takes in the choices within it, and lists of choices', () => {
    const schemas = { ...pets, Pet: { oneOf: [ref('Cat'), ref('Dog')] }, Car: object({ wheels: number }) };
    const { lines } = makeModel(reading({ type: 'array', items: { oneOf: [ref('Pet'), ref('Car')] } }, schemas));
    expect(lines('Query')).toEqual(['thing: [GetThingResult!]']);
    expect(lines('GetThingResult')).toEqual(['Cat', 'Dog', 'Car']);
  });

  test('between lists is a list of the choice', () => {
    const list = (name: string) => ({ type: 'array', items: ref(name) });
    const { lines } = makeModel(reading({ oneOf: [list('Cat'), list('Dog')] }, pets));
    expect(lines('Query')).toEqual(['thing: [GetThingResult!]']);
    expect(lines('GetThingResult')).toEqual(['Cat', 'Dog']);
  });

  test('names objects without a name by title, constant or place', () => {
    const oneOf = [
      { ...object({ a: text }), title: 'first one' },
      object({ b: constant('second-one') }),
      object({ c: text }),
    ];
    expect(makeModel(reading({ oneOf })).lines('GetThingResult')).toEqual([
      'GetThingResultFirstOne',
      'GetThingResultSecondOne',
      'GetThingResultOption3',
    ]);
  });

  test('gives what stands beside it to each of its members', () => {
    const schema = { ...object({ id: text }), oneOf: [ref('Cat'), ref('Dog')] };
    const { lines } = makeModel(reading(schema, pets));
    expect(lines('GetThingResult')).toEqual(['GetThingResultCat', 'GetThingResultDog']);
    expect(lines('GetThingResultCat')).toEqual(['id: String!', 'kind: String!', 'lives: Int!']);
  });

  test('within allOf is given the other parts as well', () => {
    const schema = { allOf: [object({ id: text }), { oneOf: [ref('Cat'), ref('Dog')] }] };
    expect(makeModel(reading(schema, pets)).lines('GetThingResultDog')).toEqual([
      'id: String!',
      'kind: String!',
      'barks: Boolean!',
    ]);
  });

  test('is an input of which one field is given', () => {
    const { model, lines } = makeModel(writing({ oneOf: [ref('Cat'), ref('Dog')] }, pets));
    expect(model.sdl).toContain('input PutThingInput @oneOf {');
    expect(lines('PutThingInput')).toEqual(['cat: CatInput', 'dog: DogInput']);
  });

  test('goes upstream as the one object that is given', () => {
    const schemas = { ...pets, Box: object({ 'the-pet': { oneOf: [ref('Cat'), ref('Dog')] } }) };
    const document = { openapi: '3.1.0', ...writing(ref('Box'), schemas) };
    const { compiled } = compileOpenapi(options, JSON.stringify(document), 'api.json');
    if (compiled === undefined) throw new Error('not compiled');
    const encode = createInputEncoders(compiled.wireTypes)({ input: 'BoxInput' });
    expect(encode?.({ thePet: { dog: { kind: 'dog', barks: true } } })).toEqual({
      'the-pet': { kind: 'dog', barks: true },
    });
  });

  test('with anything else is JSON, with a notice', () => {
    const { lines, notices } = makeModel(
      reading(
        object({
          a: { oneOf: [text, ref('Cat')] },
          b: { oneOf: [ref('Cat'), { type: 'array', items: ref('Dog') }] },
          c: { anyOf: [ref('Cat'), { type: 'object', description: 'Anything.' }] },
          d: { oneOf: [ref('Cat'), object({ secret: { ...text, writeOnly: true } })] },
        }),
        pets,
      ),
    );
    expect(lines('GetThingResult')).toEqual(['a: JSON!', 'b: JSON!', 'c: JSON!', 'd: JSON!']);
    expect(notices).toEqual([
      'getThing: GetThingResult.a: a choice (oneOf) of a string and an object is not told apart.',
      'getThing: GetThingResult.b: a choice (oneOf) of an object and a list is not told apart.',
      'getThing: GetThingResult.c: a choice (anyOf) of an object and any value is not told apart.',
      'getThing: GetThingResult.d: a choice that includes an object without fields is not told apart.',
    ]);
  });

  test('of more than 200 members is JSON, with a notice', () => {
    const oneOf = Array.from({ length: 201 }, (_, index) => object({ [`p${index}`]: text }));
    const { lines, notices } = makeModel(reading(object({ a: { oneOf } })));
    expect(lines('GetThingResult')).toEqual(['a: JSON']);
    expect(notices).toEqual(['getThing: GetThingResult.a: a choice (oneOf) has more than 200 types.']);
  });
});

describe('a choice between values', () => {
  const of = (schema: object) => makeModel(reading(object({ a: schema }))).lines('GetThingResult');

  test.each([
    [{ oneOf: [text, { type: 'string', format: 'uuid' }] }, 'a: String!'],
    [{ anyOf: [text, { type: 'string', enum: [''] }] }, 'a: String!'],
    [{ oneOf: [{ type: 'integer' }, { type: 'number' }] }, 'a: Float!'],
    [{ oneOf: [{ type: 'integer' }, { type: 'integer', format: 'int64' }] }, 'a: Int64!'],
    [{ type: ['integer', 'number'] }, 'a: Float!'],
    [{ oneOf: [{ const: 'a' }, { const: 'b' }] }, 'a: GetThingResultA!'],
    [
      {
        oneOf: [
          { type: 'string', enum: ['a'] },
          { type: 'string', enum: ['b', 'a'] },
        ],
      },
      'a: GetThingResultA!',
    ],
  ])('%j is %s', (schema, field) => {
    expect(of(schema)).toEqual([field]);
  });
});

describe('which member a value is, tells', () => {
  test('the mapping of the discriminator, by reference and by name', () => {
    const discriminator = {
      propertyName: 'kind',
      mapping: { meow: '#/components/schemas/Cat', woof: 'Dog', bark: 'Dog' },
    };
    const resolve = typeOf(reading({ oneOf: [ref('Cat'), ref('Dog')], discriminator }, pets));
    expect(['meow', 'woof', 'bark'].map((kind) => resolve({ kind }))).toEqual(['Cat', 'Dog', 'Dog']);
  });

  test('the name of the schema where there is no mapping', () => {
    const resolve = typeOf(reading({ oneOf: [ref('Cat'), ref('Dog')], discriminator: { propertyName: 'kind' } }, pets));
    expect([resolve({ kind: 'Dog' }), resolve({ kind: 'Cat', barks: true })]).toEqual(['Dog', 'Cat']);
  });

  test('the constant of a property, also beside a discriminator without mapping', () => {
    const schemas = {
      Cat: object({ kind: constant('cat') }),
      Dog: object({ kind: { type: 'string', enum: ['dog'] } }),
    };
    for (const discriminator of [undefined, { propertyName: 'kind' }]) {
      const resolve = typeOf(reading({ oneOf: [ref('Cat'), ref('Dog')], discriminator }, schemas));
      expect([resolve({ kind: 'dog' }), resolve({ kind: 'cat' })]).toEqual(['Dog', 'Cat']);
    }
  });

  test('required properties, and of those that have them the one that knows most', () => {
    const schemas = {
      Base: object({ id: text }),
      Named: object({ id: text, name: text }),
      Full: object({ id: text, name: text, size: number }, ['id', 'name']),
    };
    const resolve = typeOf(reading({ anyOf: [ref('Base'), ref('Named'), ref('Full')] }, schemas));
    expect([
      resolve({ id: '1' }),
      resolve({ id: '1', name: 'x' }),
      resolve({ id: '1', name: 'x', size: 1 }),
      resolve({ other: true }),
    ]).toEqual(['Base', 'Named', 'Full', 'Base']);
  });

  test('nothing for what is no object, and no property that objects inherit', () => {
    const schemas = { A: object({ constructor: text, x: text }), B: object({ y: text }) };
    const resolve = typeOf(reading({ oneOf: [ref('A'), ref('B')] }, schemas));
    expect([resolve('x'), resolve(null), resolve({ y: '' })]).toEqual([undefined, undefined, 'B']);
  });
});
