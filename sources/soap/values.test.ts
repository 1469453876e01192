import { buildSchema } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openSource, type SoapServer, startRecordedService, wsdlOf } from '../../test/utils/soap-server.ts';

/** Answers what it was sent: the element `Send` comes back as `SendResponse`. */
let echo: SoapServer;
let answer: string | undefined;

beforeAll(async () => {
  echo = await startRecordedService(({ body }) => ({
    body: answer === undefined ? body.replaceAll(/:Send\b/g, ':SendResponse') : answer,
  }));
});

afterAll(() => echo.stop());

/** A source whose one operation takes and gives the same content: it is named `t:Type` in `schema`. */
async function open(schema: string, formDefault = 'qualified') {
  const wsdl = wsdlOf(`<xsd:schema targetNamespace="urn:s" elementFormDefault="${formDefault}">
  <xsd:element name="Send"><xsd:complexType><xsd:sequence><xsd:element name="v" type="s:Type"/></xsd:sequence></xsd:complexType></xsd:element>
  <xsd:element name="SendResponse"><xsd:complexType><xsd:sequence><xsd:element name="v" type="s:Type"/></xsd:sequence></xsd:complexType></xsd:element>
  ${schema}
</xsd:schema>`);
  const { source, problems, call } = await openSource(wsdl, echo.endpoint);
  await source.dispose();
  buildSchema(source.model.sdl);
  expect(problems).toEqual([]);
  return {
    sdl: source.model.sdl,
    model: source.model,
    notices: source.model.notices?.map(({ message }) => message),
    /** What comes back of a value, and how it was written. */
    async send(v: unknown, recorded?: string) {
      answer = recorded;
      const opened = await openSource(wsdl, echo.endpoint);
      try {
        const back = await opened.call('Mutation.send', { v });
        const xml = /<soap:Body><n\d+:Send>(.*)<\/n\d+:Send>/s.exec(echo.requests.at(-1)?.body ?? '')?.[1];
        return { back, xml: xml?.replaceAll(/\bn\d+:/g, '') };
      } finally {
        await opened.source.dispose();
      }
    },
    call,
  };
}

const complex = (content: string, attributes = '') =>
  `<xsd:complexType name="Type"${attributes}>${content}</xsd:complexType>`;
const sequence = (content: string) => complex(`<xsd:sequence>${content}</xsd:sequence>`);
const ANSWER = (content: string) =>
  `<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:s="urn:s"><e:Body><s:SendResponse><s:v${content}</s:v></s:SendResponse></e:Body></e:Envelope>`;

