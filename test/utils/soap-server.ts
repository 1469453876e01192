import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { listen } from 'soap';
import type { Problem } from '../../kernel/problem.ts';
import { createDocumentLoader } from '../../sources/soap/document-loader.ts';
import { soapOptions } from '../../sources/soap/options.ts';
import { createSoapSource } from '../../sources/soap/soap-source.ts';
import type { Arguments, Source } from '../../sources/source.ts';
import { createCallContext } from './call-context.ts';

/** A SOAP service for tests, on a port of its own. */
export interface SoapServer {
  readonly endpoint: string;
  readonly requests: readonly SoapRequest[];
  stop(): Promise<void>;
}

export interface SoapRequest {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface RecordedAnswer {
  readonly status?: number;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

export function soapFixture(name: string): string {
  return new URL(`../fixtures/soap/${name}`, import.meta.url).pathname;
}

const PRODUCTS = [
  {
    attributes: { sku: 'chair-1' },
    Name: 'Chair <oak> & "more"',
    price: { $value: '49.990', attributes: { currency: 'CHF' } },
    colour: 'dark red',
    tags: ['wood', ''],
    parts: [{ attributes: { sku: 'leg' }, Name: 'Leg', price: { $value: '5' }, stock: 4 }],
    stock: 7,
    inSale: 1,
  },
  { attributes: { sku: 'lamp-2' }, Name: 'Lamp', price: { $value: '20' }, colour: 'light/blue', stock: 1 },
];

interface Order {
  readonly lines: { readonly sku: string; readonly quantity: number }[];
  readonly note?: string;
}

function fault(code: string, text: string, detail: object): { Fault: object } {
  return { Fault: { faultcode: `soap:${code}`, faultstring: text, detail, statusCode: 500 } };
}

/** The shop of `shop.wsdl`, by the server of the `soap` package. */
export async function startSoapShop(): Promise<SoapServer & { readonly orders: readonly Order[] }> {
  const requests: SoapRequest[] = [];
  const orders: Order[] = [];
  const http = createServer();
  const services = {
    ShopService: {
      ShopPort: {
        GetProduct: ({ sku }: { sku: string }) => ({
          product: PRODUCTS.filter((product) => product.attributes.sku === sku),
        }),
        ListProducts: (args: { skus?: string[]; colour?: string } | null) => ({
          product: PRODUCTS.filter(
            (product) =>
              (args?.skus === undefined || args.skus.includes(product.attributes.sku)) &&
              (args?.colour === undefined || args.colour === product.colour),
          ),
        }),
        PlaceOrder: ({ order }: { order: Order }) => {
          if (order.note === 'break') throw fault('Server', 'The database is gone', {});
          if (order.note === 'refuse') {
            throw fault('Client', 'Not enough in stock', { OrderFault: { sku: 'chair-1', available: 7 } });
          }
          orders.push(order);
          return { id: '9007199254740993', total: '99.980', placedAt: '2024-05-01T10:00:00Z' };
        },
        Forget: () => undefined,
      },
    },
  };
  const xml = await readFile(soapFixture('shop.wsdl'), 'utf8');
  const ready = new Promise<void>((resolve, reject) => {
    listen(http, {
      path: '/shop',
      services,
      xml,
      uri: soapFixture('shop.wsdl'),
      callback: (error: unknown) => (error ? reject(error) : resolve()),
    });
  });
  await ready;
  // `listen` takes away the listeners that were there before.
  http.prependListener('request', (request) => {
    let body = '';
    request.on('data', (chunk) => {
      body += String(chunk);
    });
    request.on('end', () => requests.push({ url: request.url ?? '', headers: request.headers, body }));
  });
  const port = await started(http);
  return { endpoint: `http://127.0.0.1:${port}/shop`, requests, orders, stop: () => stopped(http) };
}

/** A service that answers what it is told to, byte for byte. */
export async function startRecordedService(respond: (request: SoapRequest) => RecordedAnswer): Promise<SoapServer> {
  const requests: SoapRequest[] = [];
  const http = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const seen = { url: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks).toString('utf8') };
      requests.push(seen);
      const { status = 200, contentType = 'text/xml; charset=utf-8', headers = {}, body } = respond(seen);
      response.writeHead(status, { 'content-type': contentType, ...headers }).end(body);
    });
  });
  const port = await started(http);
  return { endpoint: `http://127.0.0.1:${port}/service`, requests, stop: () => stopped(http) };
}

async function started(http: Server): Promise<number> {
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  return (http.address() as AddressInfo).port;
}

async function stopped(http: Server): Promise<void> {
  http.closeAllConnections();
  http.close();
  await once(http, 'close');
}

export const ENVELOPE_11 = 'http://schemas.xmlsoap.org/soap/envelope/';
export const ENVELOPE_12 = 'http://www.w3.org/2003/05/soap-envelope';

export function envelope(body: string, namespace = ENVELOPE_11): string {
  return `<?xml version="1.0"?><s:Envelope xmlns:s="${namespace}"><s:Body>${body}</s:Body></s:Envelope>`;
}

export interface OpenedSource {
  readonly source: Source;
  readonly problems: readonly Problem[];
  call(field: string, args?: Arguments): Promise<unknown>;
}

/** A source of a WSDL: one of the fixtures, or a text, with `documents` beside it. */
export async function openSource(
  wsdl: string,
  endpoint: string,
  options: object = {},
  documents: Readonly<Record<string, string>> = {},
): Promise<OpenedSource> {
  const problems: Problem[] = [];
  const isText = wsdl.startsWith('<');
  const document = isText ? '/documents/service.wsdl' : soapFixture(wsdl);
  const load = isText
    ? async (location: string) => {
        const text = location === document ? wsdl : documents[location.replace('/documents/', '')];
        if (text === undefined) throw new Error('there is no such file');
        return text;
      }
    : createDocumentLoader('soap');
  const source = await createSoapSource(
    'shop',
    soapOptions.parse({ kind: 'soap', document, endpoint, ...options }),
    load,
    {
      log: createCallContext().log,
      report: (problem) => problems.push(problem),
    },
  );
  return {
    source,
    problems,
    call: async (field, args = {}) => {
      const found = source.model.calls.get(field);
      if (found?.type !== 'unary') throw new Error(`There is no ${field}.`);
      return await found.invoke(args, createCallContext().context);
    },
  };
}

/** A WSDL with one document/literal operation, whose input and output elements are of the given types. */
export function wsdlOf(schema: string, version: '1.1' | '1.2' = '1.1', name = 'Send'): string {
  const soap = version === '1.2' ? 'http://schemas.xmlsoap.org/wsdl/soap12/' : 'http://schemas.xmlsoap.org/wsdl/soap/';
  return `<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="${soap}" targetNamespace="urn:s"
  xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:s="urn:s">
  <types>
${schema.trim()}
  </types>
  <message name="In"><part name="body" element="s:${name}"/></message>
  <message name="Out"><part name="body" element="s:${name}Response"/></message>
  <portType name="Port"><operation name="${name}"><input message="s:In"/><output message="s:Out"/></operation></portType>
  <binding name="Binding" type="s:Port">
    <soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
    <operation name="${name}"><soap:operation soapAction="urn:${name}"/>
      <input><soap:body use="literal"/></input><output><soap:body use="literal"/></output></operation>
  </binding>
  <service name="Service"><port name="Port" binding="s:Binding"><soap:address location="http://localhost/"/></port></service>
</definitions>`;
}
