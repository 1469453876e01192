import { describe, expect, test } from 'vitest';
import { ProblemsError } from '../../kernel/problem.ts';
import { openSource, wsdlOf } from '../../test/utils/soap-server.ts';
import { compileSoap } from './compile-soap.ts';
import { loadSoapDocuments } from './load-documents.ts';
import { soapOptions } from './options.ts';

const ENDPOINT = 'http://localhost:1/';
const options = soapOptions.parse({ kind: 'soap', document: '/a/s.wsdl', endpoint: ENDPOINT });

const compile = (text: string, over: object = {}) =>
  compileSoap('s', { ...options, ...over }, [{ location: '/a/s.wsdl', text }]);

function messagesOf(text: string, over: object = {}) {
  return compile(text, over).problems.map(({ line, message }) => `${line}: ${message}`);
}

const SCHEMA = `<xsd:schema targetNamespace="urn:s">
  <xsd:element name="Send" type="xsd:string"/>
  <xsd:element name="SendResponse" type="xsd:string"/>
</xsd:schema>`;

describe('a document type is refused, whatever it declares', () => {
  test.each([
    ['nothing', '<!DOCTYPE definitions>'],
    ['an external one', '<!DOCTYPE definitions SYSTEM "http://127.0.0.1:1/evil.dtd">'],
    ['a file as an entity', '<!DOCTYPE definitions [<!ENTITY file SYSTEM "file:///etc/passwd">]>'],
    [
      'a billion laughs',
      `<!DOCTYPE definitions [<!ENTITY a "ha">${[...'bcdefghij']
        .map((name, index) => `<!ENTITY ${name} "${`&${'abcdefghi'[index]};`.repeat(10)}">`)
        .join('')}]>`,
    ],
  ])('%s', (_name, doctype) => {
    const { compiled, problems } = compile(
      `<?xml version="1.0"?>\n${doctype}\n${wsdlOf(SCHEMA).replace('Send', '&j;Send')}`,
    );
    expect(compiled).toBeUndefined();
    expect(problems).toEqual([
      {
        message: 'The document cannot be read: it has a DOCTYPE, which is not read.',
        file: '/a/s.wsdl',
        line: 2,
        suggestion: 'Remove the DOCTYPE; entities must be written out.',
      },
    ]);
  });
});

test.each([
  ['an entity that nobody declared', '<a>&b;</a>', '1: The document cannot be read: undefined entity.'],
  ['text that is no XML', 'openapi: 3.1.0', '1: The document cannot be read: '],
  ['an end tag too few', '<a>\n<b>', '2: The document cannot be read: unclosed tag: b.'],
  ['nothing', '', '1: The document cannot be read: '],
  ['another document', '<html/>', '1: The document is not a WSDL 1.1 document. It begins with <html>.'],
  [
    'WSDL 2.0',
    '<description xmlns="http://www.w3.org/ns/wsdl"/>',
    '1: The document is not a WSDL 1.1 document. It is WSDL 2.0; only 1.1 can be read.',
  ],
])('%s is a problem with a line', (_name, text, message) => {
  expect(messagesOf(text)[0]).toContain(message);
});