describe('simple types', () => {
  test.each([
    ['xsd:string', 'String', ' a  <b> ', ' a  <b> '],
    ['xsd:token', 'String', ' a ', 'a'],
    ['xsd:boolean', 'Boolean', true, true],
    ['xsd:int', 'Int', -5, -5],
    ['xsd:unsignedByte', 'Int', 255, 255],
    ['xsd:unsignedInt', 'Int64', '4294967295', '4294967295'],
    ['xsd:long', 'Int64', '-9223372036854775808', '-9223372036854775808'],
    ['xsd:unsignedLong', 'Int64', '18446744073709551615', '18446744073709551615'],
    ['xsd:integer', 'String', '123456789012345678901234567890', '123456789012345678901234567890'],
    ['xsd:decimal', 'String', '0.10000000000000000001', '0.10000000000000000001'],
    ['xsd:double', 'Float', 1.5e300, 1.5e300],
    ['xsd:dateTime', 'String', '2024-02-29T23:59:59.123Z', '2024-02-29T23:59:59.123Z'],
    ['xsd:base64Binary', 'String', 'aGk=', 'aGk='],
    ['xsd:hexBinary', 'String', '0aFF', '0aFF'],
    ['xsd:QName', 'String', '{urn:x"y}name', '{urn:x"y}name'],
    ['xsd:anyURI', 'String', 'urn:a?b&c', 'urn:a?b&c'],
    ['xsd:NMTOKENS', '[String!]', ['a', 'b'], ['a', 'b']],
  ])('%s is %s', async (type, graphql, value, expected) => {
    const { sdl, send } = await open(`<xsd:simpleType name="Type"><xsd:restriction base="${type}"/></xsd:simpleType>`);
    expect(sdl).toContain(`v: ${graphql}!\n  ): ${graphql}\n`);
    expect((await send(value)).back).toEqual(expected);
  });

  test('integers are as wide as their facets', async () => {
    const of = async (facets: string) => {
      const { sdl } = await open(
        `<xsd:simpleType name="Type"><xsd:restriction base="xsd:integer">${facets}</xsd:restriction></xsd:simpleType>`,
      );
      return /\): (\w+)/.exec(sdl)?.[1];
    };
    expect(await of('<xsd:totalDigits value="9"/>')).toBe('Int');
    expect(await of('<xsd:totalDigits value="18"/>')).toBe('Int64');
    expect(await of('<xsd:minInclusive value="0"/><xsd:maxExclusive value="2147483648"/>')).toBe('Int');
    expect(await of('<xsd:minInclusive value="0"/>')).toBe('String');
  });

  test('values of enumerations have names that GraphQL allows, each its own', async () => {
    const values = ['dark red', 'dark-red', '1st', 'true', '', 'Äpfel', '+1'];
    const { model, send } = await open(
      `<xsd:simpleType name="Type"><xsd:restriction base="xsd:string">${values.map((value) => `<xsd:enumeration value="${value}"/>`).join('')}</xsd:restriction></xsd:simpleType>`,
    );
    expect(model.enumValues?.get('Type')).toEqual({
      DARK_RED: 'dark red',
      DARK_RED2: 'dark-red',
      _1ST: '1st',
      TRUE: 'true',
      EMPTY: '',
      PFEL: 'Äpfel',
      PLUS_1: '+1',
    });
    expect((await send('dark-red')).back).toBe('dark-red');
    expect((await send('')).back).toBe('');
  });

  test('an enumeration is null where nothing stands and that is none of its values', async () => {
    const { send } = await open(
      `<xsd:simpleType name="Colour"><xsd:restriction base="xsd:string"><xsd:enumeration value="red"/></xsd:restriction></xsd:simpleType>
      ${complex('<xsd:sequence><xsd:element name="c" type="s:Colour" minOccurs="0"/></xsd:sequence><xsd:attribute name="a" type="s:Colour"/>')}`,
    );
    expect((await send({}, ANSWER(' a=""><s:c> </s:c>'))).back).toEqual({ __typename: 'Type', a: null, c: null });
  });

  test('a list has each word of its default', async () => {
    const { send } = await open(
      `<xsd:simpleType name="Flags"><xsd:list itemType="xsd:NCName"/></xsd:simpleType>
      ${complex('<xsd:sequence><xsd:element name="e" type="s:Flags" default=" Read  Write "/></xsd:sequence><xsd:attribute name="a" type="s:Flags" default="x y" use="required"/>')}`,
    );
    expect(await send({})).toEqual({
      back: { __typename: 'Type', a: ['x', 'y'], e: ['Read', 'Write'] },
      xml: '<v a="x y"><e>Read Write</e></v>',
    });
  });

  test('lists are lists, and no item can become two', async () => {
    const { send, sdl } = await open('<xsd:simpleType name="Type"><xsd:list itemType="xsd:int"/></xsd:simpleType>');
    expect(sdl).toContain('): [Int!]');
    expect(await send([1, 2])).toEqual({ back: [1, 2], xml: '<v>1 2</v>' });
    const texts = await open('<xsd:simpleType name="Type"><xsd:list itemType="xsd:string"/></xsd:simpleType>');
    await expect(texts.send(['a', 'b c'])).rejects.toThrow('The argument "v[1]" is empty or has a space');
  });

  test('what is no number is refused before it is sent', async () => {
    const { send } = await open('<xsd:simpleType name="Type"><xsd:restriction base="xsd:decimal"/></xsd:simpleType>');
    await expect(send('1e5')).rejects.toThrow('The argument "v" is not a decimal number.');
  });

  test('a union is text', async () => {
    const { sdl } = await open(
      '<xsd:simpleType name="Type"><xsd:union memberTypes="xsd:int xsd:date"/></xsd:simpleType>',
    );
    expect(sdl).toContain('): String');
  });

  test('what is not a value of its type stays text for GraphQL to refuse; empty numbers are null', async () => {
    const { send } = await open(
      sequence(
        '<xsd:element name="n" type="xsd:int"/><xsd:element name="b" type="xsd:boolean"/><xsd:element name="f" type="xsd:float"/>',
      ),
    );
    const read = async (content: string) => (await send({}, ANSWER(content))).back;
    expect(await read('><s:n>many</s:n><s:b>0</s:b><s:f>-INF</s:f>')).toMatchObject({
      n: 'many',
      b: false,
      f: -Infinity,
    });
    expect(await read('><s:n/><s:b> 1 </s:b><s:f>1e3</s:f>')).toMatchObject({ n: null, b: true, f: 1000 });
  });
});

