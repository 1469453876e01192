import type { Mood } from './moody-server.ts';

const NAME = { name: 'well' };
const answers = {
  200: {
    description: 'ok',
    content: {
      'application/json': { schema: { type: 'object', required: ['name'], properties: { name: { type: 'string' } } } },
    },
  },
};

const WSDL = `<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"
  targetNamespace="urn:s" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:s="urn:s">
  <types><xsd:schema targetNamespace="urn:s" elementFormDefault="qualified">
    ${['GetSoap', 'AddSoap']
      .map(
        (name) => `<xsd:element name="${name}"><xsd:complexType><xsd:sequence/></xsd:complexType></xsd:element>
    <xsd:element name="${name}Response"><xsd:complexType><xsd:sequence>
      <xsd:element name="name" type="xsd:string"/><xsd:element name="note" type="xsd:string" minOccurs="0"/>
    </xsd:sequence></xsd:complexType></xsd:element>`,
      )
      .join('')}
  </xsd:schema></types>
  ${['GetSoap', 'AddSoap']
    .map(
      (name) => `<message name="${name}In"><part name="body" element="s:${name}"/></message>
  <message name="${name}Out"><part name="body" element="s:${name}Response"/></message>`,
    )
    .join('')}
  <portType name="Port">${['GetSoap', 'AddSoap']
    .map(
      (name) => `<operation name="${name}"><input message="s:${name}In"/><output message="s:${name}Out"/></operation>`,
    )
    .join('')}</portType>
  <binding name="Binding" type="s:Port"><soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
    ${['GetSoap', 'AddSoap']
      .map(
        (name) => `<operation name="${name}"><soap:operation soapAction="urn:${name}"/>
      <input><soap:body use="literal"/></input><output><soap:body use="literal"/></output></operation>`,
      )
      .join('')}</binding>
  <service name="Service"><port name="Port" binding="s:Binding"><soap:address location="http://localhost/"/></port></service>
</definitions>`;

/** Documents of the sources below, by file. */
export const MOODY_DOCUMENTS: Readonly<Record<string, string>> = {
  'rest.json': JSON.stringify({
    openapi: '3.0.3',
    info: { title: 't', version: '1' },
    paths: {
      '/item': {
        get: { operationId: 'restItem', responses: answers },
        post: { operationId: 'restAdd', responses: answers },
      },
    },
  }),
  'steady.json': JSON.stringify({
    openapi: '3.0.3',
    info: { title: 't', version: '1' },
    paths: { '/steady': { get: { operationId: 'steady', responses: answers } } },
  }),
  'things.graphql': `type Query { gqlItem: Thing } type Mutation { gqlAdd: Thing } type Subscription { gqlAdded: Thing }
    type Thing { name: String! }`,
  'soap.wsdl': WSDL,
  'subgraph.graphql': `extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key"])
    type Query { fedItem: FedItem } type Mutation { fedAdd: FedItem }
    type FedItem @key(fields: "id") { id: ID! name: String! }`,
};

/** A kind of source: what is asked of it, and what it answers with when it is well. */
export interface MoodyKind {
  /** Options of the source. */
  readonly source: { readonly kind: string; readonly document: string } & Readonly<Record<string, unknown>>;
  /** Its path at the server. */
  readonly path: string;
  readonly read: string;
  readonly write: string;
}

/** Each field of a root is named like the kind: `restItem`, `restAdd`. */
export const MOODY_KINDS = {
  rest: {
    source: { kind: 'openapi', document: 'rest.json' },
    path: '/rest',
    read: 'restItem',
    write: 'restAdd',
  },
  graphql: {
    source: { kind: 'graphql', document: 'things.graphql' },
    path: '/graphql',
    read: 'gqlItem',
    write: 'gqlAdd',
  },
  soap: {
    source: {
      kind: 'soap',
      document: 'soap.wsdl',
      operations: { GetSoap: { name: 'soapItem' }, AddSoap: { name: 'soapAdd' } },
    },
    path: '/soap',
    read: 'soapItem',
    write: 'soapAdd',
  },
  federation: {
    source: { kind: 'federation', document: 'subgraph.graphql' },
    path: '/federation',
    read: 'fedItem',
    write: 'fedAdd',
  },
} satisfies Record<string, MoodyKind>;
export type MoodyKindName = keyof typeof MOODY_KINDS;

export const WELL_NAME = NAME;

/** Answers as a service of the kind that is asked, named as it is told. */
export function well(name = NAME.name): Mood {
  return (response, request, body) => {
    const path = request.url ?? '';
    if (path.startsWith('/soap')) {
      const element = body.includes('AddSoap') ? 'AddSoapResponse' : 'GetSoapResponse';
      const text = `<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Body><${element} xmlns="urn:s"><name>${name}</name></${element}></Body></Envelope>`;
      response.writeHead(200, { 'content-type': 'text/xml' }).end(text);
      return;
    }
    const item = { id: '1', name, __typename: 'FedItem' };
    const data = path.startsWith('/federation')
      ? { fedItem: item, fedAdd: item }
      : { gqlItem: { name }, gqlAdd: { name } };
    const json = path.startsWith('/graphql') || path.startsWith('/federation') ? { data } : { name };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(json));
  };
}