test('all that is broken is told at once, and the rest works', () => {
  const text = wsdlOf(`<xsd:schema targetNamespace="urn:s">
  <xsd:element name="Send"><xsd:complexType><xsd:sequence>
    <xsd:element name="missing" type="s:Nothing"/>
    <xsd:element ref="s:nobody"/>
    <xsd:group ref="s:noGroup"/>
    <xsd:element name="text" type="xsd:string"/>
  </xsd:sequence><xsd:attribute ref="s:noAttribute"/></xsd:complexType></xsd:element>
  <xsd:element name="SendResponse" type="s:Derived"/>
  <xsd:complexType name="Derived"><xsd:complexContent><xsd:extension base="s:NoBase"><xsd:sequence>
    <xsd:element name="id" type="xsd:int"/></xsd:sequence></xsd:extension></xsd:complexContent></xsd:complexType>
  <xsd:complexType name="Twice"/>
  <xsd:complexType name="Twice"><xsd:sequence/></xsd:complexType>
</xsd:schema>`)
    .replace('<portType', '<message name="Broken"><part name="x" element="s:NoElement"/></message>\n<portType')
    .replace(
      '</operation></portType>',
      `</operation>
<operation name="NoMessage"><input message="s:Gone"/></operation>
<operation name="NoElement"><input message="s:Broken"/></operation>
</portType>`,
    )
    .replace('</binding>', '<operation name="NoMessage"/><operation name="NoElement"/></binding>')
    .replace('</service>', '<port name="Other" binding="s:NoBinding"/></service>');
  const { compiled } = compile(text);
  expect(messagesOf(text)).toEqual([
    '6: There is no type "s:Nothing"; it is shown as JSON.',
    '7: There is no element "s:nobody"; it is left out.',
    '8: There is no group "s:noGroup"; it is left out.',
    '10: There is no attribute "s:noAttribute"; it is left out.',
    '12: There is no type "s:NoBase" for "Derived" to be derived from.',
    '15: The type "Twice" is defined twice: it is in line 14 already, which counts.',
    '20: There is no element "s:NoElement", which the part "x" of a message needs.',
    '22: There is no message "s:Gone", which the input needs.',
    '30: There is no binding "s:NoBinding", which the port needs.',
  ]);
  expect(compiled?.sdl).toContain('missing: JSON!');
  expect(compiled?.sdl).toContain('): Int');
});

test('what cannot be expressed is listed with its reason, and the rest works', () => {
  const text = wsdlOf(SCHEMA)
    .replace(
      '<types>',
      '<wsaw:UsingAddressing xmlns:wsaw="http://www.w3.org/2006/05/addressing/wsdl" required="true"/><types>',
    )
    .replace(
      '</operation></portType>',
      `</operation>
<operation name="Notify"><output message="s:Out"/></operation>
<operation name="Solicit"><output message="s:Out"/><input message="s:In"/></operation>
<operation name="Attach"><input message="s:In"/></operation>
<operation name="Typed"><input message="s:Typed"/></operation>
<operation name="Unbound"><input message="s:In"/></operation></portType>`,
    )
    .replace('<portType', '<message name="Typed"><part name="t" type="xsd:int"/></message><portType')
    .replace(
      '</binding>',
      `<operation name="Notify"/><operation name="Solicit"/><operation name="Typed"/><operation name="Attach"><input>
<mime:multipartRelated xmlns:mime="http://schemas.xmlsoap.org/wsdl/mime/"/></input></operation></binding>
<binding name="Get" type="s:Port"><http:binding xmlns:http="http://schemas.xmlsoap.org/wsdl/http/" verb="GET"/></binding>
<binding name="Queue" type="s:Port"><soap:binding transport="urn:jms"/></binding>`,
    )
    .replace(
      '</service>',
      '<port name="GetPort" binding="s:Get"/><port name="QueuePort" binding="s:Queue"/></service>',
    );
  const { compiled, problems } = compile(text);
  expect(problems).toEqual([]);
  expect(compiled?.operations.map(({ operation }) => operation)).toEqual(['Send']);
  expect(compiled?.notices.map(({ message, line }) => `${line}: ${message}`)).toMatchInlineSnapshot(`
    [
      "3: The document speaks of WS-Addressing, whose headers are not sent: the service may refuse calls.",
      "12: The operation "Notify" is left out, because it is a notification: the service would call.",
      "13: The operation "Solicit" is left out, because it is of the solicit-response kind: the service would call.",
      "14: The operation "Attach" is left out, because it sends or answers with attachments (MIME).",
      "15: The operation "Typed" is left out, because the part "t" of its message has no element, as document style needs it.",
      "16: The operation "Unbound" is left out, because the binding "Binding" does not have it.",
      "23: The port "GetPort" is left out, because its binding is HTTP without SOAP.",
      "24: The port "QueuePort" is left out, because its transport urn:jms is not HTTP.",
    ]
  `);
});