describe('complex types', () => {
  test('attributes that are called like elements get a prefix; forms decide on namespaces', async () => {
    const { sdl, send } = await open(
      complex(
        `<xsd:sequence><xsd:element name="id" type="xsd:string"/><xsd:element name="Own" type="xsd:string" form="unqualified"/></xsd:sequence>
         <xsd:attribute name="id" type="xsd:int"/><xsd:attribute name="far" type="xsd:string" form="qualified"/><xsd:attribute ref="xml:lang"/>`,
      ),
    );
    expect(sdl).toContain('id: String!\n  own: String!\n  attrId: Int\n  far: String\n  lang: String\n');
    const value = { id: 'a', own: 'b', attrId: 1, far: '<"\n>', lang: 'de' };
    const { back, xml } = await send(value);
    expect(back).toEqual({ __typename: 'Type', ...value });
    expect(xml).toBe('<v id="1" far="&lt;&quot;&#10;&gt;" xml:lang="de"><id>a</id><Own>b</Own></v>');
    expect(echo.requests.at(-1)?.body).toMatch(/<n\d+:id>a<\/n\d+:id><Own>b<\/Own>/);
  });

  test('attributes that are called like those of XML Schema for instances are their own', async () => {
    const { send } = await open(
      complex('<xsd:attribute name="type" type="xsd:string"/><xsd:attribute name="nil" type="xsd:boolean"/>'),
    );
    const read = async (attributes: string) => (await send({}, ANSWER(`${attributes}>`))).back;
    expect(await read(' type="net" xsi:type="s:Type" xsi:nil="false"')).toEqual({ __typename: 'Type', type: 'net' });
    expect(await read(' xsi:type="s:Type"')).toEqual({ __typename: 'Type' });
  });

  test('absent, null and empty are three things', async () => {
    const { sdl, send } = await open(
      sequence(`<xsd:element name="a" type="xsd:string" nillable="true"/>
        <xsd:element name="b" type="xsd:string" minOccurs="0" nillable="true"/>
        <xsd:element name="c" type="xsd:string" minOccurs="0" maxOccurs="5" nillable="true"/>
        <xsd:element name="d" type="xsd:string" minOccurs="0"/>`),
    );
    expect(sdl).toContain('  a: String\n  b: String\n  c: [String]!\n  d: String\n');
    expect((await send({})).xml).toBe('<v><a xsi:nil="true"/></v>');
    const { xml, back } = await send({ a: '', b: null, c: ['x', null], d: null });
    expect(xml).toBe('<v><a></a><b xsi:nil="true"/><c>x</c><c xsi:nil="true"/></v>');
    expect(back).toEqual({ __typename: 'Type', a: '', b: null, c: ['x', null] });
  });

  test('what is fixed or has a default is written and read where nothing is given', async () => {
    const { sdl, send } = await open(
      complex(`<xsd:sequence><xsd:element name="a" type="xsd:string" fixed="A"/><xsd:element name="b" type="xsd:int" default="7"/></xsd:sequence>
        <xsd:attribute name="version" type="xsd:string" fixed="2" use="required"/><xsd:attribute name="unit" default="kg"/>`),
    );
    expect(sdl).toContain('input TypeInput {\n  a: String\n  b: Int\n  version: String\n  unit: String\n}');
    const { xml, back } = await send({});
    expect(xml).toBe('<v version="2"><a>A</a><b>7</b></v>');
    expect(back).toEqual({ __typename: 'Type', version: '2', unit: 'kg', a: 'A', b: 7 });
    expect((await send({}, ANSWER('><s:b/>'))).back).toMatchObject({ b: 7, version: '2' });
  });

  test('members of a choice may be absent, and a repeated group is written in turns', async () => {
    const { sdl, send, notices } = await open(
      sequence(`<xsd:choice><xsd:element name="a" type="xsd:int"/><xsd:element name="b" type="xsd:int" maxOccurs="unbounded"/></xsd:choice>
        <xsd:sequence maxOccurs="unbounded"><xsd:element name="key" type="xsd:string"/><xsd:element name="value" type="xsd:int"/></xsd:sequence>`),
    );
    expect(sdl).toContain('type Type {\n  a: Int\n  b: [Int!]\n  key: [String!]!\n  value: [Int!]!\n}');
    expect(notices).toEqual([]);
    const { xml, back } = await send({ a: 1, key: ['x', 'y'], value: [1, 2] });
    expect(xml).toBe('<v><a>1</a><key>x</key><value>1</value><key>y</key><value>2</value></v>');
    expect(back).toEqual({ __typename: 'Type', a: 1, key: ['x', 'y'], value: [1, 2] });
    await expect(send({ a: 1, b: [2] })).rejects.toThrow('The argument "v" may have only one of a, b.');
  });

  test('branches of a choice are written in their own order, also where they share an element', async () => {
    const branch = (...names: string[]) =>
      `<xsd:sequence>${names.map((name) => `<xsd:element name="${name}" type="xsd:int"/>`).join('')}</xsd:sequence>`;
    const { sdl, send } = await open(
      complex(
        `<xsd:choice>${branch('a', 'z')}${branch('b', 'c', 'a', 'd', 'z', 'e')}${branch('f', 'c', 'z')}</xsd:choice>`,
      ),
    );
    expect(sdl).toContain('type Type {\n  b: Int\n  f: Int\n  c: Int\n  a: Int\n  d: Int\n  z: Int!\n  e: Int\n}');
    expect((await send({ z: 1, a: 2, d: 3, c: 4, b: 5, e: 6 })).xml).toBe(
      '<v><b>5</b><c>4</c><a>2</a><d>3</d><z>1</z><e>6</e></v>',
    );
    expect((await send({ z: 1, f: 2, c: 3 })).xml).toBe('<v><f>2</f><c>3</c><z>1</z></v>');
  });

  test('a repeated choice loses its order, which is told', async () => {
    const { notices, send } = await open(
      complex(
        '<xsd:choice maxOccurs="unbounded"><xsd:element name="a" type="xsd:int"/><xsd:element name="b" type="xsd:int"/></xsd:choice>',
      ),
    );
    expect(notices).toEqual([
      'The elements of a repeated group are shown as a list each; their order among each other is not kept.',
    ]);
    expect((await send({ a: [1, 3], b: [2] })).xml).toBe('<v><a>1</a><a>3</a><b>2</b></v>');
  });

  test('an element at several places of a sequence is one list, which is told where others stand between', async () => {
    const element = (name: string) => `<xsd:element name="${name}" type="xsd:int"/>`;
    const { notices, send } = await open(sequence(`${element('a')}${element('b')}${element('a')}`));
    expect(notices).toEqual([
      'The element "a" stands at several places of a sequence; it is shown as one list, all of which is sent at the first.',
    ]);
    expect((await send({ a: [1, 3], b: 2 })).xml).toBe('<v><a>1</a><a>3</a><b>2</b></v>');
    expect((await open(sequence(`${element('a')}${element('a')}${element('b')}`))).notices).toEqual([]);
  });

  test('groups, attribute groups and references are written out', async () => {
    const { sdl, send } = await open(`${complex('<xsd:group ref="s:g"/><xsd:attributeGroup ref="s:ag"/>')}
      <xsd:group name="g"><xsd:all><xsd:element ref="s:global" minOccurs="0"/><xsd:element name="x" type="xsd:int"/></xsd:all></xsd:group>
      <xsd:attributeGroup name="ag"><xsd:attribute name="y" type="xsd:int"/></xsd:attributeGroup>
      <xsd:element name="global" type="xsd:string"/>`);
    expect(sdl).toContain('type Type {\n  global: String\n  x: Int!\n  y: Int\n}');
    expect((await send({ global: 'g', x: 1, y: 2 })).xml).toBe('<v y="2"><global>g</global><x>1</x></v>');
  });

  test('elements that may stand for another are shown in its place', async () => {
    const { sdl, send } = await open(`${sequence('<xsd:element ref="s:pet"/>')}
      <xsd:element name="pet" type="xsd:string" abstract="true"/><xsd:element name="cat" substitutionGroup="s:pet"/>
      <xsd:element name="dog" type="xsd:string" substitutionGroup="s:pet"/>`);
    expect(sdl).toContain('type Type {\n  cat: String\n  dog: String\n}');
    expect(await send({ dog: 'Rex' })).toEqual({
      back: { __typename: 'Type', dog: 'Rex' },
      xml: '<v><dog>Rex</dog></v>',
    });
  });

  test('text with attributes, and text among elements', async () => {
    const { send } = await open(
      complex(
        '<xsd:simpleContent><xsd:extension base="xsd:int"><xsd:attribute name="value" type="xsd:string"/></xsd:extension></xsd:simpleContent>',
      ),
    );
    expect(await send({ value: 5, attrValue: 'x' })).toEqual({
      back: { __typename: 'Type', value: 5, attrValue: 'x' },
      xml: '<v value="x">5</v>',
    });
    const mixed = await open(
      complex('<xsd:sequence><xsd:element name="b" type="xsd:string" minOccurs="0"/></xsd:sequence>', ' mixed="true"'),
    );
    expect((await mixed.send({}, ANSWER('>some <s:b>bold</s:b> text'))).back).toEqual({
      __typename: 'Type',
      text: 'some  text',
      b: 'bold',
    });
  });

  test('a type without content is a Boolean', async () => {
    const { sdl, send } = await open(complex(''));
    expect(sdl).toContain('v: Boolean!\n  ): Boolean');
    expect(await send(true)).toEqual({ back: true, xml: '<v></v>' });
    expect((await send(false, ANSWER('>'))).xml).toBe('');
  });

  test('names that mean something in JavaScript or GraphQL are names like others', async () => {
    const { send } = await open(
      sequence(
        ['__typename', 'constructor', '__proto__', 'to-string', 'Ünicode']
          .map((name) => `<xsd:element name="${name}" type="xsd:int"/>`)
          .join(''),
      ),
    );
    const value = { typename: 1, constructor_: 2, proto: 3, toString_: 4, nicode: 5 };
    expect((await send(value)).back).toEqual({ __typename: 'Type', ...value });
  });
});

