import { createServer } from 'node:http';
import { listen } from 'soap';
import { compileSoap } from '../../sources/soap/compile-soap.ts';
import { loadSoapDocuments } from '../../sources/soap/load-documents.ts';
import { soapOptions } from '../../sources/soap/options.ts';
import { createSoapSource } from '../../sources/soap/soap-source.ts';
import { SeenCalls, startFront } from './contract-front.ts';
import { type Backend, COMMON_OPTIONS, type Harness, namesOf, STRICT_DEPS } from './contract-harness.ts';
import { type Binding, type Item, Library, LibraryError, SECRET } from './contract-library.ts';

/** The server of the `soap` package. */
export const soapHarness: Harness = {
  kind: 'soap',
  prefix: 'Soap',
  cannot: {
    'hold lists of lists': {
      reason: 'an element that repeats does not nest without elements between',
      shows: (sdl) => !sdl.includes('grid'),
    },
    'carry every character': {
      reason: 'XML 1.0 has no control characters',
      shows: (sdl) => sdl.includes('type SoapItem'),
    },
    stream: { reason: 'SOAP answers once', shows: (sdl) => !sdl.includes('type Subscription') },
    'hold up a stream': { reason: 'it has no streams', shows: (sdl) => !sdl.includes('type Subscription') },
  },
  addArgument: 'item',
  itemOperation: 'GetItem',
  start,
};

const element = (name: string, type: string, more = '') => `<xsd:element name="${name}" type="${type}" ${more}/>`;
const OPTIONAL = 'minOccurs="0"';
const MANY = 'minOccurs="0" maxOccurs="unbounded"';
const ITEM = [
  element('id', 'xsd:string'),
  element('title', 'xsd:string'),
  element('note', 'xsd:string', OPTIONAL),
  element('pageCount', 'xsd:int'),
  element('copies', 'xsd:long'),
  element('weight', 'xsd:double'),
  element('lent', 'xsd:boolean'),
  element('binding', 'tns:SoapBinding'),
  element('added', 'xsd:dateTime'),
  element('author', 'tns:SoapAuthor'),
  element('tags', 'xsd:string', MANY),
].join('');
const type = (name: string, content: string) =>
  `<xsd:complexType name="${name}"><xsd:sequence>${content}</xsd:sequence></xsd:complexType>`;
const message = (name: string, content: string) =>
  `<xsd:element name="${name}"><xsd:complexType><xsd:sequence>${content}</xsd:sequence></xsd:complexType></xsd:element>`;

const BODIES: Readonly<Record<string, readonly [string, string]>> = {
  GetItem: [element('id', 'xsd:string'), element('item', 'tns:SoapItem', OPTIONAL)],
  ListItems: [
    element('limit', 'xsd:int', OPTIONAL) + element('binding', 'tns:SoapBinding', OPTIONAL),
    element('items', 'tns:SoapItem', MANY),
  ],
  ItemsOf: [element('ids', 'xsd:string', MANY), element('items', 'tns:SoapItem', MANY)],
  AddItem: [element('item', 'tns:SoapItem'), element('item', 'tns:SoapItem', OPTIONAL)],
};
const each = (make: (name: string, bodies: readonly [string, string]) => string) =>
  Object.entries(BODIES)
    .map(([name, bodies]) => make(name, bodies))
    .join('\n');

const WSDL = `<?xml version="1.0" encoding="utf-8"?>
<definitions name="Library" targetNamespace="urn:library" xmlns="http://schemas.xmlsoap.org/wsdl/"
    xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:tns="urn:library">
  <types><xsd:schema targetNamespace="urn:library" elementFormDefault="qualified">
    ${type('SoapItem', ITEM)}
    ${type('SoapAuthor', element('name', 'xsd:string') + element('city', 'xsd:string', OPTIONAL))}
    <xsd:simpleType name="SoapBinding"><xsd:restriction base="xsd:string">
      <xsd:enumeration value="paperback"/><xsd:enumeration value="hard/cover"/>
    </xsd:restriction></xsd:simpleType>
    ${each((name, [input, output]) => message(name, input) + message(`${name}Response`, output))}
  </xsd:schema></types>
  ${each(
    (name) => `<message name="${name}In"><part name="body" element="tns:${name}"/></message>
      <message name="${name}Out"><part name="body" element="tns:${name}Response"/></message>`,
  )}
  <portType name="LibraryPortType">
    ${each((name) => `<operation name="${name}"><input message="tns:${name}In"/><output message="tns:${name}Out"/></operation>`)}
  </portType>
  <binding name="LibraryBinding" type="tns:LibraryPortType">
    <soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
    ${each(
      (name) => `<operation name="${name}"><soap:operation soapAction="urn:library/${name}"/>
        <input><soap:body use="literal"/></input><output><soap:body use="literal"/></output></operation>`,
    )}
  </binding>
  <service name="LibraryService">
    <port name="LibraryPort" binding="tns:LibraryBinding"><soap:address location="http://localhost:1/"/></port>
  </service>
</definitions>`;