test('types of one name in two namespaces are told apart by these, in any order', () => {
  const schemas = [
    '<xsd:schema targetNamespace="urn:shop:orders"><xsd:complexType name="Item"><xsd:sequence><xsd:element name="a" type="xsd:int"/></xsd:sequence></xsd:complexType></xsd:schema>',
    '<xsd:schema targetNamespace="urn:shop:billing:2024"><xsd:complexType name="Item"><xsd:sequence><xsd:element name="b" type="xsd:int"/></xsd:sequence></xsd:complexType></xsd:schema>',
  ];
  const own = `<xsd:schema targetNamespace="urn:s" xmlns:o="urn:shop:orders" xmlns:b="urn:shop:billing:2024">
  <xsd:element name="Send" type="xsd:string"/>
  <xsd:element name="SendResponse"><xsd:complexType><xsd:sequence>
    <xsd:element name="one" type="o:Item"/><xsd:element name="two" type="b:Item"/>
  </xsd:sequence></xsd:complexType></xsd:element></xsd:schema>`;
  const sdl = compile(wsdlOf([...schemas, own].join('\n'))).compiled?.sdl;
  expect(sdl).toContain('one: OrdersItem!');
  expect(sdl).toContain('two: Billing2024Item!');
  expect(compile(wsdlOf([own, ...schemas.reverse()].join('\n'))).compiled?.sdl).toBe(sdl);
});

test('a port is chosen by name, SOAP 1.2 before 1.1, and a wrong name gets an answer', () => {
  const both = wsdlOf(SCHEMA)
    .replace(
      '<service',
      `<binding name="New" type="s:Port" xmlns:new="http://schemas.xmlsoap.org/wsdl/soap12/">
    <new:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
    <operation name="Send"><new:operation soapAction="urn:new"/><input><new:body use="literal"/></input><output><new:body use="literal"/></output></operation>
  </binding><service`,
    )
    .replace('</service>', '<port name="NewPort" binding="s:New"/></service>');
  expect(compile(both).compiled).toMatchObject({ version: '1.2', operations: [{ action: 'urn:new' }] });
  expect(compile(both, { port: 'Port' }).compiled).toMatchObject({
    version: '1.1',
    operations: [{ action: 'urn:Send' }],
  });
  expect(compile(both, { port: 'NewProt' })).toMatchObject({
    compiled: undefined,
    problems: [{ path: ['port'], suggestion: 'Did you mean "NewPort"?' }],
  });
});

