import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createCallContext } from '../../test/utils/call-context.ts';
import {
  ENVELOPE_12,
  envelope,
  openSource,
  type RecordedAnswer,
  type SoapServer,
  startRecordedService,
  wsdlOf,
} from '../../test/utils/soap-server.ts';

const SCHEMA = `<xsd:schema targetNamespace="urn:s">
  <xsd:element name="Send" type="xsd:string"/>
  <xsd:element name="SendResponse" type="s:Node"/>
  <xsd:complexType name="Node"><xsd:sequence>
    <xsd:element name="text" type="xsd:string" minOccurs="0"/>
    <xsd:element name="node" type="s:Node" minOccurs="0" maxOccurs="unbounded"/>
  </xsd:sequence></xsd:complexType>
</xsd:schema>`;

let answer: RecordedAnswer;
let service: SoapServer;

beforeEach(async () => {
  service = await startRecordedService(() => answer);
});

afterEach(() => service.stop());

const wrap = (content: string, namespace?: string) =>
  envelope(`<r:SendResponse xmlns:r="urn:s">${content}</r:SendResponse>`, namespace);

async function send(options: object = {}, version: '1.1' | '1.2' = '1.1', args: object = { send: 'x' }) {
  const { source, call } = await openSource(wsdlOf(SCHEMA, version), service.endpoint, options);
  try {
    return await call('Mutation.send', { ...args });
  } finally {
    await source.dispose();
  }
}

const TEXT = 'Grüße, Ångström';
const read = { __typename: 'Node', text: TEXT, node: [] };

test.each<[string, RecordedAnswer]>([
  ['UTF-8', { body: wrap(`<text>${TEXT}</text>`) }],
  ['UTF-8 with a mark', { body: `\uFEFF${wrap(`<text>${TEXT}</text>`)}`, contentType: 'text/xml' }],
  [
    'UTF-16 by its mark',
    { body: Buffer.from(`\uFEFF${wrap(`<text>${TEXT}</text>`)}`, 'utf16le'), contentType: 'text/xml' },
  ],
  [
    'UTF-16, big end first, by its content type',
    { body: Buffer.from(wrap(`<text>${TEXT}</text>`), 'utf16le').swap16(), contentType: 'text/xml; charset=utf-16' },
  ],
  [
    'ISO-8859-1 by its content type',
    { body: Buffer.from(wrap(`<text>${TEXT}</text>`), 'latin1'), contentType: 'text/xml; charset="ISO-8859-1"' },
  ],
  [
    'ISO-8859-1 by its declaration',
    {
      body: Buffer.from(wrap(`<text>${TEXT}</text>`).replace('?>', ' encoding="iso-8859-1"?>'), 'latin1'),
      contentType: 'text/xml',
    },
  ],
  [
    'UTF-8 that says it was UTF-16',
    { body: wrap(`<text>${TEXT}</text>`).replace('?>', ' encoding="utf-16"?>'), contentType: 'text/xml' },
  ],
  ['compressed', { body: gzipSync(wrap(`<text>${TEXT}</text>`)), headers: { 'content-encoding': 'gzip' } }],
])('an answer in %s is read', async (_name, recorded) => {
  answer = recorded;
  expect(await send()).toEqual(read);
});

describe('SOAP 1.2', () => {
  test('has one content type, with the action', async () => {
    answer = { body: wrap(`<text>${TEXT}</text>`, ENVELOPE_12), contentType: 'application/soap+xml; charset=utf-8' };
    expect(await send({}, '1.2')).toEqual(read);
    const [request] = service.requests;
    expect(request?.headers['content-type']).toBe('application/soap+xml; charset=utf-8; action="urn:Send"');
    expect(request?.headers.soapaction).toBeUndefined();
    expect(request?.body).toContain(`xmlns:soap="${ENVELOPE_12}"`);
  });

  test.each([
    ['Sender', 'UPSTREAM_REJECTED'],
    ['Receiver', 'UPSTREAM_FAILED'],
    ['MustUnderstand', 'UPSTREAM_REJECTED'],
  ])('a fault of the %s is %s', async (value, code) => {
    const fault = `<s:Fault><s:Code><s:Value>s:${value}</s:Value></s:Code><s:Reason><s:Text xml:lang="en">No</s:Text></s:Reason><s:Detail><why n="1">x</why></s:Detail></s:Fault>`;
    answer = { status: 400, body: envelope(fault, ENVELOPE_12), contentType: 'application/soap+xml' };
    await expect(send({ errors: 'body' }, '1.2')).rejects.toMatchObject({
      extensions: {
        code,
        upstreamStatus: 400,
        upstreamMessage: 'No',
        upstreamBody: { why: { '@n': '1', '#text': 'x' } },
      },
    });
  });
});