describe('derived types', () => {
  const BASE = `<xsd:complexType name="Type" abstract="true"><xsd:sequence><xsd:element name="name" type="xsd:string"/></xsd:sequence><xsd:attribute name="id" type="xsd:int"/></xsd:complexType>
    <xsd:complexType name="Cat"><xsd:complexContent><xsd:extension base="s:Type"><xsd:sequence><xsd:element name="lives" type="xsd:int"/></xsd:sequence></xsd:extension></xsd:complexContent></xsd:complexType>
    <xsd:complexType name="Kitten"><xsd:complexContent><xsd:extension base="s:Cat"/></xsd:complexContent></xsd:complexType>`;

  test('an abstract type is an interface, and values say what they are', async () => {
    const { sdl, model, send } = await open(BASE);
    expect(sdl).toMatchInlineSnapshot(`
      "type Mutation {
        send(
          v: TypeInput!
        ): Type
      }

      type Cat implements Type {
        name: String!
        id: Int
        lives: Int!
      }

      input CatInput {
        name: String!
        id: Int
        lives: Int!
      }

      type Kitten implements Type {
        name: String!
        id: Int
        lives: Int!
      }

      input KittenInput {
        name: String!
        id: Int
        lives: Int!
      }

      interface Type {
        name: String!
        id: Int
      }

      "Exactly one of these."
      input TypeInput {
        cat: CatInput
        kitten: KittenInput
      }"
    `);
    const { back, xml } = await send({ kitten: { name: 'Tom', lives: 9, id: 1 } });
    expect(xml).toBe('<v xsi:type="Kitten" id="1"><name>Tom</name><lives>9</lives></v>');
    expect(back).toEqual({ __typename: 'Kitten', id: 1, name: 'Tom', lives: 9 });
    expect(model.typeOf?.get('Type')?.(back)).toBe('Kitten');
    await expect(send({})).rejects.toThrow('The argument "v" needs exactly one of cat, kitten.');
    await expect(send({ cat: { name: 'a' }, kitten: { name: 'b' } })).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
    await expect(send({ cat: { name: 'a\u0000' } })).rejects.toThrow('The argument "v.cat.name" has a character');
  });

  test('a value of an abstract type that does not say its own is a bad answer; one with a wrong prefix is read', async () => {
    const { send } = await open(BASE);
    const value = { cat: { name: 'a', lives: 1 } };
    await expect(send(value, ANSWER('><s:name>x</s:name>'))).rejects.toMatchObject({ code: 'UPSTREAM_BAD_RESPONSE' });
    const wrong = ANSWER(' xsi:type="xsd:Cat"><s:name>x</s:name><s:lives>1</s:lives>');
    expect((await send(value, wrong)).back).toMatchObject({ __typename: 'Cat' });
  });

  test('a type with others derived from it is one of them itself', async () => {
    const { sdl, send } = await open(BASE.replace(' abstract="true"', ''));
    expect(sdl).toContain('type TypeBase implements Type {');
    expect(await send({ type: { name: 'x' } })).toEqual({
      back: { __typename: 'TypeBase', name: 'x' },
      xml: '<v><name>x</name></v>',
    });
    expect((await send({ type: { name: 'x' } }, ANSWER(' xsi:type="s:Unknown"><s:name>y</s:name>'))).back).toEqual({
      __typename: 'TypeBase',
      name: 'y',
    });
  });

  test('without fields of their own they make a union', async () => {
    const { sdl, send, model } = await open(`<xsd:complexType name="Type" abstract="true"/>
      <xsd:complexType name="A"><xsd:complexContent><xsd:extension base="s:Type"/></xsd:complexContent></xsd:complexType>
      <xsd:complexType name="B"><xsd:complexContent><xsd:extension base="s:Type"><xsd:sequence><xsd:element name="b" type="xsd:int"/></xsd:sequence></xsd:extension></xsd:complexContent></xsd:complexType>`);
    expect(sdl).toContain('union Type = A | B');
    expect(await send({ a: {} })).toEqual({ back: { __typename: 'A', present: true }, xml: '<v xsi:type="A"></v>' });
    expect(model.typeOf?.get('Type')?.({ __typename: 'B' })).toBe('B');
  });

  test('an abstract type from which nothing is derived is JSON, and told', async () => {
    const { sdl, notices } = await open('<xsd:complexType name="Type" abstract="true"/>');
    expect(sdl).toContain('): JSON');
    expect(notices).toEqual(['The type "Type" is abstract and nothing is derived from it; it is shown as JSON.']);
  });
});