describe('bounds', () => {
  const within = (content: string) =>
    wsdlOf(`<xsd:schema targetNamespace="urn:s"><xsd:element name="Send"><xsd:complexType>${content}</xsd:complexType></xsd:element>
<xsd:element name="SendResponse" type="xsd:string"/></xsd:schema>`);

  test('100,000 elements are compiled', () => {
    const elements = Array.from({ length: 100_000 }, (_, index) => `<xsd:element name="e${index}" type="xsd:int"/>`);
    const { compiled, problems } = compile(within(`<xsd:sequence>${elements.join('')}</xsd:sequence>`));
    expect(problems).toEqual([]);
    expect(compiled?.sdl).toContain('e99999: Int!');
  });

  test('elements nested too deeply are refused', () => {
    const depth = 100_000;
    const text = within(`${'<xsd:sequence>'.repeat(depth)}${'</xsd:sequence>'.repeat(depth)}`);
    expect(messagesOf(text)).toEqual(['4: The document cannot be read: its elements are nested more than 128 deep.']);
  });

  test('a tag of countless attributes is refused', () => {
    const attributes = Array.from({ length: 10_001 }, (_, at) => `a${at}=""`);
    expect(messagesOf(within(`<xsd:sequence ${attributes.join(' ')}/>`))).toEqual([
      '4: The document cannot be read: an element has more than 10000 attributes.',
    ]);
  });

  test('groups that hold each other, or themselves, end', () => {
    const doubling = Array.from(
      { length: 40 },
      (_, index) =>
        `<xsd:group name="g${index}"><xsd:sequence><xsd:element name="e${index}" type="xsd:int"/><xsd:group ref="s:g${index + 1}"/><xsd:group ref="s:g${index + 1}"/></xsd:sequence></xsd:group>`,
    );
    const text = within('<xsd:group ref="s:g0"/>').replace(
      '<xsd:schema targetNamespace="urn:s">',
      `$&${doubling.join('')}<xsd:group name="g40"><xsd:sequence><xsd:group ref="s:g40"/></xsd:sequence></xsd:group>`,
    );
    expect(messagesOf(text)).toEqual(['4: The group "g40" holds itself.']);
    expect(compile(text).compiled?.sdl).toContain('e39: [Int!]!');
  });

  test('types derived from themselves, and chains of derivations without end, are told', () => {
    const chain = Array.from({ length: 5_000 }, (_, index) => {
      const base = index === 4_999 ? 's:T0' : `s:T${index + 1}`;
      return `<xsd:complexType name="T${index}"><xsd:complexContent><xsd:extension base="${base}"/></xsd:complexContent></xsd:complexType>`;
    });
    const simple = '<xsd:simpleType name="S"><xsd:restriction base="s:S"/></xsd:simpleType>';
    const text = within(
      '<xsd:sequence><xsd:element name="a" type="s:T0"/><xsd:element name="b" type="s:S"/></xsd:sequence>',
    );
    const problems = messagesOf(text.replace('<xsd:schema targetNamespace="urn:s">', `$&${chain.join('')}${simple}`));
    expect(problems).toContainEqual(expect.stringMatching(/The type "T\d+" is derived from itself, or too often\./));
    expect(problems).toContain('4: The type "S" is derived from itself, or too often.');
  });

  test('many types that each take in a large group are too much', () => {
    const elements = Array.from({ length: 1_000 }, (_, index) => `<xsd:element name="e${index}" type="xsd:int"/>`);
    const types = Array.from(
      { length: 4_000 },
      (_, index) => `<xsd:complexType name="T${index}"><xsd:group ref="s:g"/></xsd:complexType>`,
    );
    const uses = types.map((_, index) => `<xsd:element name="t${index}" type="s:T${index}"/>`);
    const text = within(`<xsd:sequence>${uses.join('')}</xsd:sequence>`).replace(
      '<xsd:schema targetNamespace="urn:s">',
      `$&<xsd:group name="g"><xsd:sequence>${elements.join('')}</xsd:sequence></xsd:group>${types.join('')}`,
    );
    expect(compile(text)).toMatchObject({
      compiled: undefined,
      problems: [{ message: 'The document is too large. Its types have too many fields.', file: '/a/s.wsdl' }],
    });
  });

  test('inputs that need themselves may be left out', () => {
    const schema = `<xsd:schema targetNamespace="urn:s"><xsd:element name="Send" type="s:Node"/>
<xsd:element name="SendResponse" type="s:Node"/><xsd:complexType name="Node"><xsd:sequence>
<xsd:element name="next" type="s:Node"/></xsd:sequence></xsd:complexType></xsd:schema>`;
    const { compiled } = compile(wsdlOf(schema));
    expect(compiled?.sdl).toContain('input NodeInput {\n  next: NodeInput\n}');
    expect(compiled?.sdl).toContain('type Node {\n  next: Node!\n}');
  });
});