test.each<[string, string, RecordedAnswer]>([
  [
    'a fault with status 200',
    'UPSTREAM_FAILED',
    { body: envelope('<s:Fault><faultcode>s:Server</faultcode></s:Fault>') },
  ],
  [
    'a fault with a code of its own',
    'UPSTREAM_FAILED',
    { status: 500, body: envelope('<s:Fault><faultcode>E42</faultcode><faultstring>x</faultstring></s:Fault>') },
  ],
  ['a page with status 500', 'UPSTREAM_FAILED', { status: 500, body: '<html>Oops', contentType: 'text/html' }],
  ['a page with status 401', 'UPSTREAM_REJECTED', { status: 401, body: '<html/>', contentType: 'text/html' }],
  ['a redirect', 'UPSTREAM_BAD_RESPONSE', { status: 302, body: '', headers: { location: 'http://127.0.0.1:1/' } }],
  ['a page with status 200', 'UPSTREAM_BAD_RESPONSE', { body: '<html/>' }],
  ['nothing', 'UPSTREAM_BAD_RESPONSE', { body: '' }],
  ['an empty body', 'UPSTREAM_BAD_RESPONSE', { body: envelope('') }],
  ['another element', 'UPSTREAM_BAD_RESPONSE', { body: envelope('<Other/>') }],
  ['attachments', 'UPSTREAM_BAD_RESPONSE', { body: '--x', contentType: 'multipart/related; boundary=x' }],
  [
    'a charset that nobody knows',
    'UPSTREAM_BAD_RESPONSE',
    { body: wrap(''), contentType: 'text/xml; charset=klingon' },
  ],
  ['bytes that are not of its charset', 'UPSTREAM_BAD_RESPONSE', { body: Buffer.from([0x3c, 0xff, 0xfe]) }],
  ['half an answer', 'UPSTREAM_BAD_RESPONSE', { body: wrap('').slice(0, -5) }],
  [
    'a DOCTYPE',
    'UPSTREAM_BAD_RESPONSE',
    {
      body: `<!DOCTYPE s [<!ENTITY x SYSTEM "file:///etc/passwd">]>${wrap('<text>&x;</text>').replace('<?xml version="1.0"?>', '')}`,
    },
  ],
  ['an entity', 'UPSTREAM_BAD_RESPONSE', { body: wrap('<text>&x;</text>') }],
  ['elements nested without end', 'UPSTREAM_BAD_RESPONSE', { body: wrap('<node>'.repeat(100_000)) }],
  ['more elements than are read', 'UPSTREAM_BAD_RESPONSE', { body: wrap('<node/>'.repeat(600_000)) }],
  ['more bytes than are read', 'UPSTREAM_RESPONSE_TOO_LARGE', { body: wrap(`<text>${'x'.repeat(11_000_000)}</text>`) }],
])('%s is %s', async (_name, code, recorded) => {
  answer = recorded;
  await expect(send()).rejects.toMatchObject({ code });
});

test.each([
  ['Client.Authentication', 1],
  ['MustUnderstand', 1],
  ['VersionMismatch', 1],
  ['Server', 2],
])('a query with the fault %s, with status 500, is sent so often: %i', async (code, times) => {
  answer = { status: 500, body: envelope(`<s:Fault><faultcode>s:${code}</faultcode></s:Fault>`) };
  const { source, call } = await openSource(wsdlOf(SCHEMA), service.endpoint, {
    operations: { Send: { as: 'query' } },
  });
  await expect(call('Query.send', { send: 'x' })).rejects.toThrow();
  expect(service.requests).toHaveLength(times);
  await source.dispose();
});