const NAMES = namesOf(soapHarness);
const OPERATIONS = {
  GetItem: { name: NAMES.item },
  ListItems: { name: NAMES.items },
  ItemsOf: { name: NAMES.itemsOf, as: 'query' },
  AddItem: { name: NAMES.add },
};
const WIRE: Readonly<Record<Binding, string>> = { PAPERBACK: 'paperback', HARD_COVER: 'hard/cover' };
const bindingOf = (wire: string): Binding => (wire === WIRE.HARD_COVER ? 'HARD_COVER' : 'PAPERBACK');

function write({ grid: _, binding, note, author, ...rest }: Item): object {
  const { name, city } = author;
  return {
    ...rest,
    ...(note === null ? {} : { note }),
    binding: WIRE[binding],
    author: city === null ? { name } : { name, city },
  };
}

type Wire = Omit<Item, 'binding' | 'tags'> & {
  binding: string;
  tags?: string | string[];
};

function read({ binding, note = null, author, tags = [], ...rest }: Wire): Item {
  const { name, city = null } = author;
  return {
    ...rest,
    grid: [],
    note,
    binding: bindingOf(binding),
    author: { name, city },
    tags: [tags].flat(),
  };
}

function servicesOf(library: Library) {
  const told =
    <Request>(answer: (request: Request) => object | Promise<object>) =>
    async (request: Request) => {
      try {
        return await answer(request);
      } catch (error) {
        const code = error instanceof LibraryError && error.isRefusal ? 'Client' : 'Server';
        const faultstring = (error as Error).message;
        throw { Fault: { faultcode: `soap:${code}`, faultstring, detail: { reason: SECRET }, statusCode: 500 } };
      }
    };
  const LibraryPort = {
    GetItem: told(async ({ id }: { id: string }) => {
      const item = await library.item(id);
      return item === null ? {} : { item: write(item) };
    }),
    ListItems: told((request: { limit?: number; binding?: string } | null) => ({
      items: library
        .list(request?.limit, request?.binding === undefined ? undefined : bindingOf(request.binding))
        .map(write),
    })),
    ItemsOf: told((request: { ids?: string[] } | null) => ({
      items: library.itemsOf([request?.ids ?? []].flat()).map(write),
    })),
    AddItem: told(({ item }: { item: Wire }) => ({ item: write(library.add(read(item))) })),
  };
  return { LibraryService: { LibraryPort } };
}

/** What the server would make of texts and numbers by itself is not what was sent. */
const READ_AS_SENT: object = {
  preserveWhitespace: true,
  customDeserializer: { long: (text: string) => text, dateTime: (text: string) => text },
};

async function start(): Promise<Backend> {
  const library = new Library();
  const seen = new SeenCalls();
  const inner = createServer();
  await new Promise<void>((resolve, reject) => {
    listen(inner, {
      path: '/library',
      services: servicesOf(library),
      xml: WSDL,
      ...READ_AS_SENT,
      callback: (error: unknown) => (error ? reject(error) : resolve()),
    });
  });
  const front = await startFront(seen, (request, response) => void inner.emit('request', request, response));
  const parse = ({ operations = {}, ...options }: { operations?: object }) =>
    soapOptions.parse({
      kind: 'soap',
      document: '/library.wsdl',
      endpoint: `http://127.0.0.1:${front.port}/library`,
      operations: { ...OPERATIONS, ...operations },
      ...COMMON_OPTIONS,
      ...options,
    });
  const load = async () => WSDL;
  return {
    library,
    seen,
    port: front.port,
    open: ({ name = 'soap', ...options } = {}) => createSoapSource(name, parse(options), load, STRICT_DEPS),
    async compile() {
      const { documents } = await loadSoapDocuments('/library.wsdl', load);
      return compileSoap('soap', parse({}), documents);
    },
    cut: front.cut,
    async close() {
      library.release();
      await front.close();
    },
  };
}