describe('what has no type', () => {
  test('any elements and attributes are JSON, both ways', async () => {
    const { sdl, send } = await open(
      complex(
        '<xsd:sequence><xsd:element name="own" type="xsd:int"/><xsd:any minOccurs="0" maxOccurs="unbounded"/></xsd:sequence><xsd:anyAttribute/>',
      ),
    );
    expect(sdl).toContain('type Type {\n  own: Int!\n  any: JSON\n  anyAttributes: JSON\n}');
    const any = { a: ['1', { '@x': '<', '#text': 't' }], '{urn:far}b': { c: '&' } };
    const { back, xml } = await send({ own: 1, any, anyAttributes: { lang: 'de', '{urn:far}k': '"' } });
    expect(xml).toBe(
      '<v lang="de" xmlns:a1="urn:far" a1:k="&quot;"><own>1</own><a>1</a><a x="&lt;">t</a><q:b xmlns:q="urn:far"><c>&amp;</c></q:b></v>',
    );
    expect(back).toEqual({
      __typename: 'Type',
      own: 1,
      any: { a: ['1', { '@x': '<', '#text': 't' }], b: { c: '&' } },
      anyAttributes: { lang: 'de', k: '"' },
    });
  });

  test('names and depths of JSON that XML cannot carry are refused', async () => {
    const { send } = await open(sequence('<xsd:any minOccurs="0"/>'));
    for (const name of ['a b', 'x><y', '', 'a:b', '1', 'xmlns']) {
      await expect(send({ any: { [name]: 1 } })).rejects.toThrow('which no element can have');
    }
    await expect(send({ any: { a: { '@b c': 1 } } })).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
    let deep: object = {};
    for (let depth = 0; depth < 100; depth++) deep = { deep };
    await expect(send({ any: deep })).rejects.toThrow('The argument "v.any" is nested too deeply.');
  });

  test('anyType takes and gives any JSON, with the types that it says', async () => {
    const { send } = await open(sequence('<xsd:element name="x" type="xsd:anyType" minOccurs="0" maxOccurs="9"/>'));
    const { back, xml } = await send({ x: [5, true, 'a', { b: [1, 2], __proto__x: 'y' }] });
    expect(xml).toBe(
      '<v><x xsi:type="xsd:double">5</x><x xsi:type="xsd:boolean">true</x><x xsi:type="xsd:string">a</x><x><b>1</b><b>2</b><__proto__x>y</__proto__x></x></v>',
    );
    expect(back).toEqual({ __typename: 'Type', x: [5, true, 'a', { b: ['1', '2'], __proto__x: 'y' }] });
    const hostile = await send({}, ANSWER('><s:x><__proto__><polluted>1</polluted></__proto__></s:x>'));
    expect(JSON.stringify(hostile.back)).toContain('{"__proto__":{"polluted":"1"}}');
    expect({}).not.toHaveProperty('polluted');
  });
});