test('a one-way operation is done whatever is answered, but a fault', async () => {
  const oneWay = wsdlOf(SCHEMA).replace('<output message="s:Out"/>', '');
  const { source, call } = await openSource(oneWay, service.endpoint);
  for (const recorded of [{ status: 202, body: '' }, { body: 'thank you' }, { body: envelope('') }]) {
    answer = recorded;
    expect(await call('Mutation.send', { send: 'x' })).toBe(true);
  }
  answer = { body: envelope('<s:Fault><faultcode>s:Client</faultcode><faultstring>x</faultstring></s:Fault>') };
  await expect(call('Mutation.send', { send: 'x' })).rejects.toMatchObject({ code: 'UPSTREAM_REJECTED' });
  await source.dispose();
});

test('an answer of many slices is read whole', async () => {
  const text = 'ä€😀'.repeat(30_000);
  answer = { body: wrap(`<text>${text}</text>${'<node><text>&lt;</text></node>'.repeat(20_000)}`) };
  const value = (await send()) as { text: string; node: { text: string }[] };
  expect(value.text).toBe(text);
  expect(value.node.length).toBe(20_000);
  expect(value.node.at(-1)).toEqual({ __typename: 'Node', text: '<', node: [] });
});

test('the user name token goes with every call, and its password comes back to nobody', async () => {
  const password = 'p&<"word';
  const echo = 'p&amp;&lt;"word';
  answer = {
    status: 500,
    body: envelope(
      `<s:Fault><faultcode>s:Client</faultcode><faultstring>Bad ${echo}</faultstring><detail><sent>${echo}</sent></detail></s:Fault>`,
    ),
  };
  const { context, log } = createCallContext();
  const { source } = await openSource(wsdlOf(SCHEMA), service.endpoint, {
    security: { username: 'me & you', password },
    errors: 'body',
  });
  const call = source.model.calls.get('Mutation.send');
  const failure = call?.type === 'unary' ? call.invoke({ send: 'x' }, context) : undefined;
  await expect(failure).rejects.toMatchObject({
    extensions: { upstreamMessage: 'Bad ***', upstreamBody: { sent: '***' } },
  });
  expect(JSON.stringify(log.lines)).not.toMatch(/word|p&/);
  expect(service.requests[0]?.body).toContain(
    '<soap:Header><wsse:Security xmlns:wsse="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd" soap:mustUnderstand="1"><wsse:UsernameToken><wsse:Username>me &amp; you</wsse:Username>',
  );
  expect(service.requests[0]?.body).toContain('#PasswordText">p&amp;&lt;"word</wsse:Password>');
  await source.dispose();
});

test('the action of a document cannot become another header', async () => {
  answer = { body: wrap('') };
  const wsdl = wsdlOf(SCHEMA).replace('soapAction="urn:Send"', 'soapAction="a&quot;&#13;&#10;x-evil: 1 é"');
  const { source, call } = await openSource(wsdl, `${service.endpoint}?soap`, { headers: { 'x-own': 'yes' } });
  expect(await call('Mutation.send', { send: 'x' })).toMatchObject({ node: [] });
  await source.dispose();
  const [request] = service.requests;
  expect(request?.url).toBe('/service?soap');
  expect(request?.headers).toMatchObject({ soapaction: '"a%22%0D%0Ax-evil: 1 %C3%A9"', 'x-own': 'yes' });
  expect(request?.headers['x-evil']).toBeUndefined();
});

test('headers of the client go on, and those of the answer return', async () => {
  answer = { body: wrap(''), headers: { 'x-left': '5' } };
  const returned: string[][] = [];
  const { context } = createCallContext({
    headers: { 'x-trace': 't1' },
    returnHeader: (name, value) => returned.push([name, value]),
  });
  const { source } = await openSource(wsdlOf(SCHEMA), service.endpoint, {
    forwardHeaders: ['x-trace'],
    returnHeaders: ['x-left'],
  });
  const call = source.model.calls.get('Mutation.send');
  if (call?.type === 'unary') await call.invoke({ send: 'x' }, context);
  await source.dispose();
  expect(service.requests[0]?.headers['x-trace']).toBe('t1');
  expect(returned).toEqual([['x-left', '5']]);
});
