import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  envelope,
  type OpenedSource,
  openSource,
  type RecordedAnswer,
  type SoapServer,
  startRecordedService,
} from '../../test/utils/soap-server.ts';

const ENCODING = 'xmlns:enc="http://schemas.xmlsoap.org/soap/encoding/"';
const XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"';

let answer: RecordedAnswer;
let service: SoapServer;
let opened: OpenedSource;

beforeEach(async () => {
  service = await startRecordedService(() => answer);
  opened = await openSource('rpc.wsdl', service.endpoint);
});

afterEach(async () => {
  await opened.source.dispose();
  await service.stop();
});

const friends = (args = {}) => opened.call('Query.friends', { person: { name: 'Ann' }, limit: 2, ...args });

test('the parts of messages are arguments and results', () => {
  const { sdl, notices } = opened.source.model;
  expect(opened.problems).toEqual([]);
  expect(sdl).toMatchInlineSnapshot(`
    "type Query {
      friends(
        person: PersonInput
        limit: Int
      ): [Person]
      grid: JSON
    }

    type Mutation {
      split(
        text: String!
      ): SplitResult
      ping: Boolean
    }

    type Person {
      name: String!
      age: Int
      friends: [Person]
    }

    input PersonInput {
      name: String!
      age: Int
      friends: [PersonInput]
    }

    type SplitResult {
      head: String!
      rest: String!
    }

    scalar JSON"
  `);
  expect(notices).toMatchObject([
    {
      message: 'The array "xsd:int[,]" has several dimensions; it is shown as JSON.',
      line: 24,
    },
  ]);
});

test('literal parts go in an element of the operation, and several come back as an object', async () => {
  answer = { body: envelope('<p:splitResponse xmlns:p="urn:people"><head>a</head><rest>b</rest></p:splitResponse>') };
  expect(await opened.call('Mutation.split', { text: 'a b' })).toEqual({
    __typename: 'SplitResult',
    head: 'a',
    rest: 'b',
  });
  expect(service.requests[0]).toMatchObject({
    url: '/service',
    headers: { soapaction: '"urn:split"' },
    body: expect.stringMatching(/<soap:Body><(n\d+):split><text>a b<\/text><\/\1:split><\/soap:Body>/),
  });
  answer = { body: envelope('<p:pingResponse xmlns:p="urn:people"/>') };
  expect(await opened.call('Mutation.ping')).toBe(true);
});

test('encoded parts say their types, arrays their length', async () => {
  answer = { body: envelope('<p:findFriendsResponse xmlns:p="urn:people"><return/></p:findFriendsResponse>') };
  const person = { name: 'Ann', age: null, friends: [{ name: 'Bob', age: 3 }] };
  expect(await friends({ person })).toEqual([]);
  expect(service.requests[0]?.body.replace(/.*<soap:Body>|<\/soap:Body>.*/gs, '')).toMatchInlineSnapshot(
    `"<n4:findFriends soap:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><person xsi:type="n5:Person"><name xsi:type="xsd:string">Ann</name><age xsi:nil="true"/><friends xsi:type="enc:Array" enc:arrayType="n5:Person[1]"><item xsi:type="n5:Person"><name xsi:type="xsd:string">Bob</name><age xsi:type="xsd:int">3</age></item></friends></person><limit xsi:type="xsd:int">2</limit></n4:findFriends>"`,
  );
});

describe('what comes encoded', () => {
  const respond = (items: string, rest = '') => {
    answer = {
      body: envelope(
        `<p:findFriendsResponse xmlns:p="urn:people" ${ENCODING} ${XSI}><return xsi:type="enc:Array">${items}</return></p:findFriendsResponse>${rest}`,
      ),
    };
  };

  test('references lead to the elements that stand beside', async () => {
    respond(
      '<item href="#1"/><item href="#2"/><item xsi:nil="true"/>',
      `<multiRef id="1" ${ENCODING} enc:root="0"><name>Ann</name><age href="#3"/><friends><x href="#2"/></friends></multiRef>
       <multiRef id="2" ${XSI}><name>Bob</name><age xsi:nil="1"/></multiRef><multiRef id="3">42</multiRef>`,
    );
    const bob = { __typename: 'Person', name: 'Bob', age: null };
    expect(await friends()).toEqual([{ __typename: 'Person', name: 'Ann', age: 42, friends: [bob] }, bob, null]);
  });

  test('references to nothing, in circles, or to ever more of the same are a bad answer', async () => {
    respond('<item href="#none"/>');
    await expect(friends()).rejects.toMatchObject({ code: 'UPSTREAM_BAD_RESPONSE' });
    respond('<item href="#1"/>', '<m id="1"><name>A</name><friends><x href="#1"/></friends></m>');
    await expect(friends()).rejects.toMatchObject({
      code: 'UPSTREAM_BAD_RESPONSE',
      cause: { message: 'The references of the answer lead too deep, or make too much of it.' },
    });
    const levels = Array.from({ length: 30 }, (_, level) => {
      const twice = `<x href="#${level + 1}"/>`.repeat(2);
      return `<m id="${level}"><name>A</name><friends>${twice}</friends></m>`;
    });
    respond('<item href="#0"/>', `${levels.join('')}<m id="30"><name>end</name></m>`);
    await expect(friends()).rejects.toMatchObject({ code: 'UPSTREAM_BAD_RESPONSE' });
  });
});
