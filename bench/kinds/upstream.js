// Everything the kinds call, in one process, with fixed answers: REST, SOAP, GraphQL and two federation subgraphs over
// HTTP, and gRPC on a port of its own.
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import * as grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { listen } from '../lib/listen.js';
import { item, products, reviews } from './data.js';

const tags = item.tags.map((tag) => `<tags>${tag}</tags>`).join('');
const envelope = `<?xml version="1.0"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><GetSoapItemResponse xmlns="urn:items"><item><id>${item.id}</id><name>${item.name}</name><priceCents>${item.priceCents}</priceCents>${tags}</item></GetSoapItemResponse></soap:Body></soap:Envelope>`;
const json = (value) => ({ type: 'application/json', body: Buffer.from(JSON.stringify(value)) });
const answers = new Map([
  [`/items/${item.id}`, json(item)],
  ['/soap', { type: 'text/xml; charset=utf-8', body: Buffer.from(envelope) }],
  ['/graphql', json({ data: { graphqlItem: item } })],
  ['/products', json({ data: { products } })],
  ['/reviews', json({ data: { _entities: reviews } })],
]);

let calls = 0;
const services = grpc.loadPackageDefinition(loadSync(fileURLToPath(new URL('item.proto', import.meta.url))));
const rpc = new grpc.Server();
rpc.addService(services.items.Items.service, {
  getGrpcItem(_call, reply) {
    calls += 1;
    reply(null, item);
  },
});
rpc.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  const server = createServer((request, response) => {
    if (request.url === '/calls') return response.end(String(calls));
    if (request.url === '/grpc') return response.end(`127.0.0.1:${port}`);
    const answer = answers.get(request.url);
    if (answer === undefined) return response.writeHead(404).end();
    calls += 1;
    request.resume();
    request.on('end', () => {
      response.writeHead(200, { 'content-type': answer.type, 'content-length': answer.body.length });
      response.end(answer.body);
    });
  });
  listen(server);
});