describe('imports', () => {
  const importing = (location: string) =>
    wsdlOf(SCHEMA.replace('<xsd:element', `<xsd:include schemaLocation="${location}"/>\n<xsd:element`));

  async function asked(root: string, location: string) {
    const seen: string[] = [];
    const loaded = await loadSoapDocuments(root, async (wanted) => {
      seen.push(wanted);
      return wanted === root ? importing(location) : '<xsd:schema xmlns:xsd="http://www.w3.org/2001/XMLSchema"/>';
    });
    return { seen: seen.slice(1), problems: loaded.problems };
  }

  test.each([
    ['/docs/s.wsdl', '../secret.xsd'],
    ['/docs/s.wsdl', '/etc/passwd'],
    ['/docs/s.wsdl', '%2e%2e/secret.xsd'],
    ['/docs/s.wsdl', 'file:///etc/passwd'],
    ['/docs/s.wsdl', 'http://169.254.169.254/latest'],
    ['/docs/s.wsdl', 'gopher://localhost/'],
    ['https://host/a/s.wsdl', 'https://other/x.xsd'],
    ['https://host/a/s.wsdl', 'http://host/x.xsd'],
    ['https://host/a/s.wsdl', '//other/x.xsd'],
    ['https://host/a/s.wsdl', 'file:///etc/passwd'],
  ])('from %s, %s is not read', async (root, location) => {
    const { seen, problems } = await asked(root, location);
    expect(seen).toEqual([]);
    expect(problems).toEqual([
      {
        message: expect.stringContaining(`The import of "${location}" is not read: it leaves the `),
        file: root,
        line: 5,
        suggestion: 'Save it beside the WSDL and import it there.',
      },
    ]);
  });

  test.each([
    ['/docs/s.wsdl', 'types/x.xsd', '/docs/types/x.xsd'],
    ['/docs/s.wsdl', './a%20b.xsd', '/docs/a b.xsd'],
    ['https://host/a/s.wsdl', '../x.xsd?xsd=1', 'https://host/x.xsd?xsd=1'],
    ['https://me:secret@host/s.wsdl', 'https://host/x.xsd', 'https://me:secret@host/x.xsd'],
  ])('from %s, %s is read', async (root, location, wanted) => {
    expect(await asked(root, location)).toEqual({ seen: [wanted], problems: [] });
  });

  test('documents that import each other are read once', async () => {
    let reads = 0;
    const { documents, problems } = await loadSoapDocuments('/a/s.wsdl', async (location) => {
      reads += 1;
      return importing(location === '/a/x.xsd' ? 's.wsdl' : 'x.xsd');
    });
    expect(reads).toBe(2);
    expect(documents.map(({ location }) => location)).toEqual(['/a/s.wsdl', '/a/x.xsd']);
    expect(problems).toEqual([]);
  });

  test('imports without end come to one', async () => {
    let reads = 0;
    const { problems } = await loadSoapDocuments('/a/s.wsdl', async () => importing(`x${++reads}.xsd`));
    expect(reads).toBe(1_000);
    expect(problems).toMatchObject([
      { message: 'The import of "x1000.xsd" is not read: there are more than 1000 documents.' },
    ]);
  });

  test.each([
    ['nested deeper than is read', '<a>'.repeat(128), '</a>'.repeat(128)],
    ['behind a tag that is not read', `<a ${Array.from({ length: 10_001 }, (_, at) => `a${at}=''`).join(' ')}/>`, ''],
  ])('an import that is %s is not followed', async (_name, before, after) => {
    let reads = 0;
    const { documents } = await loadSoapDocuments('/a/s.wsdl', async () => {
      reads += 1;
      return importing('x.xsd').replace('<types>', `<types>${before}`).replace('</types>', `${after}</types>`);
    });
    expect(reads).toBe(1);
    expect(documents).toHaveLength(1);
  });

  test('addresses of imports are told without what may be secret in them', async () => {
    const locations = ['/a.xsd?key=s3cret', '//ada:s3cret@h/b.xsd'];
    const imports = locations.map((location) => `<import namespace="urn:a" location="${location}"/>`).join('');
    const load = async (location: string) => {
      if (location !== 'http://h/s.wsdl') throw new Error('it is gone');
      return `<definitions xmlns="http://schemas.xmlsoap.org/wsdl/">${imports}</definitions>`;
    };
    const { problems } = await loadSoapDocuments('http://h/s.wsdl', load);
    expect(problems.map(({ message }) => message)).toEqual([
      'The import of "http://h/a.xsd?…" cannot be read: it is gone.',
      'The import of "http://h/b.xsd" cannot be read: it is gone.',
    ]);
  });

  test('an import that is not there is told with its place, and a WSDL that is not there is the end', async () => {
    const { problems, source } = await openSource(importing('gone.xsd'), ENDPOINT);
    expect(problems).toEqual([
      {
        message: 'The import of "gone.xsd" cannot be read: there is no such file.',
        file: '/documents/service.wsdl',
        line: 5,
      },
    ]);
    expect([...source.model.calls.keys()]).toEqual(['Mutation.send']);
    await source.dispose();
    const missing = openSource('none.wsdl', ENDPOINT);
    await expect(missing).rejects.toBeInstanceOf(ProblemsError);
    await expect(missing).rejects.toThrow('The document cannot be read: ENOENT');
  });

  test('credentials that XML cannot carry are told without their value', async () => {
    const opened = openSource(wsdlOf(SCHEMA), ENDPOINT, { security: { username: 'me', password: 'pass\u0000word' } });
    await expect(opened).rejects.toMatchObject({
      problems: [{ path: ['security', 'password'], message: 'The password has a character that XML cannot carry.' }],
    });
  });
});
